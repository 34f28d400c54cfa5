"""GET-8: ``find_vector`` finds by identity whatever the components are, and changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from refvec import VectorStore

from refvec_conformance.inputs import strategies as draw
from refvec_conformance.judging.marks import clause
from refvec_conformance.oracle.rounding import vector_key
from refvec_conformance.probes.atomicity import observe, refused, unchanged
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.probes.outcomes import bits

PATTERNS = (*draw.SPECIAL, 0x80000001, 0x007FFFFF, 0x00800000, 0x807FFFFF, 0x3F800000, 0x3F800001, 0xFF7FFFFF)
every_precision = pytest.mark.parametrize("precision", [0, 6, 7, "exact"])


def word(pattern: int) -> Any:
    """Return a component of these bits."""
    return np.array([pattern], np.uint32).view(np.float32)[0]


def with_word(pattern: int, place: int, width: int = 3) -> Any:
    """Return a vector of ones with a component of these bits."""
    row = np.ones(width, np.float32)
    row[place] = word(pattern)
    return row


@clause("GET-8", "DEDUP-1", "DEDUP-2")
@every_precision
@pytest.mark.parametrize("place", [0, 2])
def test_each_component_finds_exactly_what_is_identical(make: Make, precision: Any, place: int) -> None:
    """Every special component is stored, and looked for with every other."""
    rows = [with_word(pattern, place) for pattern in PATTERNS]
    keys = [vector_key(bits(row), precision) for row in rows]
    for row, key in zip(rows, keys, strict=True):
        store = make(3, precision=precision)
        index = store.add_vector("a", row)
        before = observe(store)
        found = [store.find_vector(other) for other in rows]
        assert found == [index if other == key else None for other in keys], row
        assert observe(store) == before


@clause("GET-8", "DEDUP-1", "DEDUP-2")
@every_precision
def test_among_many_each_special_component_finds_its_own(make: Make, precision: Any) -> None:
    rows = [with_word(pattern, place) for pattern in PATTERNS for place in range(3)]
    store = make(3, precision=precision)
    found = store.add_vectors(map(str, range(len(rows))), rows).tolist()
    with unchanged(store):
        assert [store.find_vector(row) for row in rows] == found
        assert [store.find_vector(row.tolist()) for row in rows if not np.isnan(row).any()] == [
            index for index, row in zip(found, rows, strict=True) if not np.isnan(row).any()
        ]


@clause("GET-8", "DEDUP-1")
@pytest.mark.parametrize("nans", [1, 2, 4])
def test_a_vector_of_nans_is_found_by_others(make: Make, nans: int) -> None:
    store = make(4)
    row = np.array([*[np.nan] * nans, *range(4 - nans)], np.float32)
    index = store.add_vector("a", row)
    for other in draw.NANS:
        again = row.copy()
        again[:nans] = word(other)
        assert store.find_vector(again) == index
        again[nans - 1] = 1
        assert store.find_vector(again) is None


@clause("GET-8", "DEDUP-2")
@pytest.mark.parametrize(
    ("one", "other"),
    [(0, 0x80000000), (0, 1), (0, 0x80000001), (1, 2), (0x7FC00000, 0x7FC00001), (0x3F800000, 0x3F800001)],
    ids=hex,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exact_finds_no_neighbour(make: Make, one: int, other: int, dtype: Any) -> None:
    store = make(2, precision="exact")
    store.add_vector("a", with_word(one, 1, 2))
    if not (dtype is np.float64 and np.isnan(word(other))):  # a conversion may change the payload
        assert store.find_vector(with_word(other, 1, 2).astype(dtype)) is None


PRESENT: dict[str, Any] = {
    "shared": UNITS[0],
    "alone": UNITS[1],
    "minus zero": np.array([-0.0, 1, -0.0, 0]),
    "rounded": np.array([1e-8, 1, 0, 0]),
    "list": [0, 1, 0, 0],
}
ABSENT: dict[str, Any] = {
    "freed": UNITS[3],
    "never": [7, 7, 7, 7],
    "nan": [np.nan, 0, 0, 0],
    "all nan": [np.nan] * 4,
    "infinite": [np.inf, 0, 0, 0],
    "subnormal": [1e-40] * 4,
    "near": [1.00001, 0, 0, 0],
    "negative": -UNITS[0],
}


@clause("GET-8", "ATOM-1")
@pytest.mark.parametrize("vector", (PRESENT | ABSENT).values(), ids=PRESENT | ABSENT)
def test_a_look_changes_nothing_that_can_be_seen(stocked: VectorStore, vector: Any) -> None:
    with unchanged(stocked):
        first = stocked.find_vector(vector)
        assert stocked.find_vector(vector) == first


@clause("GET-8", "INDEX-1", "COUNT-2", requires="dense_indices")
@pytest.mark.parametrize("vector", ABSENT.values(), ids=ABSENT)
def test_a_look_takes_no_slot_and_no_capacity(make: Make, vector: Any) -> None:
    """Neither at once nor later: what comes after is as if nobody had looked."""
    one, other = make(4, 2), make(4, 2)
    for store in (one, other):
        store.add_vectors(["a", "b", "c"], UNITS[:3])
        store.remove_vector("b")
        if store is one:
            for _ in range(3):
                assert store.find_vector(vector) is None
        store.add_vectors(["x", "y"], [vector, UNITS[1]])
    assert observe(one) == observe(other)


@clause("GET-8", "VEC-5", "DEDUP-4")
@pytest.mark.parametrize(
    ("stored", "asked"),
    [(0, 0x80000000), (0x80000000, 0), (0x7FC00001, 0xFFC00000), (0x3F800000, 0x3F800001)],
    ids=hex,
)
def test_what_was_asked_for_does_not_replace_what_is_stored(make: Make, stored: int, asked: int) -> None:
    store = make(2)
    row = with_word(stored, 0, 2)
    index = store.add_vector("a", row)
    assert store.find_vector(with_word(asked, 0, 2)) == index
    assert bits(store.get_vector("a")) == bits(row)


FIRSTS: dict[str, Any] = {
    "ordinary": [1, 2],
    "nan": [np.nan, 1],
    "minus zero": [-0.0],
    "zeros": np.zeros(5),
    "infinite": [np.inf] * 3,
    "subnormal": np.full(7, 1e-40, np.float32),
    "widest": np.ones(65_536, np.float32),
}


@clause("OPEN-7", "GET-8")
@pytest.mark.parametrize("vector", FIRSTS.values(), ids=FIRSTS)
def test_a_look_before_the_first_vector_fixes_no_dimension(make: Make, vector: Any) -> None:
    store = make()
    with unchanged(store):
        assert store.find_vector(vector) is None
    index = store.add_vector("a", np.ones(11))
    assert (store.dimension, store.get_index("a")) == (11, index)


@clause("OPEN-7", "GET-8", "VEC-2", "VEC-3", "OPEN-2")
@pytest.mark.parametrize(
    "vector",
    [[], [1e39], np.ones(65_537), np.ones((1, 2)), 1.0],
    ids=["none", "overflow", "wide", "2-D", "0-D"],
)
def test_a_look_before_the_first_vector_refuses_what_no_store_can_hold(make: Make, vector: Any) -> None:
    store = make()
    with refused(store, ValueError):
        store.find_vector(vector)
