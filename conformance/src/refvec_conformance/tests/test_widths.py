"""Identity and scores at every width: each component counts, wherever native code cuts a vector into pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.fixtures import Make

Float = NDArray[np.float32]

SHORT = [*range(1, 71), 127, 128, 129]
LONG = [255, 256, 257, 383, 384, 385, 511, 512, 513, 1023, 1024, 1025]
short = pytest.mark.parametrize("widths", [SHORT[:70], SHORT[70:]], ids=["1-70", "127-129"])
long = pytest.mark.parametrize("width", LONG)


def next_key(row: Float) -> Float:
    """Return the components of a row, each with the nearest other key at six decimals."""
    return ((np.rint(row.astype(np.float64) * 1e6) + 1) / 1e6).astype(np.float32)


def last_bit(row: Float) -> Float:
    """Return the components of a row, each with its last bit changed."""
    return (row.view(np.uint32) ^ 1).view(np.float32)


# How a component differs: with which precision, and in rows of which magnitude.
DIFFERENCES: dict[str, tuple[int | str, float, Callable[[Float], Float]]] = {
    "next key": (6, 1.0, next_key),
    "beyond the limit": (6, 1e3, last_bit),
    "exact": ("exact", 1.0, last_bit),
}
every_difference = pytest.mark.parametrize("how", DIFFERENCES.values(), ids=DIFFERENCES)


def one_apart(rng: np.random.Generator, width: int, magnitude: float, change: Any) -> Float:
    """Return width + 1 rows: one, and that with each of its components changed."""
    base = (rng.uniform(0.1, 0.9, width) + 8) * magnitude / 8
    rows = np.tile(base.astype(np.float32), (width + 1, 1))
    places = np.arange(width)
    rows[places + 1, places] = change(rows[0])
    return rows


def check_identity(make: Make, rng: np.random.Generator, width: int, how: Any) -> None:
    """Check that vectors which differ in one component are told apart, by every way in and by looking."""
    precision, magnitude, change = how
    rows = one_apart(rng, width, magnitude, change)
    store, other = make(width, precision=precision), make(width, precision=precision)
    index = other.add_vector("0", rows[0])
    found = store.add_vectors(map(str, range(width + 1)), rows).tolist()
    assert [place for place in range(width) if found[place + 1] == found[0]] == [], width
    assert len(set(found)) == width + 1, width
    sample = sorted({1, width // 2 + 1, width, int(rng.integers(1, width + 1))})
    assert [other.find_vector(rows[one]) for one in sample] == [None] * len(sample), width
    assert [store.find_vector(rows[one]) for one in sample] == [found[one] for one in sample], width
    assert index not in [other.upsert_vector(str(one), rows[one]) for one in sample], width


@clause("DEDUP-1", "DEDUP-2", "GET-8")
@short
@every_difference
def test_one_component_at_any_place_makes_another_vector(
    make: Make, rng: np.random.Generator, widths: list[int], how: Any
) -> None:
    for width in widths:
        check_identity(make, rng, width, how)


@clause("DEDUP-1", "DEDUP-2", "GET-8", tier="standard")
@long
@every_difference
def test_one_component_at_any_place_of_a_long_vector_makes_another_vector(
    make: Make, rng: np.random.Generator, width: int, how: Any
) -> None:
    check_identity(make, rng, width, how)


@clause("DEDUP-1", "GET-8", tier="standard")
@every_difference
@pytest.mark.parametrize("width", [33, 65, 129, 257])
def test_what_differs_in_one_component_at_any_place_is_not_found(
    make: Make, rng: np.random.Generator, width: int, how: Any
) -> None:
    precision, magnitude, change = how
    rows = one_apart(rng, width, magnitude, change)
    store = make(width, precision=precision)
    store.add_vector("0", rows[0])
    assert [place for place in range(width) if store.find_vector(rows[place + 1]) is not None] == []


@clause("DEDUP-1", "GET-8")
@every_difference
@pytest.mark.parametrize("width", [257, 513, 1025])
def test_the_first_and_last_components_of_long_vectors_count(
    make: Make, rng: np.random.Generator, width: int, how: Any
) -> None:
    precision, magnitude, change = how
    rows = one_apart(rng, width, magnitude, change)[[0, 1, 2, 17, 64, 65, -66, -65, -18, -3, -2, -1]]
    store = make(width, precision=precision)
    found = store.add_vectors(map(str, range(len(rows))), rows).tolist()
    assert len(set(found)) == len(rows)
    assert [store.find_vector(row) for row in rows] == found


# Components of other bits that have the same key (DEDUP-1).
ALIKE: dict[str, tuple[int, int]] = {
    "zeros": (0x00000000, 0x80000000),
    "nans": (0x7FC00000, 0xFFC12345),
    "subnormals": (0x00000000, 0x007FFFFF),
    "rounded": (0x3F800000, 0x3F800001),
}


def alike(width: int, pair: tuple[int, int]) -> Float:
    """Return width + 1 rows of one component, each but the first with other bits at one place."""
    rows = np.full((width + 1, width), pair[0], np.uint32)
    rows[np.arange(1, width + 1), np.arange(width)] = pair[1]
    return rows.view(np.float32)


@clause("DEDUP-1", "GET-8")
@pytest.mark.parametrize("pair", ALIKE.values(), ids=ALIKE)
@pytest.mark.parametrize(
    "widths", [[*range(1, 18)], [31, 32, 33, 63, 64, 65], [128, 129]], ids=["1-17", "31-65", "128-129"]
)
def test_other_bits_of_one_key_at_any_place_make_no_other_vector(
    make: Make, widths: list[int], pair: tuple[int, int]
) -> None:
    for width in widths:
        store, rows = make(width), alike(width, pair)
        found = store.add_vectors(map(str, range(width + 1)), rows)
        assert len(set(found.tolist())) == 1, width
        assert {store.find_vector(row) for row in rows[:: max(width // 8, 1)]} == {int(found[0])}, width


@clause("DEDUP-2", "VEC-5")
@pytest.mark.parametrize("pair", ALIKE.values(), ids=ALIKE)
@pytest.mark.parametrize("width", [7, 33, 65, 129])
def test_exact_tells_other_bits_of_one_key_apart_at_any_place(
    make: Make, width: int, pair: tuple[int, int]
) -> None:
    store, rows = make(width, precision="exact"), alike(width, pair)
    found = store.add_vectors(map(str, range(width + 1)), rows)
    assert len(set(found.tolist())) == width + 1
    assert store.get_vectors_by_indices(found).tobytes() == rows.tobytes()


@clause("DEDUP-3")
@pytest.mark.parametrize("width", [17, 64, 65, 257, 512, 1025])
def test_the_same_components_in_another_order_are_another_long_vector(
    make: Make, rng: np.random.Generator, width: int
) -> None:
    row = rng.permutation(width).astype(np.float32)
    swapped = row.copy()
    swapped[[0, -1]] = row[[-1, 0]]
    rows = np.stack([row, row[::-1], np.roll(row, 1), np.roll(row, 8 % width), swapped, np.sort(row)])
    store = make(width)
    assert len(set(store.add_vectors(list("abcdef"), rows).tolist())) == 6


def check_scores(make: Make, width: int) -> None:
    """Check that each component counts in each score: one query of all components, and many of one each."""
    ones, values = np.ones(width, np.float32), np.arange(1, width + 1, dtype=np.float32)
    axes, ids = np.eye(width, dtype=np.float32), [str(one) for one in range(width)]
    cases: list[tuple[Any, Float, Float, Float]] = [
        ("dot", axes, values, values),
        ("cosine", axes, ones, ones / np.sqrt(width)),
        ("euclidean", 3 * axes, 0 * ones, 3 * ones),
    ]
    for metric, many, one, wanted in cases:
        by_row, by_query = make(width), make(width)
        places = {index: place for place, index in enumerate(by_row.add_vectors(ids, many).tolist())}
        found = by_row.search(one, width, metric=metric)
        scores = {
            places[index]: score for index, score in zip(found.indices.tolist(), found.scores, strict=True)
        }
        by_query.add_vector("a", one)
        batch = by_query.search(many, metric=metric).scores[:, 0]
        for seen in (np.array([scores[place] for place in range(width)]), batch):
            assert np.flatnonzero(np.abs(seen - wanted) > (0 if metric == "dot" else 3e-5)).tolist() == [], (
                f"these components do not count for {metric} at width {width}"
            )


@clause("SEARCH-2", "SEARCH-3", requires="search")
@pytest.mark.parametrize("widths", [[*range(1, 34)], [63, 64, 65, 128, 129]], ids=["1-33", "63-129"])
def test_every_component_counts_for_a_score(make: Make, widths: list[int]) -> None:
    for width in widths:
        check_scores(make, width)


@clause("SEARCH-2", "SEARCH-3", tier="standard", requires="search")
@pytest.mark.parametrize("width", [255, 256, 257, 384, 385, 513, 1025])
def test_every_component_of_a_long_vector_counts_for_a_score(make: Make, width: int) -> None:
    check_scores(make, width)
