"""THREAD-2 and ATOM-3: who may run during a long call, and what does not run when ids are compared."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np
from refvec import VectorStore

from refvec_conformance.inputs.hostile import Elsewhere
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.concurrency import give_way, switching, together
from refvec_conformance.probes.fixtures import UNITS, Make

TICKS = 40  # more than a thread gets at the edges of a call that holds the interpreter
LARGEST = 2**17


class Nosy(str):
    """An id whose comparison is code of the caller."""

    __slots__ = ("visit",)
    visit: Elsewhere

    def __hash__(self) -> int:
        self.visit()
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        self.visit()
        return str.__eq__(self, other)


class NosyUUID(UUID):
    """The same as a UUID."""

    calls = 0

    def __str__(self) -> str:
        type(self).calls += 1
        return super().__str__()

    __hash__ = UUID.__hash__

    def __eq__(self, other: object) -> bool:
        type(self).calls += 1
        return super().__eq__(other)


@clause("ATOM-3", "ID-1")
def test_comparing_ids_runs_no_code_of_the_caller(stocked: VectorStore) -> None:
    nosy = Nosy("a")
    nosy.visit = Elsewhere(stocked.snapshot)
    assert nosy in stocked
    assert stocked.get_index(nosy) == stocked.get_index("b")
    stocked.upsert_vectors([nosy, "a"], UNITS[:2])
    stocked.remove_vectors([nosy, "b"])
    stocked.add_vector(nosy, UNITS[0])
    assert nosy.visit.visits == 0


@clause("ATOM-3", "ID-1")
def test_comparing_uuids_runs_no_code_of_the_caller(store: VectorStore) -> None:
    nosy = NosyUUID(int=7)
    store.add_vector(nosy, UNITS[0])
    store.remove_vectors([nosy, UUID(int=7)])
    assert NosyUUID.calls == 0


def ticks_during(call: Callable[[], Any]) -> int:
    """Return how often another thread ran while the call did; it hands back each time."""
    ticks, begun, done = 0, threading.Event(), threading.Event()

    def tick() -> None:
        nonlocal ticks
        begun.set()
        while not done.is_set():
            ticks += 1
            give_way()

    ticker = threading.Thread(target=tick, daemon=True)
    with switching(1e-5):
        ticker.start()
        begun.wait()
        before = ticks
        call()
        found = ticks - before
        done.set()
        ticker.join()
    return found


def lets_others_run(work: Callable[[int], Callable[[], Any]], largest: int = LARGEST) -> bool:
    """Give the call more and more work until another thread has run often enough meanwhile."""
    size = 2**9
    while size <= largest:
        call = work(size)
        if ticks_during(call) >= TICKS:
            return True
        size *= 4
    return False


@clause("THREAD-2", requires="thread_safe")
def test_long_batches_let_other_threads_run(make: Make) -> None:
    def work(size: int) -> Callable[[], Any]:
        rows = np.random.default_rng(size).standard_normal((size, 32), np.float32)
        ids = [f"{n}" for n in range(size)]
        store = make(32)
        return lambda: store.add_vectors(ids, rows)

    assert lets_others_run(work)


@clause("THREAD-2", requires="thread_safe")
def test_long_reads_let_other_threads_run(make: Make, target: Target) -> None:
    def work(size: int) -> Callable[[], Any]:
        rows = np.random.default_rng(size).standard_normal((size, 32), np.float32)
        ids = [f"{n}" for n in range(size)]
        store = make(32)
        store.add_vectors(ids, rows)
        if target.capabilities.search:
            return lambda: store.search(rows[:100], 5)
        return lambda: store.get_vectors(ids)

    # A search of so many queries takes long enough on many cores, and not for ever in Python.
    assert lets_others_run(work, LARGEST // 4 if target.capabilities.search else LARGEST)


@clause("THREAD-2", requires="thread_safe")
def test_waiting_for_a_long_call_blocks_nobody_else(make: Make) -> None:
    store = make(32)
    rows = np.random.default_rng(0).standard_normal((2**12, 32), np.float32)
    ids = [f"{n}" for n in range(len(rows))]

    def write() -> None:
        for _ in range(3):
            store.upsert_vectors(ids, rows)
            store.remove_vectors(ids)

    def read() -> None:
        for _ in range(50):
            store.get_vector("0")

    ended: list[Any] = []
    ticks = ticks_during(lambda: ended.extend(together(write, read, read)))
    assert ended == [None, None, None]
    assert ticks > 0
