"""VEC, INT, ID: what one method takes or refuses all take or refuse; methods times inputs."""

from __future__ import annotations

import decimal
import enum
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refvec import InvalidIndexError, SearchResult, VectorStore

from refvec_conformance.inputs.hostile import after
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import unchanged
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.probes.outcomes import bits, frozen
from refvec_conformance.tests.helpers import THROUGH_IDS, not_refused

Take = Callable[[VectorStore, Any], Any]


def listed(thing: Any) -> Any:
    """Return a thing as a batch of one: an array with an axis more, anything else in a list."""
    return thing[None] if isinstance(thing, np.ndarray) else [thing]


WRITE_ONE: dict[str, Take] = {
    "add_vector": lambda store, vector: store.add_vector("x", vector),
    "upsert_vector": lambda store, vector: store.upsert_vector("x", vector),
}
WRITE_BATCH: dict[str, Take] = {
    "add_vectors": lambda store, vectors: store.add_vectors(["x"], vectors),
    "upsert_vectors": lambda store, vectors: store.upsert_vectors(["x"], vectors),
}
ONE: dict[str, Take] = WRITE_ONE | {
    "find_vector": lambda store, vector: store.find_vector(vector),
    "search": lambda store, vector: _searched(store, vector),
}
BATCH: dict[str, Take] = WRITE_BATCH | {"search of a batch": lambda store, vectors: _searched(store, vectors)}
VECTOR = ONE | {name: lambda store, one, take=take: take(store, listed(one)) for name, take in BATCH.items()}
every_way = pytest.mark.parametrize("take", VECTOR.values(), ids=VECTOR)


def _searched(store: VectorStore, query: Any) -> Any:
    """Search, or where that is not declared look for the first of the queries."""
    if type(store).capabilities.search:
        return store.search(query, 1)
    return store.find_vector(query if np.ndim(query) != 2 else query[0])


# What is no vector of four, because of its kind.
NO_NUMBERS: dict[str, Any] = {
    "texts of numbers": ["1", "2", "3", "4"],
    "one text of numbers": "1234",
    "an array of texts": np.array(["1", "2", "3", "4"]),
    "bytes of numbers": [b"1", b"2", b"3", b"4"],
    "bytes": b"1234",
    "a text among numbers": [1, "2", 3, 4],
    "None among numbers": [1.0, None, 3.0, 4.0],
    "booleans": [True, False, True, False],
    "an array of booleans": np.array([True, False, True, False]),
    "decimals": [decimal.Decimal(one) for one in range(4)],
    "complex without an imaginary part": np.array([1, 2, 3, 4], complex),
    "durations": np.arange(4).astype("m8[s]"),
    "dates": np.arange(4).astype("M8[D]"),
    "objects that are floats": np.array([1.0, 2.0, 3.0, 4.0], object),
    "masked without a mask": np.ma.array([1.0, 2.0, 3.0, 4.0]),
    "masked in part": np.ma.array([1.0, 2.0, 3.0, 4.0], mask=[False, True, False, False]),
    "structured": np.zeros(4, [("x", "f4")]),
}
STORES: dict[str, Callable[[Make], VectorStore]] = {
    "empty": lambda make: make(4),
    "without a dimension": lambda make: make(),
}
every_store = pytest.mark.parametrize("open_", STORES.values(), ids=STORES)


@clause("VEC-1", "ATOM-1", "SEARCH-2")
@every_way
def test_no_method_takes_what_is_no_number(stocked: VectorStore, take: Take) -> None:
    assert not_refused(stocked, take, NO_NUMBERS, TypeError) == []


@clause("VEC-1", "OPEN-7", "ATOM-1", "SEARCH-2")
@every_store
@every_way
def test_no_method_takes_what_is_no_number_for_the_first(make: Make, take: Take, open_: Any) -> None:
    assert not_refused(open_(make), take, NO_NUMBERS, TypeError) == []


# What is no vector, because of its axes.
NO_VECTORS: dict[str, Any] = {
    "int": 1,
    "float": 2.0,
    "numpy scalar": np.float32(3),
    "0-d": np.array(4.0),
    "batch of one": np.ones((1, 4), np.float32),
    "list in a list": [[1, 2, 3, 4]],
    "column": np.ones((4, 1)),
    "cube": np.ones((1, 1, 4)),
}
NO_BATCHES: dict[str, Any] = {
    **{name: NO_VECTORS[name] for name in ("int", "float", "numpy scalar", "0-d", "cube")},
    "vector": np.ones(4, np.float32),
    "list": [1, 2, 3, 4],
    "list of one": [1.0],
    "vector of one": np.ones(1),
    "vector for each": np.ones((1, 1, 1)),
}
WIDTHS = pytest.mark.parametrize("width", [4, 1, None])


