"""ID: what an id is, and when two are the same."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from refvec import VectorStore

from refvec_conformance.inputs.hostile import HALF_UUID, HostileText, HostileUUID
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import label
from refvec_conformance.tests.helpers import at

UNIT = [1, 0, 0, 0]
ONE = uuid.UUID("12345678-9abc-def0-1234-56789abcdef0")
SPELLINGS = [str(ONE).upper(), ONE.hex, "{" + str(ONE) + "}", ONE.urn, f" {ONE}"]
TEXTS = ["", " ", "\0", "a\0b", "\n", "\u00e9", "e\u0301", "\U0001f600", "\ufeff", "\uffff", "x" * 100_000]
NO_IDS = [
    None,
    1,
    1.5,
    True,
    b"a",
    bytearray(b"a"),
    ("a",),
    ["a"],
    {"a"},
    object(),
    np.int64(1),
    np.bytes_(b"a"),
]
SURROGATES = ["\ud800", "a\udfff", "\udc80b", "\ud83d\ude00"]

ASK: dict[str, Callable[[VectorStore, Any], object]] = {
    "add_vector": lambda store, one: store.add_vector(one, UNIT),
    "add_vectors": lambda store, one: store.add_vectors([one], [UNIT]),
    "upsert_vector": lambda store, one: store.upsert_vector(one, UNIT),
    "upsert_vectors": lambda store, one: store.upsert_vectors([one], [UNIT]),
    "get_vector": lambda store, one: store.get_vector(one),
    "get_index": lambda store, one: store.get_index(one),
    "get_vectors": lambda store, one: store.get_vectors([one]),
    "get_indices": lambda store, one: store.get_indices([one]),
    "remove_vector": lambda store, one: store.remove_vector(one),
    "remove_vectors": lambda store, one: store.remove_vectors([one]),
}
every_method = pytest.mark.parametrize("ask", ASK.values(), ids=ASK)


@clause("ID-1", tier="smoke")
def test_a_uuid_is_the_same_id_as_its_canonical_text(store: VectorStore) -> None:
    store.add_vector(ONE, UNIT)
    assert store.ids() == ["12345678-9abc-def0-1234-56789abcdef0"]


@clause("ID-1")
@pytest.mark.parametrize("bits", [0, 1, 2**64, 2**127, 2**128 - 1])
def test_a_uuid_finds_what_its_text_added(store: VectorStore, bits: int) -> None:
    store.add_vector(str(uuid.UUID(int=bits)), UNIT)
    assert store.get_index(uuid.UUID(int=bits)) is not None


@clause("ID-1")
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_of_a_uuid_is_another_id(store: VectorStore, spelling: str) -> None:
    store.add_vector(ONE, UNIT)
    assert spelling not in store


@clause("ID-1")
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_of_a_uuid_can_be_added_beside_it(store: VectorStore, spelling: str) -> None:
    store.add_vectors([ONE, spelling], [UNIT, UNIT])
    assert sorted(store.ids_at(*at(store, str(ONE)))) == sorted([str(ONE), spelling])


@clause("ID-1")
@pytest.mark.parametrize("chunk_id", [HostileText("a"), np.str_("a")], ids=["hostile", "numpy.str_"])
def test_a_subclass_of_str_is_taken_by_its_code_points(store: VectorStore, chunk_id: str) -> None:
    store.add_vector(chunk_id, UNIT)
    assert store.ids() == ["a"]


@clause("ID-1")
@pytest.mark.parametrize("chunk_id", [HostileText("c"), HostileText("c", "\u00e9")], ids=["ascii", "wide"])
@every_method
def test_no_method_of_a_subclass_of_str_is_called(store: VectorStore, chunk_id: str, ask: Any) -> None:
    store.add_vector(str.__getitem__(chunk_id, slice(None)), UNIT)
    HostileText.calls.clear()
    with suppress(ValueError):  # it is present
        ask(store, chunk_id)
    assert HostileText.calls == []


@clause("ID-1")
def test_a_subclass_of_uuid_is_taken_by_its_bits(store: VectorStore) -> None:
    store.add_vector(HostileUUID(int=5), UNIT)
    assert store.ids() == [str(uuid.UUID(int=5))]


@clause("ID-1")
@every_method
def test_no_method_of_a_subclass_of_uuid_is_called(store: VectorStore, ask: Any) -> None:
    store.add_vector(str(uuid.UUID(int=5)), UNIT)
    chunk_id = HostileUUID(int=5)
    HostileUUID.calls.clear()
    with suppress(ValueError):  # it is present
        ask(store, chunk_id)
    assert HostileUUID.calls == []


@clause("ID-1", "ATOM-1")
@pytest.mark.parametrize("chunk_id", NO_IDS, ids=label)
@every_method
def test_anything_else_is_a_type_error(stocked: VectorStore, chunk_id: Any, ask: Any) -> None:
    with refused(stocked, TypeError):
        ask(stocked, chunk_id)


@clause("ID-1")
@every_method
def test_a_uuid_that_was_never_initialised_is_refused(stocked: VectorStore, ask: Any) -> None:
    with refused(stocked, TypeError):
        ask(stocked, HALF_UUID)


@clause("ID-2")
@pytest.mark.parametrize("text", TEXTS, ids=label)
def test_any_encodable_text_is_an_id(store: VectorStore, text: str) -> None:
    store.add_vector(text, UNIT)
    assert store.ids() == [text]


@clause("ID-2")
@pytest.mark.parametrize("text", TEXTS, ids=label)
def test_any_encodable_text_is_found_again(store: VectorStore, text: str) -> None:
    index = store.add_vector(text, UNIT)
    assert store.get_index(text) == index


@clause("ID-2")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\u00e9", "e\u0301"),
        ("a", "A"),
        ("\u212b", "\u00c5"),
        ("a", "a "),
        ("ss", "\u00df"),
        ("1", "\u0661"),
        ("", "\0"),
    ],
    ids=label,
)
def test_ids_are_compared_by_code_points(store: VectorStore, one: str, other: str) -> None:
    store.add_vector(one, UNIT)
    assert other not in store


@clause("ID-2", "ATOM-1")
@pytest.mark.parametrize("text", SURROGATES, ids=label)
@every_method
def test_a_lone_surrogate_is_a_value_error(stocked: VectorStore, text: str, ask: Any) -> None:
    with refused(stocked, ValueError):
        ask(stocked, text)


@clause("ID-2")
@pytest.mark.parametrize("text", SURROGATES, ids=label)
def test_a_lone_surrogate_is_not_a_missing_id(stocked: VectorStore, text: str) -> None:
    with refused(stocked, ValueError) as caught:
        stocked.get_vectors([text])
    assert not isinstance(caught.value, KeyError)


GIVE: dict[str, Callable[[VectorStore], list[str]]] = {
    "ids": lambda store: store.ids(),
    "ids_at": lambda store: store.ids_at(store.get_index("a")),  # type: ignore[arg-type]
    "snapshot": lambda store: store.snapshot().ids,
}


@clause("ID-3")
@pytest.mark.parametrize("give", GIVE.values(), ids=GIVE)
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
def test_methods_return_exact_str(store: VectorStore, method: str, give: Any) -> None:
    getattr(store, method)([HostileText("a"), np.str_("b"), ONE], [UNIT] * 3)
    assert {type(one) for one in give(store)} == {str}


@clause("ID-3", requires="search")
def test_a_search_returns_exact_str(store: VectorStore) -> None:
    store.add_vectors([HostileText("a"), ONE], [UNIT] * 2)
    assert {type(one) for one in store.search(UNIT, 1).ids[0]} == {str}


@clause("ID-3", requires="search")
def test_a_search_within_returns_exact_str(store: VectorStore) -> None:
    store.add_vectors(["a", "b"], [UNIT] * 2)
    assert {type(one) for one in store.search(UNIT, 1, within=[HostileText("a")]).ids[0]} == {str}
