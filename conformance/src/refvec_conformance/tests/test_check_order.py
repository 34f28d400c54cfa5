"""ERR-1 and ATOM-3 on every method: the order of checks, none missing, and none too early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from refvec import (
    DimensionMismatchError,
    DuplicateIdError,
    InvalidIndexError,
    StoreClosedError,
    UnknownIdError,
    VectorStore,
)

from refvec_conformance.inputs.hostile import Converted, Index, OwnError, after, fail
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.probes.outcomes import contract_class
from refvec_conformance.tests.helpers import BY_INDEX, THROUGH_IDS

# What may be wrong with one id and its vector, in the order of ERR-1.
WRONG: dict[str, type[Exception]] = {
    "id": TypeError,
    "kind": TypeError,
    "axes": ValueError,
    "width": DimensionMismatchError,
    "overflow": ValueError,
    "present": DuplicateIdError,
}
PAIRS = [pair for pair in combinations(WRONG, 2) if set(pair) not in ({"kind", "overflow"}, {"id", "present"})]
SAID = {
    "axes": "shape",
    "overflow": "float32",
    "width": "expected 4, got 5",
    "kind": "vector",
    "id": "chunk_id",
}


def one_item(faults: tuple[str, ...], encoding: bool = False) -> tuple[Any, Any]:
    """Return an id and a vector with these things wrong with them."""
    row: Any = np.ones(5 if "width" in faults else 4)
    row[0] = 1e39 if "overflow" in faults else 1
    row = row.astype(bool) if "kind" in faults else row
    row = row[:, None] if "axes" in faults else row
    chunk_id: Any = "a" if "present" in faults else "x"
    return (("\ud800" if encoding else None) if "id" in faults else chunk_id), row


@clause("ERR-1", "ATOM-1", "VEC-1", "VEC-2", "VEC-3")
@pytest.mark.parametrize("method", ["add_vector", "upsert_vector"])
@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_of_two_faults_of_one_item_the_first_of_the_list_is_raised(
    stocked: VectorStore, method: str, pair: tuple[str, str]
) -> None:
    if method == "upsert_vector" and "present" in pair:
        pair = (pair[0], pair[0])  # it is no fault of an upsert
    with refused(stocked, WRONG[pair[0]], SAID[pair[0]]) as caught:
        getattr(stocked, method)(*one_item(pair))
    assert contract_class(caught.value) is WRONG[pair[0]]
    assert getattr(caught.value, "position", None) is None


@clause("ERR-1", "ID-2")
@pytest.mark.parametrize("method", ["add_vector", "upsert_vector"])
@pytest.mark.parametrize("fault", ["kind", "axes", "width", "overflow"])
def test_the_encoding_of_one_id_comes_before_its_vector(stocked: VectorStore, method: str, fault: str) -> None:
    with refused(stocked, ValueError, "surrogate") as caught:
        getattr(stocked, method)(*one_item(("id", fault), encoding=True))
    assert caught.value.chunk_id == "\ud800"


LOOKS: dict[str, Callable[[VectorStore, Any], Any]] = {
    "find_vector": lambda store, vector: store.find_vector(vector),
    "search": lambda store, vector: (
        store.search(vector) if type(store).capabilities.search else store.find_vector(vector)
    ),
}


@clause("ERR-1", "VEC-1", "VEC-2", "VEC-3", "SEARCH-2")
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize(
    "pair", [pair for pair in PAIRS if not {*pair} & {"id", "present", "axes"}], ids="+".join
)
def test_of_two_faults_of_a_query_the_first_of_the_list_is_raised(
    stocked: VectorStore, look: Any, pair: tuple[str, str]
) -> None:
    with refused(stocked, WRONG[pair[0]]) as caught:
        look(stocked, one_item(pair)[1])
    assert contract_class(caught.value) is WRONG[pair[0]]


@clause("ERR-1", "ID-1", "ID-2", "GET-2")
@pytest.mark.parametrize("bad", [None, b"a", 5, "\ud800"], ids=ascii)
@pytest.mark.parametrize("position", [1, 2])
def test_what_is_no_id_comes_before_an_unknown_one(stocked: VectorStore, bad: Any, position: int) -> None:
    ids: list[Any] = ["unknown", "a", "unknown too"]
    ids[position] = bad
    with refused(stocked, (TypeError, ValueError)) as caught:
        stocked.get_vectors(ids)
    assert (caught.value.position, isinstance(caught.value, KeyError)) == (position, False)


@clause("ERR-1", "UPSERT-2", "ATOM-1")
@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("build", [list, np.array], ids=["list", "array"])
@pytest.mark.parametrize("bad", ["overflow", "kind", "width", "nothing"])
def test_a_losing_vector_is_looked_at(stocked: VectorStore, position: int, build: Any, bad: str) -> None:
    rows: list[Any] = [[float(one)] * 4 for one in range(4)]
    rows[position] = {
        "overflow": [1e39, 0, 0, 0],
        "kind": ["1"] * 4,
        "width": [1.0] * 5,
        "nothing": [None] * 4,
    }[bad]
    with refused(stocked, (TypeError, ValueError)) as caught:
        stocked.upsert_vectors(["new"] * 4, rows if bad == "width" else build(rows))
    if bad == "overflow":
        assert caught.value.position == position


@clause("ERR-1", "UPSERT-2", "ATOM-1")
@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_a_repeated_id_does_not_hide_what_is_no_id(stocked: VectorStore, position: int) -> None:
    ids: list[Any] = ["c", "c", "c", "c"]
    ids[position] = 7
    with refused(stocked, TypeError) as caught:
        stocked.upsert_vectors(ids, UNITS)
    assert caught.value.position == position


class Unasked:
    """An argument that is not looked at: everything that could be asked of it fails."""

    __iter__ = __len__ = __getitem__ = __array__ = __index__ = __hash__ = __str__ = fail


# Each with one argument that is not to be looked at any more when the store is closed.
CLOSED: dict[str, Callable[[VectorStore, Any], Any]] = {
    "add_vector": lambda store, thing: store.add_vector("x", thing),
    "add_vector of no id": lambda store, thing: store.add_vector(thing, UNITS[0]),
    "add_vectors": lambda store, thing: store.add_vectors(thing, thing),
    "upsert_vector": lambda store, thing: store.upsert_vector("x", thing),
    "upsert_vector of no id": lambda store, thing: store.upsert_vector(thing, UNITS[0]),
    "upsert_vectors": lambda store, thing: store.upsert_vectors(thing, thing),
    "get_vector": lambda store, thing: store.get_vector(thing),
    "get_vectors": lambda store, thing: store.get_vectors(thing),
    "get_index": lambda store, thing: store.get_index(thing),
    "get_indices": lambda store, thing: store.get_indices(thing),
    "contains": lambda store, thing: thing in store,
    "remove_vector": lambda store, thing: store.remove_vector(thing),
    "remove_vectors": lambda store, thing: store.remove_vectors(thing),
    "get_vector_by_index": lambda store, thing: store.get_vector_by_index(thing),
    "get_vectors_by_indices": lambda store, thing: store.get_vectors_by_indices(thing),
    "out": lambda store, thing: store.get_vectors_by_indices([0], out=thing),
    "get_refcount": lambda store, thing: store.get_refcount(thing),
    "get_refcounts": lambda store, thing: store.get_refcounts(thing),
    "ids_at": lambda store, thing: store.ids_at(thing),
    "find_vector": lambda store, thing: store.find_vector(thing),
    "iter_batches": lambda store, thing: next(store.iter_batches(thing), None),
    "search": lambda store, thing: store.search(thing),
    "k": lambda store, thing: store.search(UNITS[0], thing),
    "within": lambda store, thing: store.search(UNITS[0], within=thing),
    "save": lambda store, thing: store.save(thing),
}
EMPTY: dict[str, Callable[[VectorStore], Any]] = {
    "add_vectors": lambda store: store.add_vectors([], []),
    "upsert_vectors": lambda store: store.upsert_vectors([], []),
    "get_vectors": lambda store: store.get_vectors([]),
    "get_indices": lambda store: store.get_indices([]),
    "remove_vectors": lambda store: store.remove_vectors([]),
    "get_vectors_by_indices": lambda store: store.get_vectors_by_indices([]),
    "get_refcounts": lambda store: store.get_refcounts([]),
    "clear": lambda store: store.clear(),
    "search": lambda store: store.search(UNITS[:0]),
    "within": lambda store: store.search(UNITS[0], within=[]),
}


@clause("ERR-1", "DUR-2")
@pytest.mark.parametrize("call", CLOSED.values(), ids=CLOSED)
def test_a_closed_store_looks_at_no_argument(stocked: VectorStore, call: Any) -> None:
    stocked.close()
    with pytest.raises(StoreClosedError):
        call(stocked, Unasked())


@clause("ERR-1", "DUR-2")
@pytest.mark.parametrize("call", EMPTY.values(), ids=EMPTY)
def test_a_closed_store_notices_though_there_is_nothing_to_do(make: Make, call: Any) -> None:
    store = make(4)
    store.close()
    with pytest.raises(StoreClosedError):
        call(store)


# The caller's code changes the store while the call prepares: what it finds then is what counts.
def yielding(ids: list[str], then: Callable[[], object]) -> Iterator[str]:
    """Yield ids, and call `then` after the last."""
    return after(ids, then)


@clause("ATOM-3", "ADD-2", "ERR-1")
@pytest.mark.parametrize("early", [False, True], ids=["at the end", "after each"])
def test_an_id_that_its_own_iterable_adds_is_present(stocked: VectorStore, early: bool) -> None:
    def ids() -> Iterator[str]:
        for one in ("x", "y", "z"):
            yield one
            if early:
                stocked.add_vector(one, UNITS[3])
        if not early:
            stocked.add_vector("y", UNITS[3])

    with pytest.raises(DuplicateIdError) as caught:
        stocked.add_vectors(ids(), UNITS[:3])
    assert (caught.value.position, caught.value.chunk_id) == ((0, "x") if early else (1, "y"))
    assert {stocked.find_vector(UNITS[3])} == {stocked.get_index("y")}


@clause("ATOM-3", "ADD-2")
def test_an_id_that_its_own_iterable_removes_can_be_added(stocked: VectorStore) -> None:
    found = stocked.add_vectors(yielding(["x", "c"], lambda: stocked.remove_vector("c")), UNITS[2:])
    assert found.tolist() == stocked.get_indices(["x", "c"]).tolist()


@clause("ATOM-3", "UPSERT-2", "GET-5", requires="ordered_ids")
def test_an_upsert_finds_what_its_own_iterable_added(stocked: VectorStore) -> None:
    ids = yielding(["y", "x"], lambda: stocked.add_vectors(["x", "y"], UNITS[[3, 3]]))
    stocked.upsert_vectors(ids, UNITS[:2])
    assert stocked.ids() == ["a", "b", "c", "d", "x", "y"]
    assert stocked.find_vector(UNITS[3]) is None


BATCHES: dict[str, Callable[[VectorStore, Any], Any]] = {
    "get_vectors": lambda store, ids: store.get_vectors(ids).tolist(),
    "get_indices": lambda store, ids: store.get_vectors_by_indices(store.get_indices(ids)).tolist(),
    "within": lambda store, ids: (
        store.get_vectors_by_indices(store.search(UNITS[3], within=ids).indices).tolist()
        if type(store).capabilities.search
        else store.get_vectors(ids).tolist()
    ),
}


@clause("ATOM-3", "GET-2", "GET-8", "SEARCH-4")
@pytest.mark.parametrize("call", BATCHES.values(), ids=BATCHES)
def test_a_look_up_finds_what_its_own_iterable_added(stocked: VectorStore, call: Any) -> None:
    ids = yielding(["x"], lambda: stocked.add_vector("x", UNITS[3]))
    assert call(stocked, ids) == [UNITS[3].tolist()]


@clause("ATOM-3", "GET-2", "GET-8")
@pytest.mark.parametrize("call", BATCHES.values(), ids=BATCHES)
def test_a_look_up_sees_what_its_own_iterable_replaced(stocked: VectorStore, call: Any) -> None:
    ids = yielding(["c"], lambda: stocked.upsert_vector("c", UNITS[3]))
    assert call(stocked, ids) == [UNITS[3].tolist()]


@clause("ATOM-3", "GET-2", "GET-8")
def test_a_look_up_misses_what_its_own_iterable_removed(stocked: VectorStore) -> None:
    with pytest.raises(UnknownIdError):
        stocked.get_vectors(yielding(["a", "c"], lambda: stocked.remove_vector("c")))
    assert stocked.get_indices(yielding(["d"], lambda: stocked.remove_vector("d"))).tolist() == [-1]


@clause("ATOM-3", "REMOVE-1")
def test_a_removal_takes_what_its_own_iterable_added(stocked: VectorStore) -> None:
    assert stocked.remove_vectors(yielding(["x", "a"], lambda: stocked.add_vector("x", UNITS[3]))) == 2
    assert sorted(stocked.ids()) == ["b", "c", "d"]


@clause("ATOM-3", "ADD-1", "UPSERT-1")
def test_an_id_that_its_own_vector_adds_is_present(stocked: VectorStore) -> None:
    def convert() -> Any:
        stocked.add_vector("x", UNITS[3])
        return UNITS[0]

    with pytest.raises(DuplicateIdError):
        stocked.add_vector("x", Converted(convert))
    with pytest.raises(DuplicateIdError):
        stocked.upsert_vector("x", Converted(convert))  # the second add_vector raises: passed through
    assert stocked.get_vector("x").tolist() == UNITS[3].tolist()  # type: ignore[union-attr]


@clause("ATOM-3", "GET-3", "GET-6")
@pytest.mark.parametrize("call", BY_INDEX.values(), ids=BY_INDEX)
def test_an_index_that_its_own_conversion_frees_has_been_freed(stocked: VectorStore, call: Any) -> None:
    index = stocked.get_index("c")
    with pytest.raises(InvalidIndexError, match="has been freed"):
        call(stocked, Index(lambda: (stocked.remove_vector("c"), index)[1]))


@clause("ATOM-3", "GET-3", "GET-6", requires="dense_indices")
@pytest.mark.parametrize("call", BY_INDEX.values(), ids=BY_INDEX)
def test_an_index_that_its_own_conversion_takes_is_active(stocked: VectorStore, call: Any) -> None:
    assert len(np.atleast_1d(call(stocked, Index(lambda: stocked.upsert_vector("x", UNITS[3]))))) >= 1


@clause("ATOM-3", "DUR-2", "ERR-1", requires="search")
@pytest.mark.parametrize("name", THROUGH_IDS)
@pytest.mark.parametrize("ids", [["a"], []], ids=["one", "none"])
def test_a_store_that_an_iterable_closes_refuses(stocked: VectorStore, name: str, ids: list[str]) -> None:
    given = ["x"] if name == "add_vectors" and ids else ids
    with pytest.raises(StoreClosedError):
        THROUGH_IDS[name](stocked, yielding(given, stocked.close), UNITS[: len(given)])


@clause("ERR-1", "ATOM-1", "SEARCH-4")
@pytest.mark.parametrize("name", THROUGH_IDS)
def test_what_an_iterable_raises_comes_before_the_vectors(stocked: VectorStore, name: str) -> None:
    with refused(stocked, OwnError):
        THROUGH_IDS[name](stocked, after(["a"], fail), "no vectors")
