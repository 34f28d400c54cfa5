"""COUNT-1, COUNT-2, ATOM-2: what must not cost more in a larger store, or for a larger number."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refvec import VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.probes.work import disproportion, growth, work_of

COUNTS: dict[str, Callable[[VectorStore], int]] = {
    "len": len,
    "count": lambda store: store.count,
    "total_references": lambda store: store.total_references,
}
MODEST = 2**20  # bytes: far above what a small store needs, far below what is asked for
HUGE = [2**40, sys.maxsize, 2**63, 2**70]


def filled(make: Make, size: int) -> VectorStore:
    store = make(4)
    rows = np.zeros((size, 4), np.float32)
    rows[:, 0] = np.arange(size) // 2
    store.add_vectors([f"{n}" for n in range(size)], rows)
    return store


@clause("COUNT-1")
@pytest.mark.parametrize("name", COUNTS)
def test_counting_costs_the_same_in_a_larger_store(make: Make, name: str) -> None:
    count = COUNTS[name]

    def work(size: int) -> Any:
        store = filled(make, size)
        return lambda: count(store)

    found = growth(work)
    assert disproportion(found) == []


@clause("COUNT-2")
@pytest.mark.parametrize("capacity", [10**6, 2**31 - 1])
def test_capacity_is_no_promise_of_memory(make: Make, capacity: int) -> None:
    found = work_of(lambda: make(4, capacity).add_vector("a", UNITS[0]))
    assert found.allocated < MODEST, found


@clause("ATOM-2", "SEARCH-4", requires="search")
@pytest.mark.parametrize("k", HUGE)
def test_a_huge_k_costs_no_more_than_there_is_to_find(stocked: VectorStore, k: int) -> None:
    found = work_of(lambda: stocked.search(UNITS[0], k))
    assert found.allocated < MODEST, found
    assert len(stocked.search(UNITS[0], k).indices) == 3


@clause("ATOM-2", "GET-9")
@pytest.mark.parametrize("size", HUGE)
def test_a_huge_batch_size_costs_no_more_than_there_is(stocked: VectorStore, size: int) -> None:
    found = work_of(lambda: list(stocked.iter_batches(size)))
    assert found.allocated < MODEST, found
    assert [len(indices) for indices, _ in stocked.iter_batches(size)] == [3]


@clause("ATOM-2")
@pytest.mark.parametrize("index", [*HUGE, -1, -(2**70)])
def test_a_huge_index_costs_no_more_than_a_small_one(stocked: VectorStore, index: int) -> None:
    def ask() -> None:
        with pytest.raises(IndexError):
            stocked.get_vectors_by_indices([index])

    assert work_of(ask).allocated < MODEST
