"""GET-9: going through a store in batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from refvec import VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import UNITS, Make, label
from refvec_conformance.probes.outcomes import bits
from refvec_conformance.tests.helpers import at


@clause("GET-9")
@pytest.mark.parametrize("size", [1, 2, 3, 4, 1024, 2**40, 2**70, np.int8(2)], ids=label)
def test_iter_batches_covers_the_store(stocked: VectorStore, size: Any) -> None:
    found = [index for indices, _ in stocked.iter_batches(size) for index in indices.tolist()]
    assert found == stocked.indices().tolist()


@clause("GET-9")
@pytest.mark.parametrize(("size", "lengths"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (9, [3])])
def test_no_batch_is_larger_than_asked_for(stocked: VectorStore, size: int, lengths: list[int]) -> None:
    assert [len(indices) for indices, _ in stocked.iter_batches(size)] == lengths


@clause("GET-9")
def test_a_batch_holds_the_vectors_at_its_indices(stocked: VectorStore) -> None:
    for indices, vectors in stocked.iter_batches(2):
        assert bits(vectors) == bits(stocked.get_vectors_by_indices(indices))


@clause("GET-9")
@pytest.mark.parametrize("size", [0, -1, -(2**70)])
def test_a_batch_size_below_one_is_a_value_error(stocked: VectorStore, size: int) -> None:
    with refused(stocked, ValueError):
        next(iter(stocked.iter_batches(size)), None)


@clause("GET-9", "INT-1")
@pytest.mark.parametrize("size", [True, 1.0, "1", None], ids=label)
def test_a_batch_size_is_an_integer(stocked: VectorStore, size: Any) -> None:
    with refused(stocked, TypeError):
        next(iter(stocked.iter_batches(size)), None)


@clause("GET-9")
def test_what_is_added_later_is_not_visited(stocked: VectorStore) -> None:
    batches = stocked.iter_batches(1)
    before = stocked.indices().tolist()
    stocked.add_vector("e", UNITS[3])
    assert [index for indices, _ in batches for index in indices.tolist()] == before


@clause("GET-9")
def test_what_is_removed_meanwhile_is_left_out(stocked: VectorStore) -> None:
    batches = stocked.iter_batches(1)
    next(batches)
    gone = at(stocked, "d")[0]
    stocked.remove_vector("d")
    assert gone not in [index for indices, _ in batches for index in indices.tolist()]


@clause("GET-9")
def test_iterating_an_empty_store_gives_nothing(store: VectorStore) -> None:
    assert list(store.iter_batches()) == []


@clause("GET-9")
def test_the_default_batch_holds_1024(make: Make) -> None:
    store = make(1)
    store.add_vectors(map(str, range(1025)), np.arange(1025)[:, None])
    assert [len(indices) for indices, _ in store.iter_batches()] == [1024, 1]
