"""SEARCH: the form of a search and of its result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from refvec import SearchResult, UnsupportedError, VectorStore

from refvec_conformance.inputs.layouts import LAYOUTS
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import UNITS, Make, label
from refvec_conformance.probes.outcomes import bits, frozen
from refvec_conformance.probes.work import work_of
from refvec_conformance.tests.helpers import every_metric


@clause("SEARCH-1", tier="smoke", requires="search")
def test_the_nearest_vector_comes_first(stocked: VectorStore) -> None:
    assert stocked.search([0, 1, 0.1, 0], 2).indices.tolist() == stocked.get_indices(["c", "d"]).tolist()


@clause("PLUGIN-3", "ATOM-1", requires="!search")
def test_search_that_is_not_declared_is_refused(stocked: VectorStore) -> None:
    with refused(stocked, UnsupportedError):
        stocked.search(UNITS[0])


@clause("SEARCH-1", requires="search")
def test_the_result_is_a_named_tuple_of_three(stocked: VectorStore) -> None:
    found = stocked.search(UNITS[0])
    assert (isinstance(found, SearchResult), found._fields) == (True, ("indices", "scores", "ids"))


@clause("SEARCH-1", requires="search")
@pytest.mark.parametrize("queries", [None, 0, 1, 3])
@pytest.mark.parametrize("field", ["indices", "scores", "ids"])
def test_shapes(stocked: VectorStore, queries: int | None, field: str) -> None:
    query = UNITS[0] if queries is None else np.tile(UNITS[0], (queries, 1))
    found = getattr(stocked.search(query, 2), field)
    if field == "ids":
        assert [len(row) for row in found] == ([2] * queries if queries is not None else [2, 1])
    else:
        assert found.shape == ((2,) if queries is None else (queries, 2))


@clause("SEARCH-1", requires="search")
@pytest.mark.parametrize("queries", [None, 0, 2])
@pytest.mark.parametrize(("field", "dtype"), [("indices", np.int64), ("scores", np.float32)])
@pytest.mark.parametrize("fill", [True, False], ids=["stocked", "empty"])
def test_dtypes(make: Make, queries: int | None, field: str, dtype: Any, fill: bool) -> None:
    store = make(4)
    if fill:
        store.add_vectors(["a", "b"], UNITS[:2])
    query = UNITS[0] if queries is None else np.tile(UNITS[0], (queries, 1))
    assert getattr(store.search(query), field).dtype == dtype


@clause("SEARCH-1", requires="search")
def test_many_queries_give_what_each_gives_alone(make: Make, rng: np.random.Generator) -> None:
    store = make(3)
    store.add_vectors(map(str, range(40)), rng.integers(-5, 6, (40, 3)))
    queries = rng.integers(-5, 6, (9, 3))
    found = store.search(queries, 7, metric="dot")
    for row, query in enumerate(queries):
        alone = store.search(query, 7, metric="dot")
        assert (found.indices[row].tolist(), found.ids[row]) == (alone.indices.tolist(), alone.ids)


@clause("SEARCH-1", requires="search")
@pytest.mark.parametrize(("k", "hits"), [(1, 1), (2, 2), (3, 3), (4, 3), (10**6, 3), (2**64, 3), (2**70, 3)])
def test_there_are_min_of_k_and_candidates_hits(stocked: VectorStore, k: int, hits: int) -> None:
    assert len(stocked.search(UNITS[0], k).indices) == hits


@clause("SEARCH-1", requires="search")
def test_k_is_ten_by_default(make: Make) -> None:
    store = make(1)
    store.add_vectors(map(str, range(30)), np.arange(30)[:, None])
    assert len(store.search([1], metric="euclidean").indices) == 10


@clause("SEARCH-1", requires="search")
def test_cosine_is_the_default_metric(stocked: VectorStore) -> None:
    assert frozen(stocked.search([2, 1, 0, 0])) == frozen(stocked.search([2, 1, 0, 0], metric="cosine"))


@clause("SEARCH-1", requires="search")
@pytest.mark.parametrize("query", [UNITS[0], UNITS[:2]], ids=["one", "many"])
def test_the_search_of_an_empty_store_has_no_hits(store: VectorStore, query: Any) -> None:
    found = store.search(query)
    assert found.indices.shape == found.scores.shape == (*query.shape[:-1], 0)


@clause("SEARCH-1", requires="search")
def test_ids_are_the_tuple_of_those_that_share_the_vector(stocked: VectorStore) -> None:
    found = stocked.search(UNITS[0], 1).ids
    assert (type(found), type(found[0]), sorted(found[0])) == (list, tuple, ["a", "b"])


@clause("SEARCH-1", requires="search")
def test_a_removed_vector_is_no_hit(stocked: VectorStore) -> None:
    stocked.remove_vector("c")
    assert sorted(sorted(one) for one in stocked.search(UNITS[1], 5).ids) == [["a", "b"], ["d"]]


@clause("SEARCH-1", "VEC-4", requires="search")
@pytest.mark.parametrize("field", ["indices", "scores"])
@pytest.mark.parametrize("flag", ["writeable", "c_contiguous"])
def test_the_arrays_of_a_result_are_the_callers_own(stocked: VectorStore, field: str, flag: str) -> None:
    assert getattr(getattr(stocked.search(UNITS[0], 2), field).flags, flag)


@clause("SEARCH-2", requires="search")
@pytest.mark.parametrize(("metric", "score"), [("cosine", 0.6), ("dot", 6.0), ("euclidean", 17**0.5)])
def test_what_the_metrics_are(make: Make, metric: Any, score: float) -> None:
    store = make(2)
    store.add_vector("a", [2, 0])
    assert store.search([3, 4], metric=metric).scores.tolist() == pytest.approx([score], rel=1e-6)


@clause("SEARCH-2", requires="search")
@pytest.mark.parametrize(("metric", "order"), [("cosine", "bca"), ("dot", "cba"), ("euclidean", "abc")])
def test_which_score_is_better(make: Make, metric: Any, order: str) -> None:
    store = make(2)
    store.add_vectors(["a", "b", "c"], [[1, 1], [3, 0], [9, 2]])
    assert "".join(one[0] for one in store.search([1, 0], metric=metric).ids) == order


@clause("SEARCH-2", requires="search")
@every_metric
def test_every_candidate_is_compared(make: Make, rng: np.random.Generator, metric: Any) -> None:
    rows = rng.integers(-9, 10, (4200, 2)) + np.array([[20, 0]])
    store = make(2, precision="exact")
    store.add_vectors(map(str, range(4200)), rows)
    for place in (0, 1, 4095, 4096, 4199):
        store.upsert_vector(str(place), [0, 1000 + place])
        assert store.search([0, 1000 + place], 1, metric="euclidean").ids == [(str(place),)]


@clause("SEARCH-2", requires="search")
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_query_is_converted_as_a_vector_is(stocked: VectorStore, layout: Any) -> None:
    query = np.array([3, 1, 2, 0], np.float32)
    assert frozen(stocked.search(layout(query))) == frozen(stocked.search(query))


@clause("SEARCH-2", "VEC-1", requires="search")
@pytest.mark.parametrize(
    "query", [[True] * 4, [1j] * 4, ["1"] * 4, [None] * 4, np.ma.zeros(4), None, "abcd"], ids=label
)
def test_a_query_of_another_kind_is_a_type_error(stocked: VectorStore, query: Any) -> None:
    with refused(stocked, TypeError):
        stocked.search(query)


@clause("SEARCH-2", "VEC-3", requires="search")
def test_a_query_beyond_float32_is_a_value_error(stocked: VectorStore) -> None:
    with refused(stocked, ValueError):
        stocked.search([1e39, 0, 0, 0])


@clause("SEARCH-2", requires="search")
def test_the_query_is_not_changed(stocked: VectorStore) -> None:
    query = np.array([3, 1, 2, 0], np.float32)
    stocked.search(query)
    assert bits(query) == bits(np.array([3, 1, 2, 0], np.float32))


@clause("SEARCH-1", since="1.1", requires="search")
@pytest.mark.parametrize("within", [None, ["a", "d"]], ids=["all", "within"])
@pytest.mark.parametrize("query", [UNITS[0], UNITS[:2], UNITS[:0]], ids=["1-D", "2-D", "no query"])
def test_without_ids_the_hits_are_the_same(stocked: VectorStore, query: Any, within: Any) -> None:
    found = stocked.search(query, 2, within=within, with_ids=False)
    full = stocked.search(query, 2, within=within)
    assert found.ids is None
    assert frozen(found[:2]) == frozen(full[:2])
    assert full.ids is not None


@clause("SEARCH-1", "ATOM-2", requires="search")
def test_hits_of_one_vector_share_one_tuple(stocked: VectorStore) -> None:
    ids = stocked.search(UNITS[[0, 0, 1]], 3).ids
    assert ids is not None
    assert ids[0][0] is ids[1][0]
    assert ids[0][0] is next(one for one in ids[2] if len(one) == 2)


@clause("SEARCH-1", "ATOM-2", requires="search")
@pytest.mark.parametrize("within", [False, True])
def test_a_much_shared_hit_takes_memory_once(make: Make, within: bool) -> None:
    store, ids = make(4), [str(one) for one in range(20_000)]
    store.add_vectors(ids, np.ones((len(ids), 4), np.float32))
    allowed = ids if within else None
    once, often = (
        work_of(lambda count=count: store.search(np.ones((count, 4)), 1, within=allowed)).allocated  # type: ignore[misc]
        for count in (1, 20)
    )
    assert often < once + 8 * len(ids)
