"""Code that runs in the middle of a call of its own thread, and calls the store (ATOM-3, THREAD-1).

Run as a program, ``python -m refvec_conformance.probes.reentry BACKEND WAY SEED``, it has
finalisers, callbacks, signal handlers or a profiler look at the store and change
it during every method, and fails at the first thing that is not whole.
"""

from __future__ import annotations

import copy
import faulthandler
import gc
import signal
import sys
import weakref
from collections.abc import Callable, Iterator
from random import Random
from types import FrameType
from typing import Any

import numpy as np
from refvec import VectorStore

from ..judging.target import Target, resolved

PATIENCE = 60  # seconds until the process counts as deadlocked
SIZE = 12  # ids of a batch
# On a fast machine a call is over before many signals come: rounds are made until there were enough visits.
ENOUGH, LEAST_ROUNDS, MOST_ROUNDS = 100, 3, 60
SKIPPED = 0.97  # of the visits to a store in servers: each takes messages, and there are thousands in a round
IDS = [f"batch {one}" for one in range(SIZE)]


def row_of(chunk_id: str, version: int) -> Any:
    """Return the vector of an id; two neighbours share theirs."""
    word, number = chunk_id.split()
    return np.array([len(word), int(number) // 2, version, 1], np.float32)


def rows_of(ids: list[str], version: int) -> Any:
    """Return the vectors of ids."""
    return np.array([row_of(one, version) for one in ids])


def check(store: VectorStore) -> None:
    """Fail unless every id has its own vector, and the batch is there in one version, wholly or not at all.

    Where a batch is one operation for each item, only the first counts.
    """
    seen = store.snapshot()
    place = {index: position for position, index in enumerate(seen.indices.tolist())}
    rows = [seen.vectors[place[index]] for index in seen.id_indices.tolist()]
    for chunk_id, row in zip(seen.ids, rows, strict=True):
        assert row.tobytes() == row_of(chunk_id, int(row[2])).tobytes(), f"{chunk_id!r} has {row}"
    if not store.capabilities.atomic_batch:
        return
    versions = [int(row[2]) for one, row in zip(seen.ids, rows, strict=True) if one.startswith("batch ")]
    assert len(versions) in (0, SIZE), f"{len(versions)} of a batch of {SIZE} are there"
    assert len(set(versions)) <= 1, f"of one batch there are the versions {set(versions)}"


class Visitor:
    """Looks at a store in the middle of a call, and changes it a few times a call.

    Attributes
    ----------
    visits : int
        How often it was there.
    """

    def __init__(self, store: VectorStore, random: Random) -> None:
        self._store, self._random = store, random
        self._shared = store.capabilities.networked
        self._inside = False
        self._changes = 0
        self.visits = 0
        self.errors: list[BaseException] = []

    def expect(self) -> None:
        """Get ready for a call; it must not be overtaken for ever."""
        self._changes = 3

    def __call__(self, *_: Any) -> None:
        """Visit; an error is kept, since nobody hears of it where finalisers raise."""
        if self._inside or (self._shared and self._random.random() < SKIPPED):
            return
        self._inside = True
        try:
            self._visit()
        except BaseException as error:
            self.errors.append(error)
        finally:
            self._inside = False

    def _visit(self) -> None:
        self.visits += 1
        store, number = self._store, self._random.randrange(9)
        check(store)
        size = store._size()
        # NET-2: looks at many slots are not one moment.
        assert size.unique <= size.references or self._shared
        known = store.get_vector(IDS[0])
        assert known is None or known[1] == 0
        if self._changes and self._random.random() < 0.3:
            self._changes -= 1
            one = f"visitor {number}"
            store.upsert_vector(one, row_of(one, self._random.randrange(2)))
            store.remove_vectors([f"visitor {(number + 4) % 9}", f"visitor {(number + 5) % 9}"])
            check(store)


def calls(target: Target, store: VectorStore) -> Iterator[Callable[[], object]]:
    """Yield every method, the batch being written, read, replaced and removed."""
    yield lambda: store.add_vectors(IDS, rows_of(IDS, 0))
    yield lambda: store.get_vectors(IDS)
    yield lambda: store.get_indices(IDS)
    yield lambda: store.upsert_vectors(IDS, rows_of(IDS, 1))
    yield lambda: check(store)
    yield lambda: [store.ids(), store.indices(), store.get_all_vectors(), store.get_statistics(), repr(store)]
    yield lambda: [store.ids_at(index) for index in store.get_indices(IDS)]
    yield lambda: [store.get_refcounts(store.get_indices(IDS)), store.get_index(IDS[0]), IDS[0] in store]
    yield lambda: store.get_vectors_by_indices(store.get_indices(IDS))
    yield lambda: [store.find_vector(row) for row in rows_of(IDS, 1)]
    yield lambda: list(store.iter_batches(3))
    yield lambda: check(copy.copy(store))
    if target.capabilities.search:
        yield lambda: store.search(rows_of(IDS, 1), 5)
        yield lambda: store.search(row_of(IDS[0], 1), 5, within=IDS)
    for number in range(3):
        one = f"single {number}"
        yield lambda one=one: store.add_vector(one, row_of(one, 0))  # type: ignore[misc]
        yield lambda one=one: store.upsert_vector(one, row_of(one, 1))  # type: ignore[misc]
        yield lambda one=one: store.get_vector(one)  # type: ignore[misc]
    yield lambda: [store.remove_vector(f"single {number}") for number in range(3)]
    yield lambda: store.remove_vectors(IDS)
    yield lambda: store.add_vectors(IDS, rows_of(IDS, 2))
    yield store.clear


class Garbage:
    """A cycle that visits when it is collected, and leaves another behind."""

    def __init__(self, visit: Callable[[], None]) -> None:
        self.visit, self.me = visit, self

    def __del__(self) -> None:
        if Garbage.wanted:
            self.visit()
            Garbage(self.visit)

    wanted = True


class Watched:
    """A cycle that a weak reference watches."""

    def __init__(self) -> None:
        self.me = self


def by_finalisers(visitor: Visitor, call: Callable[[], object], number: int) -> None:
    """Call while garbage is collected at nearly every allocation."""
    Garbage.wanted = True
    Garbage(visitor)
    gc.set_threshold(1 + number % 3)
    try:
        call()
    finally:
        gc.set_threshold(0)
        Garbage.wanted = False
        gc.collect()


def by_callbacks(visitor: Visitor, call: Callable[[], object], number: int) -> None:
    """Call while weak references are told of what they watched."""
    kept = []

    def watch(*_: Any) -> None:
        kept.append(weakref.ref(Watched(), told))

    def told(*_: Any) -> None:
        visitor()
        watch()

    watch()
    gc.set_threshold(1 + number % 3)
    try:
        call()
    finally:
        gc.set_threshold(0)
        kept.clear()


def by_signals(visitor: Visitor, call: Callable[[], object], number: int) -> None:
    """Call while a handler is run again and again, each time a moment after the last."""
    moment, over = 2e-5 * (1 + number % 7), False

    def handle(*_: Any) -> None:
        if not over:
            visitor()
            signal.setitimer(signal.ITIMER_REAL, moment)

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, moment)
    try:
        call()
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)


