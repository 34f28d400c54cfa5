"""SEARCH-4: which vectors compete, and what a search refuses."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from refvec import DimensionMismatchError, VectorStore

from refvec_conformance.inputs.hostile import after
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import UNITS, label


@clause("SEARCH-4", requires="search")
@pytest.mark.parametrize("shape", [(3,), (5,), (2, 3), (1, 1, 4), (), (0,)], ids=str)
def test_a_wrong_query_shape_is_a_value_error(stocked: VectorStore, shape: tuple[int, ...]) -> None:
    with refused(stocked, ValueError):
        stocked.search(np.zeros(shape))


@clause("SEARCH-4", "VEC-2", requires="search")
def test_a_query_of_the_wrong_length_is_a_mismatch(stocked: VectorStore) -> None:
    with refused(stocked, DimensionMismatchError):
        stocked.search(np.zeros(5))


@clause("SEARCH-4", requires="search")
@pytest.mark.parametrize("k", [0, -1, -(2**70)])
def test_k_below_one_is_a_value_error(stocked: VectorStore, k: int) -> None:
    with refused(stocked, ValueError):
        stocked.search(UNITS[0], k)


@clause("SEARCH-4", "INT-1", requires="search")
@pytest.mark.parametrize("k", [True, 1.0, "1", None, [1]], ids=label)
def test_k_is_an_integer(stocked: VectorStore, k: Any) -> None:
    with refused(stocked, TypeError):
        stocked.search(UNITS[0], k)


@clause("SEARCH-4", requires="search")
@pytest.mark.parametrize("metric", ["manhattan", "", "Cosine", "l2", None, 1, ["dot"]], ids=label)
def test_an_unknown_metric_is_a_value_error(stocked: VectorStore, metric: Any) -> None:
    with refused(stocked, ValueError):
        stocked.search(UNITS[0], metric=metric)


@clause("SEARCH-4", requires="search")
def test_only_vectors_that_an_id_within_references_compete(stocked: VectorStore) -> None:
    found = stocked.search(UNITS[1], within=["a", "d"])
    assert sorted(found.indices.tolist()) == sorted(stocked.get_indices(["a", "d"]).tolist())


@clause("SEARCH-4", requires="search")
def test_ids_lists_only_those_within(stocked: VectorStore) -> None:
    assert stocked.search(UNITS[0], 1, within=["b", "c"]).ids == [("b",)]


@clause("SEARCH-4", requires="search")
def test_unknown_ids_within_are_ignored(stocked: VectorStore) -> None:
    assert stocked.search(UNITS[0], within=["x", "c", "gone", ""]).ids == [("c",)]


@clause("SEARCH-4", requires="search")
def test_repeats_within_count_once(stocked: VectorStore) -> None:
    assert stocked.search(UNITS[0], within=["c", "c", "c"]).ids == [("c",)]


@clause("SEARCH-4", requires="search")
@pytest.mark.parametrize("within", [[], ["x"], iter([]), ()], ids=["list", "unknown", "iterator", "tuple"])
@pytest.mark.parametrize("query", [UNITS[0], UNITS[:2]], ids=["one", "many"])
def test_none_left_gives_no_hits(stocked: VectorStore, within: Any, query: Any) -> None:
    found = stocked.search(query, within=within)
    assert found.indices.shape == found.scores.shape == (*query.shape[:-1], 0)


@clause("SEARCH-4", requires="search")
def test_k_counts_vectors_not_ids(stocked: VectorStore) -> None:
    assert len(stocked.search(UNITS[0], 2, within=["a", "b", "c"]).indices) == 2


@clause("SEARCH-4", requires="search")
@pytest.mark.parametrize(
    "within",
    [["a", "c"], ("a", "c"), {"a": 1, "c": 2}, {"a", "c"}, np.array(["a", "c"])],
    ids=["list", "tuple", "dict", "set", "array"],
)
def test_within_is_any_iterable(stocked: VectorStore, within: Any) -> None:
    assert sorted(stocked.search(UNITS[0], within=within).ids) == [("a",), ("c",)]


@clause("SEARCH-4", requires="search")
def test_within_may_be_a_generator(stocked: VectorStore) -> None:
    assert stocked.search(UNITS[0], within=after(["c"], lambda: None)).ids == [("c",)]


@clause("SEARCH-4", "ID-1", requires="search")
def test_within_takes_uuids(store: VectorStore) -> None:
    one = uuid.UUID(int=4)
    store.add_vector(str(one), UNITS[0])
    assert store.search(UNITS[0], within=[one]).ids == [(str(one),)]


@clause("SEARCH-4", "ID-1", requires="search")
@pytest.mark.parametrize("within", ["a", b"a", 3, [None], ["a", 1]], ids=label)
def test_what_is_no_iterable_of_ids_is_a_type_error(stocked: VectorStore, within: Any) -> None:
    with refused(stocked, TypeError):
        stocked.search(UNITS[0], within=within)


@clause("SEARCH-1", requires="search")
def test_ids_of_a_hit_are_those_of_ids_at(stocked: VectorStore) -> None:
    stocked.upsert_vector("d", UNITS[0])
    index = stocked.get_index("a")
    assert sorted(stocked.search(UNITS[0], 1).ids[0]) == sorted(stocked.ids_at(index))  # type: ignore[arg-type]
