"""ATOM-2: what is too large is refused before it is allocated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from refvec import VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused


@clause("ATOM-2")
@pytest.mark.parametrize("method", ["get_vectors_by_indices", "get_refcounts"])
def test_millions_of_bad_indices_are_refused_at_the_first(stocked: VectorStore, method: str) -> None:
    with refused(stocked, IndexError) as caught:
        getattr(stocked, method)(np.full(3_000_000, 2**40))
    assert caught.value.position == 0


@clause("ATOM-2")
def test_a_broadcast_batch_of_exabytes_is_refused_before_it_is_allocated(stocked: VectorStore) -> None:
    huge = np.broadcast_to(np.float32(1), (2**50, 5))
    with refused(stocked, ValueError):
        stocked.add_vectors(["x"], huge)


@clause("ATOM-2")
def test_a_broadcast_vector_of_exabytes_is_refused_before_it_is_allocated(stocked: VectorStore) -> None:
    with refused(stocked, ValueError):
        stocked.add_vector("x", np.broadcast_to(np.float32(1), (2**50,)))


@clause("ATOM-2")
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8])
def test_memory_that_cannot_be_had_is_a_memory_error(stocked: VectorStore, dtype: Any) -> None:
    """The width is right, so that only the memory is wrong; differing lengths may be noticed first."""
    with refused(stocked, (MemoryError, ValueError)):
        stocked.add_vectors(["x"], np.broadcast_to(dtype(1), (2**50, 4)))


@clause("ATOM-2", requires="search")
def test_a_search_for_exabytes_of_queries_is_a_memory_error(stocked: VectorStore) -> None:
    with refused(stocked, (MemoryError, ValueError)):
        stocked.search(np.broadcast_to(np.float32(1), (2**50, 4)))
