"""ID-2: ids that differ only in what text tools trim, fold or normalise stay different on every way."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.fixtures import Make

TAILS = (
    *(" ", "  ", "\n", "\r", "\r\n", "\n\n", "\t", "\v", "\f", "\x1c", "\x85", "\xa0", "\u2028", "\u3000"),
    *("\0", "\0\0", "\0b", "\x7f", "\x1b", "\x08"),
    *("\ufeff", "\u200b", "\u200d", "\u00ad", "\u2060", "\u200f", "\ufe0f", "\u0301", "\u034f", "\U000e0001"),
    *("\\", "\\n", "\\0", "%00", "%20", "/", "/.", "'", '"', ",", ";", ".", "+", "&amp;", "\ufffd"),
)
FAMILIES: dict[str, list[str]] = {
    "tails": ["a", *(f"a{one}" for one in TAILS)],
    "heads": ["a", *(f"{one}a" for one in TAILS)],
    "nothing": ["", *TAILS],
    "inside": [
        "a b",
        "a  b",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "a\n\rb",
        "ab",
        "a\0b",
        "a\0c",
        "a\u200bb",
        "a\xa0b",
        "a\ufeffb",
    ],
    "forms": [
        "\u00e9",
        "e\u0301",
        "\u212b",
        "\u00c5",
        "A\u030a",
        "\uac00",
        "\u1100\u1161",
        "\u0344",
        "\u0308\u0301",
    ],
    "compatible": [
        "fi",
        "\ufb01",
        "\uff41",
        "2",
        "\u00b2",
        "\u0662",
        "\uff12",
        "\u2460",
        "\u2126",
        "\u03a9",
        "\u03c9",
    ],
    "cases": [
        "a",
        "A",
        "ss",
        "\u00df",
        "\u1e9e",
        "SS",
        "\u03c3",
        "\u03c2",
        "\u03a3",
        "i",
        "I",
        "\u0131",
        "\u0130",
        "i\u0307",
    ],
    "numbers": [
        "1",
        "01",
        "001",
        "+1",
        "1.0",
        "1e0",
        "0x1",
        "-0",
        "0",
        "00",
        "1_0",
        "10",
        "\u0661",
        "true",
        "True",
        "None",
        "null",
    ],
    "planes": [
        "\U0001f600",
        "\uf600",
        "\U0002f600",
        "\U00020000",
        "\0",
        "\U0010ffff",
        "\uffff",
        "\U0001f600\ufe0f",
    ],
    "lengths": ["x" * count + end for count in (254, 255, 256, 257, 4095, 65_535) for end in ("", "y", "z")],
    "bytes": [
        "\u0080",
        "\u00ff",
        "\u0100",
        "\u07ff",
        "\u0800",
        "\xc2\x80",
        "\xc3\xa9",
        "\xef\xbb\xbf",
        "?",
        "??",
    ],
}
KINDRED = list(dict.fromkeys(one for ids in FAMILIES.values() for one in ids))
RIGHT = {one: float(place + 1) for place, one in enumerate(KINDRED)}  # the one component of its vector
ROWS = np.array(list(RIGHT.values()), np.float32)[:, None]


def filled(make: Make) -> VectorStore:
    """Return a store of all kindred ids."""
    store = make(1)
    store.add_vectors(KINDRED, ROWS)
    return store


def confused(found: dict[str, float]) -> list[str]:
    """Return which ids are missing, are no ids, or have another's vector, as far as one wants to read."""
    wrong = [one for one in RIGHT if found.get(one) != RIGHT[one]] + [one for one in found if one not in RIGHT]
    return [ascii(one[:20]) for one in wrong]


def loaded(store: VectorStore, path: Path) -> VectorStore:
    """Return the store after it was saved and loaded."""
    store.save(path)
    return VectorStore.load(path, backend=type(store).backend)


def referenced(store: VectorStore) -> dict[str, float]:
    """Return the vector of every id, as a snapshot has it."""
    seen = store.snapshot()
    at = dict(zip(seen.indices.tolist(), seen.vectors[:, 0].tolist(), strict=True))
    return {one: at[index] for one, index in zip(seen.ids, seen.id_indices.tolist(), strict=True)}


def hits(store: VectorStore) -> dict[str, float]:
    """Return the vector of every id, as a search has them."""
    if not type(store).capabilities.search:
        return referenced(store)
    found = store.search([1], len(store), metric="dot")
    assert {len(names) for names in found.ids} == {1}
    return {names[0]: score for names, score in zip(found.ids, found.scores.tolist(), strict=True)}


