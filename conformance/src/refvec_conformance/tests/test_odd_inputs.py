"""VEC: what one method takes or refuses for a vector all take or refuse; methods times inputs."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refvec import SearchResult, VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import unchanged
from refvec_conformance.probes.fixtures import Make
from refvec_conformance.probes.outcomes import bits, frozen
from refvec_conformance.tests.helpers import frozen_array, not_refused

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
