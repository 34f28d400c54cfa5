"""SEARCH at size: many candidates against float64, batches of queries against each alone, NaN at the cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from refvec import SearchResult, VectorStore

from refvec_conformance.inputs.hostile import after
from refvec_conformance.judging.marks import clause
from refvec_conformance.oracle.scoring import DISTANCES
from refvec_conformance.probes.fixtures import Make
from refvec_conformance.probes.outcomes import frozen
from refvec_conformance.tests.helpers import every_metric, hits_of

Double = NDArray[np.float64]


def exact(query: Any, rows: Any, metric: str) -> tuple[Double, Double]:
    """Return the scores of all rows in float64, and the scale of each (SEARCH-3)."""
    q, v = np.asarray(query, np.float32).astype(float), np.asarray(rows, np.float32).astype(float)
    length, lengths = np.linalg.norm(q), np.linalg.norm(v, axis=1)
    if metric == "euclidean":
        return np.linalg.norm(v - q, axis=1), length + lengths
    products = v @ q
    if metric == "dot":
        return products, length * lengths
    norms = length * lengths
    return np.divide(products, norms, out=np.zeros(len(v)), where=norms > 0), np.ones(len(v))


class Rows:
    """A store of many rows with holes, and which row is at which index."""

    def __init__(self, make: Make, rows: Any) -> None:
        self.store = make(rows.shape[1], precision="exact")
        ids = [str(one) for one in range(len(rows))]
        found = self.store.add_vectors(ids, rows).tolist()
        self.store.remove_vectors(ids[5::11])
        gone = {*ids[5::11]}
        self.row = {index: place for place, index in enumerate(found) if ids[place] not in gone}
        self.rows = rows

    def wrong(self, query: Any, k: int, metric: str, found: SearchResult, among: set[int] | None = None) -> str:
        """Return what is wrong with the hits of one query, "" if nothing is.

        Parameters
        ----------
        query, k, metric
            What was asked for.
        found : SearchResult
            What it gave.
        among : set of int, optional
            The places of the rows that compete; all that are stored if None.
        """
        places = np.array([place for place in self.row.values() if among is None or place in among])
        scores, scale = exact(query, self.rows, metric)
        hits = [self.row.get(index, -1) for index in found.indices.tolist()]
        if len(hits) != min(k, len(places)) or len({*hits}) != len(hits) or not {*hits} <= {*places.tolist()}:
            return f"{len(hits)} hits are not {min(k, len(places))} of the {len(places)} that compete"
        if found.ids != [(str(place),) for place in hits]:
            return "the ids are not those of the hits"
        sign = 1 if metric in DISTANCES else -1
        order = np.lexsort((found.indices, sign * found.scores.astype(float)))
        if order.tolist() != [*range(len(hits))]:
            return "not best first, equal scores by index"
        off = np.abs(found.scores - scores[hits]) > 1e-5 * scale[hits]
        if off.any():
            return f"scores of {np.flatnonzero(off)[:5]} are off"
        left = np.setdiff1d(places, hits)
        better = sign * (scores[hits[-1]] - scores[left]) > 2e-5 * scale[left]
        return f"{better.sum()} better ones were left out, as index {left[better][:5]}" if better.any() else ""


def clustered(rng: np.random.Generator, count: int, width: int) -> Any:
    """Return rows that lie in clusters and everywhere else: what an index of cells would cut."""
    centres = rng.standard_normal((20, width)) * 5
    near = centres[rng.integers(0, 20, count)] + rng.standard_normal((count, width)) * 0.3
    return np.where(rng.random((count, 1)) < 0.7, near, rng.standard_normal((count, width)) * 4)


@clause("SEARCH-1", "SEARCH-2", "SEARCH-3", requires="search")
@every_metric
def test_a_search_over_many_is_exact(make: Make, rng: np.random.Generator, metric: Any) -> None:
    rows = clustered(rng, 1500, 5)
    many = Rows(make, rows)
    for query, k in zip(
        [*rng.standard_normal((4, 5)) * 4, *rows[[7, 1499]], -rows[3]], [1, 10, 40, 900] * 2, strict=False
    ):
        assert not many.wrong(query, k, metric, many.store.search(query, k, metric=metric))


@clause("SEARCH-2", "SEARCH-3", tier="standard", requires="search")
@every_metric
@pytest.mark.parametrize(("count", "width"), [(4097, 8), (9000, 4), (1200, 65)])
def test_a_search_over_thousands_is_exact(
    make: Make, rng: np.random.Generator, metric: Any, count: int, width: int
) -> None:
    rows = clustered(rng, count, width)
    many = Rows(make, rows)
    queries = np.concatenate([rng.standard_normal((4, width)) * 4, rows[[0, -1, 600]], -rows[:1]])
    found = many.store.search(queries, 25, metric=metric)
    for place, query in enumerate(queries):
        part = hits_of(found, place)
        assert not many.wrong(query, 25, metric, part)
    assert not many.wrong(queries[0], count, metric, many.store.search(queries[0], count, metric=metric))


@clause("SEARCH-2", requires="search")
@every_metric
def test_each_of_many_rows_is_the_nearest_to_itself(make: Make, rng: np.random.Generator, metric: Any) -> None:
    angles = rng.permutation(1100) * (2 * np.pi / 1100)
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1) * 100
    store = make(2)
    found = store.add_vectors(map(str, range(1100)), rows)
    places = [*range(0, 1100, 211), 1023, 1024, 1098, 1099]
    assert store.search(rows[places], 1, metric=metric).indices[:, 0].tolist() == found[places].tolist()


@clause("SEARCH-3", requires="search")
@pytest.mark.parametrize("k", [1, 100, 1001, 1400])
def test_of_many_equal_scores_the_lower_indices_are_taken(make: Make, rng: np.random.Generator, k: int) -> None:
    rows = np.stack([rng.integers(-2, 3, 1300), np.arange(1300)], axis=1)
    store = make(2)
    index = store.add_vectors(map(str, range(1300)), rows)
    order = np.lexsort((index, -rows[:, 0]))[:k]
    found = store.search([1, 0], k, metric="dot")
    assert found.indices.tolist() == index[order].tolist()
    assert found.scores.tolist() == rows[order, 0].tolist()


def alone(store: VectorStore, queries: Any, *args: Any, **more: Any) -> list[SearchResult]:
    """Return the result of every query by itself."""
    return [store.search(query, *args, **more) for query in queries]


@clause("SEARCH-1", "SEARCH-3", requires="search")
@pytest.mark.parametrize("count", [2, 3, 70])
def test_each_query_of_a_batch_of_small_integers_has_the_hits_it_has_alone(
    make: Make, rng: np.random.Generator, count: int
) -> None:
    store, queries = make(3), rng.integers(-3, 4, (count, 3))
    store.add_vectors(map(str, range(60)), rng.integers(-3, 4, (60, 3)))
    found = store.search(queries, 9, metric="dot")
    for place, one in enumerate(alone(store, queries, 9, metric="dot")):
        assert frozen([*hits_of(found, place)]) == frozen([*one]), place


@clause("SEARCH-1", "SEARCH-3", requires="search")
@every_metric
def test_queries_of_one_batch_do_not_touch_each_other(
    make: Make, rng: np.random.Generator, metric: Any
) -> None:
    """Their norms differ by orders of magnitude, one is zero, one is NaN, one is infinite."""
    rows = rng.standard_normal((90, 4))
    many = Rows(make, rows)
    queries = rng.standard_normal((40, 4)) * 10.0 ** rng.integers(-4, 5, (40, 1))
    queries[[3, 17, 30]] = [[0] * 4, [np.nan, 1, 2, 3], [np.inf, 1, 1, 1]]
    found = many.store.search(queries, 12, metric=metric)
    for place, query in enumerate(queries):
        part = hits_of(found, place)
        if place not in (17, 30):
            assert not many.wrong(query, 12, metric, part), place
    assert np.isnan(found.scores[17]).all()
    assert found.indices[17].tolist() == sorted(many.row)[:12]


@clause("SEARCH-1", requires="search")
def test_each_query_of_a_batch_names_the_ids_of_its_own_hits(make: Make) -> None:
    store = make(2)
    store.add_vectors(list("abcd"), [[1, 0], [1, 0], [0, 1], [-1, 0]])
    found = store.search([[1, 0], [0, 1], [-1, 0], [0, 1]], 1, metric="dot")
    assert [[sorted(hit) for hit in row] for row in found.ids] == [[["a", "b"]], [["c"]], [["d"]], [["c"]]]


ITERABLES: dict[str, Callable[[list[str]], Iterable[str]]] = {
    "list": list,
    "iterator": iter,
    "generator": lambda ids: after(ids, lambda: None),
    "map": lambda ids: map(str, ids),
    "filter": lambda ids: filter(None, ids),
    "keys": lambda ids: dict.fromkeys(ids).keys(),
}


@clause("SEARCH-4", requires="search")
@every_metric
@pytest.mark.parametrize("build", ITERABLES.values(), ids=ITERABLES)
def test_every_query_of_a_batch_is_narrowed_by_within(
    make: Make, rng: np.random.Generator, metric: Any, build: Any
) -> None:
    many = Rows(make, rng.standard_normal((60, 3)))
    ids = [str(place) for place in (40, 2, 31, 59, 2, 12, 13, 14)]
    queries = rng.standard_normal((4, 3))
    for k in (3, 20):
        found = many.store.search(queries, k, metric=metric, within=build(ids))
        for place, query in enumerate(queries):
            part = hits_of(found, place)
            assert not many.wrong(query, k, metric, part, {int(one) for one in ids}), place


@clause("SEARCH-4", "SEARCH-2", requires="search")
@every_metric
def test_many_ids_within_many_vectors(make: Make, rng: np.random.Generator, metric: Any) -> None:
    rows = clustered(rng, 1400, 3)
    many = Rows(make, rows)
    far = np.argsort(exact(rows[0], rows, metric)[0])
    for among in ({*far[:150].tolist()}, {*far[-150:].tolist()}, {*range(0, 1400, 2)}):
        found = many.store.search(rows[0], 200, metric=metric, within=[str(place) for place in among])
        assert not many.wrong(rows[0], 200, metric, found, among)


@clause("SEARCH-3", requires="search")
@every_metric
@pytest.mark.parametrize("where", ["first", "last", "between"])
@pytest.mark.parametrize("axes", [1, 2], ids=["one", "batch"])
def test_nan_does_not_push_a_number_out_of_a_result_that_is_cut(
    make: Make, metric: Any, where: str, axes: int
) -> None:
    rows = np.stack([np.arange(1, 13), np.ones(12)], axis=1).astype(float)
    odd = {"first": [0, 1, 2, 3], "last": [8, 9, 10, 11], "between": [1, 4, 7, 10]}[where]
    rows[odd, 1] = np.nan
    rows[odd, 0] = odd  # NaNs that are four vectors, not one
    store = make(2)
    index = store.add_vectors(map(str, range(12)), rows).tolist()
    for k in range(1, 14):
        query = np.array([1.0, 0.5]) if axes == 1 else np.array([[9.0, 1.0], [1.0, 0.5]])
        found = store.search(query, k, metric=metric)
        hits, scores = (found.indices, found.scores) if axes == 1 else (found.indices[1], found.scores[1])
        numbers = min(k, 8)
        assert not np.isnan(scores[:numbers]).any(), k
        assert {*hits[:numbers].tolist()} <= {*index} - {index[one] for one in odd}, k
        assert hits[numbers:].tolist() == sorted(index[one] for one in odd)[: max(k - 8, 0)], k
        assert np.isnan(scores[numbers:]).all()


@clause("SEARCH-3", requires="search")
@every_metric
@pytest.mark.parametrize("k", [1, 3, 7])
def test_of_a_nan_query_the_lower_indices_are_taken(make: Make, metric: Any, k: int) -> None:
    store = make(2)
    store.add_vectors(map(str, range(9)), np.arange(18).reshape(9, 2) + 1)
    found = store.search([np.nan, 1], k, metric=metric)
    assert found.indices.tolist() == store.indices().tolist()[:k]
    assert np.isnan(found.scores).all()


@clause("SEARCH-3", requires="search")
@every_metric
def test_many_nans_come_after_many_numbers(make: Make, rng: np.random.Generator, metric: Any) -> None:
    rows = np.stack([np.arange(1300.0), rng.uniform(1, 2, 1300)], axis=1)
    odd = rng.permutation(1300)[:600]
    rows[odd, 1] = np.nan
    store = make(2)
    index = store.add_vectors(map(str, range(1300)), rows)
    hits = store.search([1, 3], 900, metric=metric).indices.tolist()
    assert {*hits[:700]} == {*index.tolist()} - {*index[odd].tolist()}
    assert hits[700:] == sorted(index[odd].tolist())[:200]
