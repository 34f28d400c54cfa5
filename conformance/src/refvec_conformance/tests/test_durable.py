"""DUR-1: whatever was flushed is there again, and nothing else."""

from __future__ import annotations

import copy
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import (
    DuplicateIdError,
    VectorStore,
)

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.concurrency import must, together
from refvec_conformance.probes.durability import flushes, held, kept
from refvec_conformance.probes.fixtures import UNITS, Budget
from refvec_conformance.probes.journals import step

from .helpers import stock


@clause("DUR-1", "INDEX-3", "GET-5", requires="durable")
def test_whatever_was_flushed_is_there_again(target: Target, place: Path, seed: int) -> None:
    for turn in range(6):
        store = target.open(2, 2, path=place)
        for wanted in flushes(store, seed + turn, 5):
            assert kept(target, place) == wanted
        store.close()
        assert kept(target, place) == wanted


@clause("DUR-1", requires="durable")
@pytest.mark.parametrize("precision", [0, 7, "exact"])
def test_every_bit_of_every_row_is_there_again(
    target: Target, place: Path, rng: np.random.Generator, precision: Any
) -> None:
    rows = rng.integers(0, 2**32, (300, 5), np.uint32).view(np.float32)
    with target.open(5, path=place, precision=precision) as store:
        store.upsert_vectors([f"{n}" for n in range(300)], rows)
        wanted = held(store)
    with target.open(path=place) as store:
        assert (held(store), store.precision) == (wanted, precision)


@clause("DUR-1", requires="durable")
@pytest.mark.parametrize("ids", [["", "\0", "é\u200b", "\U0001f600", "a" * 70_000, "A"]])
def test_every_id_is_there_again(target: Target, place: Path, ids: list[str]) -> None:
    with target.open(4, path=place) as store:
        store.add_vectors(ids, UNITS[[0] * len(ids)])
    with target.open(path=place) as store:
        assert store.ids() == store.ids_at(0) == ids


@clause("DUR-1", tier="standard", requires="durable")
def test_many_flushes_and_large_ones(target: Target, place: Path, rng: np.random.Generator) -> None:
    # More events than a log may hold, so that they are put together.
    ids, rows = [f"id {n}" for n in range(12_000)], rng.standard_normal((12_000, 3), np.float32)
    store = target.open(3, path=place)
    for order in (rng.permutation(12_000), rng.permutation(12_000)):
        for part in np.array_split(order, 4):
            store.upsert_vectors([ids[one] for one in part], rows[part])
            store.flush()
        store.remove_vectors(ids[:5000])
        store.flush()
        assert kept(target, place) == held(store)
    store.clear()
    store.close()
    assert kept(target, place)["ids"] == []


@clause("DUR-1", "THREAD-1", "THREAD-2", tier="standard", requires="durable")
def test_threads_may_write_while_others_flush(
    target: Target, place: Path, rng: np.random.Generator, budget: Budget
) -> None:
    store, over = target.open(2, 2, path=place), threading.Event()
    draws = [np.random.default_rng(rng.integers(2**32)) for _ in range(2)]

    def write(draw: np.random.Generator) -> None:
        for _ in range(budget(200)):
            step(draw, store)

    def writes() -> None:
        try:
            assert must(together(*[lambda draw=draw: attempted(write, draw) for draw in draws]))
        finally:
            over.set()

    def flush() -> None:
        while not over.is_set():
            store.flush()
            kept(target, place)

    must(together(writes, flush, flush))
    store.flush()
    assert kept(target, place) == held(store)


def attempted(write: Any, draw: np.random.Generator) -> bool:
    """Write; an id that another thread has added meanwhile is no reason to stop."""
    while True:
        try:
            write(draw)
        except DuplicateIdError:
            continue
        return True


@clause("DUR-1", "DUR-2", requires="durable")
def test_what_was_not_flushed_is_not_seen(target: Target, place: Path) -> None:
    store = stock(target, place)
    wanted = held(store)
    store.upsert_vectors(["a", "d"], UNITS[[2, 3]])
    assert kept(target, place) == wanted
    store.close(flush=False)
    assert store.closed
    assert kept(target, place) == wanted


@clause("SAVE-2", requires="durable")
@pytest.mark.parametrize("mode", ["a", "r"])
@pytest.mark.parametrize("double", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_durable_store_cannot_be_doubled(target: Target, place: Path, mode: str, double: Any) -> None:
    stock(target, place).close()
    with target.open(path=place, mode=mode) as store, pytest.raises(TypeError, match="save"):
        double(store)


@clause("SAVE-1", requires="durable")
@pytest.mark.parametrize("mode", ["a", "r"])
def test_a_durable_store_is_saved_into_one_file(target: Target, place: Path, mode: str) -> None:
    stock(target, place).close()
    with target.open(path=place, mode=mode) as store:
        store.save(place.with_name("saved"))
        wanted = held(store)
    assert held(VectorStore.load(place.with_name("saved"), backend=target.name)) == wanted


@clause("DUR-2", "ATOM-1", requires="durable")
def test_errors_of_calls_are_as_in_memory(target: Target, place: Path) -> None:
    with stock(target, place) as store:
        before = held(store)
        with pytest.raises(DuplicateIdError):
            store.add_vectors(["d", "a"], UNITS[:2])
        assert held(store) == before
    assert kept(target, place) == before
