"""ADD: new ids, one by one and in batches."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refvec import DimensionMismatchError, DuplicateIdError, VectorStore

from refvec_conformance.inputs import strategies as draw
from refvec_conformance.inputs.hostile import after
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import observe, refused
from refvec_conformance.probes.fixtures import UNITS, Explore, Make, label
from refvec_conformance.probes.likeness import as_twins, unlike_twin
from refvec_conformance.probes.outcomes import frozen

ROWS = np.arange(12, dtype=np.float32).reshape(3, 4) + 10
EMPTY: dict[str, Any] = {
    "list": [],
    "(0,)": np.empty(0),
    "(0, d)": np.empty((0, 4)),
    "(0,) float32": np.empty(0, np.float32),
    "(0, d) int": np.empty((0, 4), int),
    "tuple": (),
}


@clause("ADD-1", tier="smoke")
def test_add_vector_returns_an_int(store: VectorStore) -> None:
    assert type(store.add_vector("a", UNITS[0])) is int


@clause("ADD-1", tier="smoke")
def test_the_index_leads_to_the_vector(store: VectorStore) -> None:
    index = store.add_vector("a", UNITS[0])
    assert store.get_vector_by_index(index).tolist() == [1, 0, 0, 0]


@clause("ADD-1", "GET-1")
def test_the_index_is_the_one_that_the_id_references(store: VectorStore) -> None:
    index = store.add_vector("a", UNITS[0])
    assert store.get_index("a") == index


@clause("ADD-1", "ATOM-1")
@pytest.mark.parametrize("vector", [UNITS[0], UNITS[3]], ids=["same", "other"])
def test_an_id_that_is_present_is_refused(stocked: VectorStore, vector: Any) -> None:
    with refused(stocked, DuplicateIdError, r"Chunk .*a.* already has an associated vector"):
        stocked.add_vector("a", vector)


@clause("ADD-1")
def test_a_duplicate_id_is_a_value_error(stocked: VectorStore) -> None:
    with refused(stocked, ValueError):
        stocked.add_vector("a", UNITS[3])


@clause("ADD-1", "ERR-1")
def test_a_duplicate_id_is_named(stocked: VectorStore) -> None:
    with refused(stocked, DuplicateIdError) as caught:
        stocked.add_vector("c", UNITS[3])
    assert caught.value.chunk_id == "c"


@clause("ADD-1", "ID-1")
@pytest.mark.parametrize("first", [str, uuid.UUID], ids=["text first", "uuid first"])
def test_a_uuid_and_its_text_are_duplicates(store: VectorStore, first: type) -> None:
    text = "12345678-9abc-def0-1234-56789abcdef0"
    second = uuid.UUID if first is str else str
    store.add_vector(first(text), UNITS[0])
    with refused(store, DuplicateIdError):
        store.add_vector(second(text), UNITS[1])


@clause("ADD-1")
def test_an_id_can_be_added_again_after_it_was_removed(stocked: VectorStore) -> None:
    stocked.remove_vector("a")
    stocked.add_vector("a", UNITS[3])
    assert stocked.get_vector("a").tolist() == UNITS[3].tolist()  # type: ignore[union-attr]


@clause("ADD-2", tier="smoke")
def test_a_batch_is_stored(store: VectorStore) -> None:
    store.add_vectors(["x", "y", "z"], ROWS)
    assert store.get_vectors(["z", "x"]).tolist() == ROWS[[2, 0]].tolist()


@clause("ADD-2")
@pytest.mark.parametrize("fact", ["dtype", "shape", "type"])
def test_a_batch_returns_an_array_of_int64(store: VectorStore, fact: str) -> None:
    found = store.add_vectors(["x", "y", "z"], ROWS)
    assert {"dtype": found.dtype == np.int64, "shape": found.shape == (3,), "type": type(found) is np.ndarray}[
        fact
    ]


@clause("ADD-2")
def test_a_batch_equals_single_adds_in_order(make: Make, explore: Explore) -> None:
    @given(
        st.data(), st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8), st.sampled_from("abcdefgh")
    )
    def check(data: Any, ids: list[str], gone: str) -> None:
        rows = data.draw(draw.matrices(2, len(ids)))
        one, many = (make(2, 1) for _ in range(2))
        for store in (one, many):
            store.add_vectors(["old", gone + "!"], np.ones((2, 2)))
            store.add_vector("hole", [5, 5])
            store.add_vector("last", [6, 6])
            store.remove_vector("hole")
        found = many.add_vectors(ids, rows).tolist()
        wanted = [one.add_vector(*pair) for pair in zip(ids, rows, strict=True)]
        assert as_twins(many, found) == as_twins(one, wanted)
        assert unlike_twin(one, many) == []

    explore(check, 100)


@clause("ADD-2")
def test_equal_vectors_in_a_batch_share_an_index(store: VectorStore) -> None:
    found = store.add_vectors(["x", "y", "z"], ROWS[[0, 1, 0]]).tolist()
    assert (found[0] == found[2], found[0] == found[1]) == (True, False)


@clause("ADD-2", "ATOM-1")
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_present_id_refuses_the_whole_batch(stocked: VectorStore, position: int) -> None:
    ids = ["x", "y", "z"]
    ids[position] = "a"
    with refused(stocked, DuplicateIdError):
        stocked.add_vectors(ids, ROWS)


@clause("ADD-2", "ERR-1")
@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("fact", ["position", "chunk_id"])
def test_a_present_id_in_a_batch_is_named(stocked: VectorStore, position: int, fact: str) -> None:
    ids = ["x", "y", "z"]
    ids[position] = "a"
    with refused(stocked, DuplicateIdError) as caught:
        stocked.add_vectors(ids, ROWS)
    assert getattr(caught.value, fact) == {"position": position, "chunk_id": "a"}[fact]


@clause("ADD-2", "ATOM-1")
@pytest.mark.parametrize("ids", [["x", "x", "y"], ["x", "y", "x"], ["y", "x", "x"]], ids="".join)
@pytest.mark.parametrize("rows", [ROWS, ROWS[[0, 0, 0]]], ids=["other", "equal"])
def test_a_repeated_id_refuses_the_whole_batch(stocked: VectorStore, ids: list[str], rows: Any) -> None:
    with refused(stocked, DuplicateIdError):
        stocked.add_vectors(ids, rows)


@clause("ADD-2", "ERR-1")
@pytest.mark.parametrize(
    ("ids", "position"), [(["x", "x", "y"], 1), (["x", "y", "x"], 2), (["x", "a", "x"], 1)]
)
def test_the_second_occurrence_is_the_one_at_fault(stocked: VectorStore, ids: list[str], position: int) -> None:
    with refused(stocked, DuplicateIdError) as caught:
        stocked.add_vectors(ids, ROWS)
    assert caught.value.position == position


@clause("ADD-2", "ID-1")
def test_a_uuid_and_its_text_in_one_batch_are_repeated(stocked: VectorStore) -> None:
    one = uuid.UUID(int=3)
    with refused(stocked, DuplicateIdError):
        stocked.add_vectors([one, str(one)], ROWS[:2])


@clause("ADD-3", "ATOM-1")
@pytest.mark.parametrize("count", [0, 1, 2, 4, 5])
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
def test_differing_lengths_are_a_value_error(stocked: VectorStore, method: str, count: int) -> None:
    with refused(stocked, ValueError):
        getattr(stocked, method)(["x", "y", "z"], np.zeros((count, 4)))


@clause("ADD-3")
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
@pytest.mark.parametrize("vectors", EMPTY.values(), ids=EMPTY)
def test_the_empty_batch_gives_no_indices(stocked: VectorStore, method: str, vectors: Any) -> None:
    assert frozen(getattr(stocked, method)([], vectors)) == frozen(np.empty(0, np.int64))


@clause("ADD-3")
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
@pytest.mark.parametrize("vectors", EMPTY.values(), ids=EMPTY)
def test_the_empty_batch_changes_nothing(stocked: VectorStore, method: str, vectors: Any) -> None:
    before = observe(stocked)
    getattr(stocked, method)([], vectors)
    assert observe(stocked) == before


@clause("ADD-3", "ATOM-1")
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
@pytest.mark.parametrize("width", [0, 3, 5])
def test_an_empty_batch_of_another_width_is_a_mismatch(stocked: VectorStore, method: str, width: int) -> None:
    with refused(stocked, DimensionMismatchError):
        getattr(stocked, method)([], np.empty((0, width)))


@clause("ADD-3", "VEC-1")
@pytest.mark.parametrize("dtype", [bool, object, complex, "U1", "M8[s]"])
def test_an_empty_batch_of_another_kind_is_a_type_error(stocked: VectorStore, dtype: Any) -> None:
    with refused(stocked, TypeError):
        stocked.add_vectors([], np.empty((0, 4), dtype))


ITERABLES: dict[str, Any] = {
    "list": list,
    "tuple": tuple,
    "generator": lambda ids: (one for one in ids),
    "iterator": iter,
    "dict": dict.fromkeys,
    "dict keys": lambda ids: dict.fromkeys(ids).keys(),
    "map": lambda ids: map(str, ids),
    "numpy text": np.array,
    "numpy objects": lambda ids: np.array(ids, object),
    "chained": lambda ids: after(ids, lambda: None),
}


@clause("ADD-4")
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
@pytest.mark.parametrize("build", ITERABLES.values(), ids=ITERABLES)
def test_any_iterable_of_ids_is_taken(store: VectorStore, method: str, build: Any) -> None:
    getattr(store, method)(build(["x", "y", "z"]), ROWS)
    assert sorted(store.ids()) == ["x", "y", "z"]


class OldSequence:
    """Iterable through ``__getitem__`` alone."""

    def __getitem__(self, position: int) -> str:
        return ["x", "y", "z"][position]


@clause("ADD-4")
def test_the_old_sequence_protocol_is_taken(store: VectorStore) -> None:
    store.add_vectors(OldSequence(), ROWS)  # type: ignore[arg-type]
    assert sorted(store.ids()) == ["x", "y", "z"]


@clause("ADD-4", "ATOM-1")
@pytest.mark.parametrize("ids", ["xyz", "a", "", b"xyz", 3, None, uuid.UUID(int=1)], ids=label)
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
def test_a_single_id_or_no_iterable_is_a_type_error(stocked: VectorStore, method: str, ids: Any) -> None:
    with refused(stocked, TypeError):
        getattr(stocked, method)(ids, ROWS)


@clause("ADD-4")
@pytest.mark.parametrize("method", ["get_vectors", "get_indices", "remove_vectors"])
@pytest.mark.parametrize("ids", ["ab", "a", b"ab"], ids=label)
def test_a_single_id_is_a_type_error_elsewhere_too(stocked: VectorStore, method: str, ids: Any) -> None:
    with refused(stocked, TypeError):
        getattr(stocked, method)(ids)
