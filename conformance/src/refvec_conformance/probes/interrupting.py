"""Interrupts by real signals at any moment (ATOM-1).

Run as a program, ``python -m refvec_conformance.probes.interrupting BACKEND SEED COUNT``, it prints
how many of so many calls were interrupted, each of which happened wholly or not at all.
"""

from __future__ import annotations

import faulthandler
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

import numpy as np
from refvec import VectorStore

from ..judging.target import Target, resolved
from .atomicity import differences, observe

PATIENCE = 60  # seconds until the process counts as deadlocked
IDS = [f"id {one}" for one in range(40)]
ROWS = np.arange(160, dtype=np.float32).reshape(40, 4) // 8

CHANGES: list[Callable[[VectorStore], object]] = [
    lambda store: store.add_vectors(IDS[20:], ROWS[20:]),
    lambda store: store.add_vector("x", ROWS[39]),
    lambda store: store.add_vector("x", ROWS[0]),
    lambda store: store.upsert_vectors(IDS, ROWS[::-1]),
    lambda store: store.upsert_vector(IDS[3], ROWS[39]),
    lambda store: store.remove_vectors(IDS[::2]),
    lambda store: store.remove_vector(IDS[3]),
    lambda store: store.clear(),
]


def stock(target: Target) -> VectorStore:
    """Return a small store."""
    store = target.open(4, 1)
    store.add_vectors(IDS[:20], ROWS[:20])
    return store


class Alarm:
    """Interrupts calls at random moments.

    Attributes
    ----------
    interrupted : int
        How many calls it interrupted.
    """

    def __init__(self, random: Random) -> None:
        self._random, self._armed = random, False
        self.interrupted = 0
        signal.signal(signal.SIGALRM, self._ring)

    def _ring(self, *_: object) -> None:
        if self._armed:
            self._armed = False
            raise KeyboardInterrupt

    def interrupt(self, call: Callable[[], object], duration: float) -> None:
        """Make a call that takes about so long, and interrupt it at some moment."""
        with suppress(KeyboardInterrupt):
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, max(1e-6, self._random.uniform(0, 1.2 * duration)))
            call()
            self._armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            return
        self.interrupted += 1


def duration_of(call: Callable[[], object]) -> float:
    """Return about how long a call takes, in seconds."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def interrupted(target: Target, random: Random, count: int) -> int:
    """Interrupt so many changes, and fail at the first that is neither done nor undone."""
    before, alarm = observe(stock(target)), Alarm(random)
    for change in CHANGES:
        done = stock(target)
        taken = duration_of(lambda change=change, done=done: change(done))  # type: ignore[misc]
        after = observe(done)
        for _ in range(count // len(CHANGES)):
            store = stock(target)
            alarm.interrupt(lambda change=change, store=store: change(store), taken)  # type: ignore[misc]
            seen = observe(store)
            assert seen in (before, after), differences(before, seen)
    return alarm.interrupted


def main(spelling: str, seed: str, count: str) -> None:
    """Print how many calls of a backend were interrupted."""
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    with resolved(spelling) as target:
        print(interrupted(target, Random(int(seed)), int(count)))


if __name__ == "__main__":
    main(*sys.argv[1:])
