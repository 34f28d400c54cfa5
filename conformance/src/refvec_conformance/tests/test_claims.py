"""PLUGIN-3: what a backend declares, it can do."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from refvec import StoreFullError, VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.concurrency import jostled, must, switching, together
from refvec_conformance.probes.fixtures import UNITS, Make

FEW = 4096  # a limit that a test can reach


@clause("PLUGIN-3", "SEARCH-1", requires="search")
def test_who_declares_search_finds(stocked: VectorStore) -> None:
    assert stocked.search(UNITS[1], 1).ids == [("c",)]


@clause("PLUGIN-3", "INDEX-1", requires="dense_indices")
def test_who_declares_dense_indices_leaves_none_out(store: VectorStore) -> None:
    assert store.add_vectors(["a", "b", "c"], UNITS[:3]).tolist() == [0, 1, 2]
    store.remove_vector("b")
    assert store.add_vectors(["d", "e"], [UNITS[3], [1, 1, 1, 1]]).tolist() == [1, 3]


@clause("PLUGIN-3", "GET-5", requires="ordered_ids")
def test_who_declares_ordered_ids_keeps_their_order(store: VectorStore) -> None:
    store.add_vectors(["z", "a", "m"], UNITS[[0, 0, 1]])
    assert store.ids() == ["z", "a", "m"]
    index = store.get_index("z")
    assert index is not None
    assert store.ids_at(index) == ["z", "a"]


@clause("PLUGIN-3", "THREAD-1", requires="thread_safe")
def test_who_declares_thread_safe_lets_one_of_many_adds_win(make: Make, seed: int) -> None:
    store = make(4)
    with switching(1e-6), jostled(Random(seed)):
        for turn in range(20):
            jobs = [lambda n=n, turn=turn: store.add_vector(f"{turn}", [n, 0, 0, 0]) for n in range(3)]
            kinds = sorted(type(result).__name__ for result in together(*jobs))
            assert kinds == ["DuplicateIdError"] * 2 + ["int"]


@clause("PLUGIN-3", "THREAD-1", requires="atomic_batch")
def test_who_declares_atomic_batch_shows_no_half_of_one(make: Make, seed: int) -> None:
    store, ids = make(4), [f"{n}" for n in range(16)]

    def write() -> None:
        for _ in range(20):
            store.add_vectors(ids, np.arange(64).reshape(16, 4))
            store.remove_vectors(ids)

    def read() -> set[int]:
        return {store.total_references for _ in range(200)}

    with switching(1e-5), jostled(Random(seed)):
        _, found = must(together(write, read))
    assert found <= {0, 16}


@clause("PLUGIN-3", "OPEN-5", requires="durable")
def test_who_declares_durable_reopens_what_was_stored(target: Target, tmp_path: Path) -> None:
    path = tmp_path / "parent" / "store"
    with target.open(4, path=path) as store:
        assert path.is_dir()
        store.add_vector("a", UNITS[0])
    with target.open(path=path) as store:
        assert store.ids() == ["a"]


@clause("PLUGIN-3", "COUNT-2")
def test_who_declares_a_limit_of_vectors_keeps_it(target: Target) -> None:
    limit = target.capabilities.max_vectors
    if limit is None or limit > FEW:
        return  # out of reach: nothing to see
    store = target.open(1)
    store.add_vectors([f"{n}" for n in range(limit)], np.arange(limit)[:, None])
    with refused(store, StoreFullError):
        store.add_vectors(["more", "and more"], [[-1], [-2]])
    assert store.add_vector("shared", [0]) == store.get_index("0")


@clause("PLUGIN-3", "OPEN-2")
def test_who_declares_a_limit_of_the_dimension_keeps_it(target: Target) -> None:
    limit = target.capabilities.max_dimension
    with pytest.raises(ValueError, match=str(limit)):
        target.open(limit + 1)