def hits_within(store: VectorStore) -> dict[str, float]:
    """Return the vector of every id, as a search for nothing but it has it."""
    if not type(store).capabilities.search:
        return referenced(store)
    found = {one: store.search([1], metric="dot", within=[one]) for one in store.snapshot().ids}
    assert all(hit.ids == [(one,)] for one, hit in found.items())
    return {one: hit.scores.tolist()[0] for one, hit in found.items()}


READ: dict[str, Callable[[VectorStore, Path], dict[str, float]]] = {
    "snapshot": lambda store, _: referenced(store),
    "ids_at": lambda store, _: {
        names[0]: store.get_vector_by_index(index).tolist()[0]
        for index in store.indices().tolist()
        if len(names := store.ids_at(index)) == 1
    },
    "search": lambda store, _: hits(store),
    "within": lambda store, _: hits_within(store),
    "get_vector": lambda store, _: {one: store.get_vector(one).tolist()[0] for one in store.ids()},  # type: ignore[union-attr]
    "get_vectors": lambda store, _: dict(
        zip(store.ids(), store.get_vectors(store.ids())[:, 0].tolist(), strict=True)
    ),
    "save": lambda store, path: referenced(loaded(store, path)),
    "pickle": lambda store, _: referenced(pickle.loads(pickle.dumps(store))),
    "copy": lambda store, _: referenced(copy.copy(store)),
    "copy of a copy": lambda store, path: hits(loaded(copy.deepcopy(store), path)),
}


@clause("ID-2", "SAVE-1", "SAVE-2", "GET-7")
@pytest.mark.parametrize("read", READ.values(), ids=READ)
def test_kindred_ids_come_back_each_with_its_own_vector(make: Make, tmp_path: Path, read: Any) -> None:
    assert confused(read(filled(make), tmp_path / "saved")) == []


PUT: dict[str, Callable[[VectorStore], object]] = {
    "add_vector": lambda store: [store.add_vector(*one) for one in zip(KINDRED, ROWS, strict=True)],
    "add_vectors": lambda store: store.add_vectors(KINDRED, ROWS),
    "upsert_vector": lambda store: [store.upsert_vector(*one) for one in zip(KINDRED, ROWS, strict=True)],
    "upsert_vectors": lambda store: store.upsert_vectors(KINDRED, ROWS),
}


@clause("ID-2", "ADD-1", "ADD-2", "UPSERT-1", "UPSERT-2")
@pytest.mark.parametrize("put", PUT.values(), ids=PUT)
def test_kindred_ids_are_put_beside_each_other(make: Make, put: Any) -> None:
    store = make(1)
    put(store)
    assert sorted(store.ids()) == sorted(KINDRED)
    assert [store.get_index(one) for one in KINDRED] == store.get_indices(KINDRED).tolist()
    assert confused(dict(zip(KINDRED, store.get_vectors(KINDRED)[:, 0].tolist(), strict=True))) == []


@clause("ID-2", "GET-1", "REMOVE-1")
@pytest.mark.parametrize("batch", [True, False], ids=["remove_vectors", "remove_vector"])
def test_an_id_is_absent_and_its_kin_present(make: Make, batch: bool) -> None:
    store = filled(make)
    for one in KINDRED:
        assert (store.remove_vectors([one]) if batch else store.remove_vector(one)) == 1, ascii(one[:20])
        assert (one in store, store.get_index(one), store.get_vector(one)) == (False, None, None)
    assert store.ids() == []


@clause("ID-2", "GET-1", "GET-8")
@pytest.mark.parametrize("ids", FAMILIES.values(), ids=FAMILIES)
def test_of_kindred_ids_only_the_one_that_was_added_is_there(make: Make, ids: list[str]) -> None:
    store = make(1)
    for one in ids:
        store.add_vector(one, [1])
        there = [other for other in ids if other in store]
        assert there == [one], f"{one[:20]!a} is there as {[other[:20] for other in there]!a}"
        assert np.flatnonzero(store.get_indices(ids) >= 0).tolist() == [ids.index(one)]
        store.clear()


@clause("ID-2", "GET-1")
def test_of_kindred_ids_each_is_looked_up_by_itself(make: Make) -> None:
    store = make(1)
    for one, other in pairwise([*KINDRED, KINDRED[0]]):
        store.add_vector(one, [1])
        assert (store.get_index(other), store.get_vector(other)) == (None, None), ascii(other[:20])
        store.clear()