def by_profiler(visitor: Visitor, call: Callable[[], object], number: int) -> None:
    """Call while a profiler visits at every so many calls and returns."""
    left = step = 1 + number % 5

    def profile(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            left = step
            visitor()

    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(None)


WAYS: dict[str, Callable[[Visitor, Callable[[], object], int], None]] = {
    "finalisers": by_finalisers,
    "callbacks": by_callbacks,
    "signals": by_signals,
    "profiler": by_profiler,
}


def visited(target: Target, way: str, random: Random) -> int:
    """Make every call with visits in a way, round after round until there were enough; return how many."""
    visits = 0
    for number in range(MOST_ROUNDS):
        if number >= LEAST_ROUNDS and visits > ENOUGH:
            break
        visits += _round(target, way, random, number)
    return visits


def _round(target: Target, way: str, random: Random, number: int) -> int:
    store = target.open(4, 1)
    visitor = Visitor(store, random)
    for call in calls(target, store):
        visitor.expect()
        WAYS[way](visitor, call, number)
        check(store)
        for error in visitor.errors:
            raise error
    return visitor.visits


def main(spelling: str, way: str, seed: str) -> None:
    """Print how many visits there were, all of them to a store that was whole."""
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    with resolved(spelling) as target:
        print(visited(target, way, Random(seed)))


if __name__ == "__main__":
    main(*sys.argv[1:])