def opened(make: Make, width: int | None) -> VectorStore:
    """Return a store of a width, with a vector if it has one."""
    store = make(width)
    if width is not None:
        store.add_vector("kept", [2.0] * width)
    return store


@clause("VEC-2", "OPEN-7", "ATOM-1")
@WIDTHS
@pytest.mark.parametrize("take", [*WRITE_ONE.values(), ONE["find_vector"]], ids=[*WRITE_ONE, "find_vector"])
def test_no_method_takes_what_has_not_one_axis(make: Make, width: int | None, take: Take) -> None:
    assert not_refused(opened(make, width), take, NO_VECTORS, ValueError, "shape") == []


@clause("VEC-2", "OPEN-7", "ATOM-1")
@WIDTHS
@pytest.mark.parametrize("take", WRITE_BATCH.values(), ids=WRITE_BATCH)
def test_no_batch_method_takes_what_has_not_two_axes(make: Make, width: int | None, take: Take) -> None:
    assert not_refused(opened(make, width), take, NO_BATCHES, ValueError, "shape") == []


@clause("SEARCH-4", "VEC-2", "OPEN-7", requires="search")
@WIDTHS
def test_no_search_takes_a_scalar_or_a_cube(make: Make, width: int | None) -> None:
    queries = {name: NO_VECTORS[name] for name in ("int", "float", "numpy scalar", "0-d", "cube")}
    assert not_refused(opened(make, width), lambda store, query: store.search(query), queries, ValueError) == []


def frozen_array(values: Any, dtype: Any) -> Any:
    """Return an array that cannot be written."""
    found = np.array(values, dtype)
    found.flags.writeable = False
    return found


# What is a vector of four, and its components as float32.
VECTORS: dict[str, tuple[Any, list[float]]] = {
    "read-only": (frozen_array([1, 2, 3, 4], np.float32), [1, 2, 3, 4]),
    "read-only float64": (frozen_array([1, 2, 3, 4], np.float64), [1, 2, 3, 4]),
    "read-only int64": (frozen_array([1, 2, 3, 4], np.int64), [1, 2, 3, 4]),
    "uint64 beyond int64": (
        np.array([2**63, 2**64 - 1, 2**63 + 2**41, 1], np.uint64),
        [2**63, 2**64, 2**63 + 2**41, 1],
    ),
    "read-only uint64 beyond int64": (
        frozen_array([2**64 - 2**41, 0, 1, 2], np.uint64),
        [2**64 - 2**41, 0, 1, 2],
    ),
    "int64 at its ends": (np.array([-(2**63), 2**63 - 1, -1, 0]), [-(2**63), 2**63, -1, 0]),
    "integers beyond int64 in a list": ([2**63, 2**63 + 2**41, 0, 1], [2**63, 2**63 + 2**41, 0, 1]),
    "small unsigned": (np.array([255, 128, 127, 0], np.uint8), [255, 128, 127, 0]),
    "small signed": (np.array([-128, 127, -1, 0], np.int8), [-128, 127, -1, 0]),
    "float16": (np.array([65504, 6e-8, -0.5, 1], np.float16), [65504, 2.0**-24, -0.5, 1]),
    "scalars of many types": ([np.int8(1), 2, np.float64(3), np.uint64(4)], [1, 2, 3, 4]),
    "0-d arrays": ([np.array(1), np.array(2.0), np.array(3), np.array(4)], [1, 2, 3, 4]),
    "range": (range(1, 5), [1, 2, 3, 4]),
}


@clause("VEC-1", "VEC-5", "OPEN-7")
@every_store
@pytest.mark.parametrize("name", [*WRITE_ONE, *WRITE_BATCH])
def test_every_method_takes_what_is_a_vector(make: Make, open_: Any, name: str) -> None:
    for kind, (given, wanted) in VECTORS.items():
        store = open_(make)
        VECTOR[name](store, given)
        assert bits(store.get_vector("x")) == bits(np.array(wanted, np.float32)), kind


