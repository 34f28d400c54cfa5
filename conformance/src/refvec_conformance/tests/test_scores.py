"""SEARCH-3: how near scores are, and in which order hits come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refvec import VectorStore

from refvec_conformance.inputs import strategies as draw
from refvec_conformance.judging.marks import clause
from refvec_conformance.oracle import scoring
from refvec_conformance.probes.atomicity import unchanged
from refvec_conformance.probes.fixtures import Explore, Make
from refvec_conformance.tests.helpers import every_metric


def judged(store: VectorStore, query: Any, k: int, metric: Any, **more: Any) -> list[str]:
    """Search, and return what is wrong with the hits."""
    found = store.search(query, k, metric=metric, **more)
    seen = store.snapshot()
    vectors = {index: row.tobytes() for index, row in zip(seen.indices.tolist(), seen.vectors, strict=True)}
    return scoring.complaints(np.asarray(query, np.float32).tobytes(), vectors, k, metric, found)


@clause("SEARCH-2", "SEARCH-3", tier="standard", requires="search")
@every_metric
@pytest.mark.parametrize("dimension", [1, 2, 8, 33])
def test_hits_are_exact(make: Make, rng: np.random.Generator, metric: str, dimension: int) -> None:
    store = make(dimension)
    store.add_vectors(map(str, range(300)), rng.standard_normal((300, dimension)))
    store.remove_vectors(map(str, range(0, 300, 7)))
    wrong = [text for query in rng.standard_normal((5, dimension)) for text in judged(store, query, 12, metric)]
    assert not wrong


@clause("SEARCH-3", tier="standard", requires="search")
@every_metric
@pytest.mark.parametrize("magnitude", [1e-15, 1e-8, 1, 1e8, 9e14])
def test_scores_are_near_at_every_magnitude(
    make: Make, rng: np.random.Generator, metric: str, magnitude: float
) -> None:
    rows = rng.standard_normal((60, 9))
    rows *= magnitude / np.linalg.norm(rows, axis=1, keepdims=True) * rng.uniform(1.001, 1.1, (60, 1))
    store = make(9, precision="exact")
    store.add_vectors(map(str, range(60)), rows)
    assert not [text for query in rows[:5] for text in judged(store, query.astype(np.float32), 20, metric)]


@clause("SEARCH-3", tier="standard", requires="search")
@every_metric
@pytest.mark.parametrize("dimension", [1024, 4096, 16384])
@pytest.mark.parametrize("kind", ["constant", "alternating", "random", "one large"])
def test_scores_are_near_in_many_dimensions(
    make: Make, rng: np.random.Generator, metric: str, dimension: int, kind: str
) -> None:
    base = {
        "constant": np.full(dimension, 0.1),
        "alternating": np.where(np.arange(dimension) % 2, 0.1, -0.1),
        "random": rng.standard_normal(dimension),
        "one large": np.r_[100.0, np.full(dimension - 1, 0.01)],
    }[kind]
    rows = base + rng.standard_normal((4, dimension)) * 1e-3
    store = make(dimension)
    store.add_vectors(map(str, range(4)), rows)
    assert not judged(store, np.asarray(base, np.float32), 4, metric)


@clause("SEARCH-3", tier="standard", requires="search")
@every_metric
@pytest.mark.parametrize("offset", [1e-3, 1e-6, 0])
def test_a_query_near_a_vector_does_not_cancel(
    make: Make, rng: np.random.Generator, metric: str, offset: float
) -> None:
    rows = rng.standard_normal((20, 64)) * 1000
    store = make(64, precision="exact")
    store.add_vectors(map(str, range(20)), rows)
    assert not judged(store, (rows[3] * (1 + offset)).astype(np.float32), 5, metric)


@clause("SEARCH-3", tier="standard", requires="search")
@every_metric
def test_any_values_give_ordered_hits_within_the_error(make: Make, explore: Explore, metric: str) -> None:
    store = make(2, precision="exact")

    @given(draw.matrices(2, 6), draw.vectors(2), st.integers(1, 7))
    def check(rows: Any, query: Any, k: int) -> None:
        store.clear()
        store.add_vectors(list("abcdef"), rows)
        assert not judged(store, query, k, metric)

    explore(check, 150)


@clause("SEARCH-3", requires="search")
@every_metric
def test_equal_scores_go_by_lower_index(make: Make, metric: Any) -> None:
    store = make(3)
    store.add_vectors(list("abcdef"), [[0, 0, 3], [0, 0, -3], [0, 3, 0], [0, -3, 0], [0, 5, 0], [0, 0, 5]])
    store.remove_vectors(["a", "e", "f"])
    store.add_vectors(["x", "y"], [[-3, 0, 0], [0, 0, 3]])
    assert store.search([0, 0, 0], metric=metric).indices.tolist() == store.indices().tolist()


@clause("SEARCH-3", requires="search")
@pytest.mark.parametrize("k", [1, 2, 3])
def test_of_equal_scores_the_lower_indices_are_taken(make: Make, k: int) -> None:
    store = make(2)
    found = sorted(store.add_vectors(list("abcd"), [[1, 1], [1, 2], [1, 3], [1, 4]]).tolist())
    assert store.search([1, 0], k, metric="dot").indices.tolist() == found[:k]


@clause("SEARCH-3", requires="search")
@every_metric
def test_nan_comes_last(make: Make, metric: Any) -> None:
    store = make(2)
    store.add_vectors(["nan", "far", "near"], np.array([[np.nan, 0], [-5, -5], [1, 1]]))
    assert store.search([1, 1], metric=metric).ids == [("near",), ("far",), ("nan",)]


@clause("SEARCH-3", requires="search")
@every_metric
def test_among_nans_the_lower_index_comes_first(make: Make, metric: Any) -> None:
    store = make(1)
    store.add_vectors(["a", "b", "c"], [[1], [2], [3]])
    found = store.search([np.nan], metric=metric)
    assert found.indices.tolist() == store.indices().tolist()


@clause("SEARCH-3", requires="search")
def test_the_cosine_with_a_zero_vector_is_zero(make: Make) -> None:
    store = make(2)
    store.add_vectors(["zero", "one"], [[0, 0], [1, 0]])
    assert dict(zip(["one", "zero"], store.search([1, 0]).scores.tolist(), strict=True)) == {
        "one": 1.0,
        "zero": 0.0,
    }


@clause("SEARCH-3", requires="search")
def test_the_cosine_of_a_zero_query_is_zero(make: Make) -> None:
    store = make(2)
    store.add_vectors(["a", "b"], [[3, 4], [1, 0]])
    assert store.search([0, 0]).scores.tolist() == [0, 0]


@clause("SEARCH-3", requires="search")
@pytest.mark.parametrize("cosine", [-1, -0.8, -0.6, 0, 0.6, 0.8, 1])
def test_the_cosine_goes_from_minus_one_to_one(make: Make, cosine: float) -> None:
    store = make(2)
    store.add_vector("a", [5 * cosine, 5 * (1 - cosine**2) ** 0.5])
    assert store.search([2, 0]).scores[0] == pytest.approx(cosine, abs=1e-5)


@clause("SEARCH-3", requires="search")
@pytest.mark.parametrize("other", [[np.nan, 1], [np.inf, 1], [np.nan, -np.inf]], ids=str)
@pytest.mark.parametrize("zero", ["query", "row"])
def test_the_cosine_with_a_zero_vector_is_zero_whatever_the_other_is(make: Make, other: Any, zero: str) -> None:
    store = make(2)
    store.add_vector("a", [0, 0] if zero == "row" else other)
    assert store.search(other if zero == "row" else [0, 0]).scores.tolist() == [0]


@clause("SEARCH-3", requires="search")
def test_a_distance_of_zero_has_no_sign(make: Make) -> None:
    store = make(2)
    store.add_vector("a", [1, 0])
    assert str(store.search([1, 0], metric="euclidean").scores[0]) == "0.0"


@clause("SEARCH-4", requires="search")
@pytest.mark.parametrize("shape", [(0,), (1, 0), (65_537,), (0, 70_000)], ids=str)
def test_a_query_that_no_store_can_answer(make: Make, shape: tuple[int, ...]) -> None:
    store = make()
    with unchanged(store), pytest.raises(ValueError):  # noqa: PT011
        store.search(np.zeros(shape))


@clause("SEARCH-3", requires="search")
def test_the_distance_to_an_equal_vector_is_nearly_zero(make: Make) -> None:
    store = make(3)
    store.add_vector("a", [1, 2, 3])
    assert not judged(store, [1, 2, 3], 1, "euclidean")


@clause("SEARCH-3", requires="search")
@pytest.mark.parametrize("dimension", [1, 3, 17, 64])
def test_small_integers_and_dot_are_exact(make: Make, rng: np.random.Generator, dimension: int) -> None:
    rows = rng.permutation(5000)[:50, None] % 97 + rng.integers(-20, 20, (50, dimension))
    store = make(dimension)
    found = store.add_vectors(map(str, range(50)), rows)
    query = rng.integers(-20, 20, dimension)
    hits = store.search(query, 50, metric="dot")
    exact = {int(index): int(row @ query) for index, row in zip(found, rows, strict=True)}
    assert list(zip(hits.indices.tolist(), hits.scores.tolist(), strict=True)) == sorted(
        exact.items(), key=lambda hit: (-hit[1], hit[0])
    )