@clause("VEC-1", "SEARCH-2", "GET-8")
@pytest.mark.parametrize("name", ["find_vector", "search", "search of a batch"])
def test_every_look_takes_what_is_a_vector(make: Make, name: str) -> None:
    for kind, (given, wanted) in VECTORS.items():
        store, row = make(4), np.array(wanted, np.float32)
        index = store.add_vectors(["other", "x"], [-row, row]).tolist()[1]
        with unchanged(store):
            found = VECTOR[name](store, given)
        assert frozen(found) == frozen(VECTOR[name](store, row)), kind
        if not isinstance(found, SearchResult) or np.linalg.norm(row.astype(float)) <= 1e15:
            assert (found.indices.flat[0] if isinstance(found, SearchResult) else found) == index, kind


ONE_INDEX: dict[str, Take] = {
    "get_vector_by_index": lambda store, index: store.get_vector_by_index(index),
    "get_refcount": lambda store, index: store.get_refcount(index),
    "ids_at": lambda store, index: store.ids_at(index),
}
MANY_INDICES: dict[str, Take] = {
    "get_vectors_by_indices": lambda store, indices: store.get_vectors_by_indices(indices),
    "get_vectors_by_indices with out": lambda store, indices: store.get_vectors_by_indices(
        indices, np.zeros((len(indices), 4), np.float32)
    ),
    "get_refcounts": lambda store, indices: store.get_refcounts(indices),
}
one_index = pytest.mark.parametrize("take", ONE_INDEX.values(), ids=ONE_INDEX)
many_indices = pytest.mark.parametrize("take", MANY_INDICES.values(), ids=MANY_INDICES)


class Number(enum.IntEnum):
    """An int by another name."""

    ZERO = 0


@clause("GET-3", "GET-6", "INT-1")
@one_index
def test_every_method_takes_any_integer_for_an_index(stocked: VectorStore, take: Take) -> None:
    for index in (np.uint64(0), np.int8(0), Number.ZERO, type("Own", (int,), {})(0)):
        assert frozen(take(stocked, index)) == frozen(take(stocked, 0)), type(index)


WRAPPED = [
    2**8,
    2**16,
    2**31,
    2**32,
    2**32 + 1,
    2**33 + 1,
    2**48,
    2**53 + 1,
    2**63,
    2**64 - 1,
    2**64,
    2**64 + 1,
]
INTEGERS: dict[str, Callable[[int], Any]] = {"int": int, "uint64": np.uint64, "negative": lambda value: -value}


@clause("GET-3", "GET-6", "INT-1")
@pytest.mark.parametrize("build", INTEGERS.values(), ids=INTEGERS)
@pytest.mark.parametrize("name", [*ONE_INDEX, *MANY_INDICES])
def test_no_index_wraps_around(stocked: VectorStore, name: str, build: Any) -> None:
    indices = [build(index) for index in WRAPPED if build is not np.uint64 or index < 2**64]
    given = [(one, one if name in ONE_INDEX else [0, one]) for one in indices]
    if name in MANY_INDICES:
        given += [(one, np.array([0, one], np.uint64)) for one in indices if 0 < one < 2**64]
    take = (ONE_INDEX | MANY_INDICES)[name]
    with unchanged(stocked):
        for index, argument in given:
            with pytest.raises(InvalidIndexError, match=rf"Invalid vector index: {int(index)}\b"):
                take(stocked, argument)


@clause("GET-3", "GET-6", "INT-1")
@many_indices
def test_no_method_takes_what_is_no_integer(stocked: VectorStore, take: Take) -> None:
    given = [
        [0.0, 1.0],
        [0, 1.0],
        ["0", "1"],
        [b"0"],
        [None],
        [[0]],
        [True, False],
        [np.True_, 0],
        [np.float32(0)],
    ]
    named = {repr(indices): indices for indices in given}
    assert not_refused(stocked, take, named, (TypeError, ValueError)) == []


REPEATS: dict[str, Callable[[list[int]], Any]] = {
    "list": list,
    "tuple": tuple,
    "array": np.array,
    "read-only array": lambda found: frozen_array(found, np.int64),
    "read-only small array": lambda found: frozen_array(found, np.uint8),
    "read-only uint64": lambda found: frozen_array(found, np.uint64),
    "column": lambda found: np.stack([found, found], axis=1)[:, 0],
    "backwards": lambda found: np.array(found)[::-1].copy()[::-1],
    "numpy scalars": lambda found: [np.uint64(one) for one in found],
}


@clause("GET-3", "GET-6", "INT-1")
@many_indices
def test_every_method_answers_each_of_repeated_indices(stocked: VectorStore, take: Take) -> None:
    wanted = [2, 0, 2, 1, 0, 0]
    single = [frozen(take(stocked, [one])[0]) for one in wanted]
    for kind, build in REPEATS.items():
        assert [frozen(one) for one in take(stocked, build(wanted))] == single, kind


@clause("GET-3", "GET-6")
@many_indices
@pytest.mark.parametrize("build", [list, np.array], ids=["list", "array"])
def test_no_method_changes_the_callers_indices(stocked: VectorStore, take: Take, build: Any) -> None:
    given = build([2, 0, 1, 0])
    take(stocked, given)
    assert [*given] == [2, 0, 1, 0]


def with_a_vector(call: Callable[[VectorStore, Any, Any], object]) -> Take:
    return lambda store, ids: call(store, ids, UNITS[:1])


IDS = {name: with_a_vector(call) for name, call in THROUGH_IDS.items()}
every_batch = pytest.mark.parametrize("take", IDS.values(), ids=IDS)
KNOWN = uuid.UUID(int=12)
SINGLE: dict[str, Any] = {
    "text of one": "a",
    "text of ids": "acd",
    "unknown text": "x",
    "empty text": "",
    "numpy text": np.str_("a"),
    "bytes": b"a",
    "bytearray": bytearray(b"a"),
    "uuid": KNOWN,
    "int": 1,
}
NO_IDS = [np.bytes_(b"a"), b"a", ["a"], ("a",), np.array("a"), np.array(["a"]), 0, np.int64(0), None, ...]


@clause("ADD-4", "ID-1", "ATOM-1")
@every_batch
def test_no_batch_method_takes_a_single_id(stocked: VectorStore, take: Take) -> None:
    stocked.upsert_vector(KNOWN, UNITS[3])
    assert not_refused(stocked, take, SINGLE, TypeError) == []


@clause("ID-1", "ATOM-1")
@every_batch
def test_no_batch_method_takes_what_is_no_id(stocked: VectorStore, take: Take) -> None:
    assert not_refused(stocked, take, {repr(bad): [bad] for bad in NO_IDS}, TypeError) == []


@clause("SEARCH-4", "ID-1", requires="search")
@pytest.mark.parametrize("width", [4, None])
def test_within_is_looked_at_where_there_is_nothing_to_search(make: Make, width: int | None) -> None:
    def search(store: VectorStore, within: Any) -> Any:
        return store.search(UNITS[0], within=within)

    given = SINGLE | {repr(bad): ["a", bad] for bad in NO_IDS}
    assert not_refused(make(width), search, given, TypeError) == []


ITERABLES: dict[str, Callable[[list[str]], Any]] = {
    "iterator": iter,
    "generator": lambda ids: after(ids, lambda: None),
    "map": lambda ids: map(str, ids),
    "tuple": tuple,
    "dict": dict.fromkeys,
    "keys": lambda ids: dict.fromkeys(ids).keys(),
    "values": lambda ids: dict(enumerate(ids)).values(),
    "array of texts": np.array,
    "array of objects": lambda ids: np.array(ids, object),
    "read-only array": lambda ids: frozen_array(ids, None),
}


@clause("ADD-4", "GET-2", "GET-8", "REMOVE-1", "SEARCH-4")
@every_batch
def test_every_batch_method_takes_any_iterable(make: Make, take: Take) -> None:
    ids = ["x"] if take in (IDS["add_vectors"], IDS["upsert_vectors"]) else ["d", "a", "c"]
    for kind, build in ({"list": list} | ITERABLES).items():
        store = make(4)
        store.add_vectors(["a", "b", "c", "d"], UNITS[[0, 0, 1, 2]])
        found = frozen([take(store, build(ids)), store.ids()])
        if kind == "list":
            wanted = found
        assert found == wanted, kind


@clause("GET-2", "GET-8")
@pytest.mark.parametrize("method", ["get_vectors", "get_indices"])
def test_every_look_up_answers_each_of_repeated_ids(stocked: VectorStore, method: str) -> None:
    ids = ["d", "a", "d", "b", "a", "a", "c"]
    call = getattr(stocked, method)
    assert call(ids).tolist() == [call([one])[0].tolist() for one in ids]
