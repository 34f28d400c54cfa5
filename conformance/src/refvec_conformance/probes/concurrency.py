"""Threads under test: started together, switched often, and never waited for without end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

PATIENCE = 20.0  # seconds until threads that do not end count as deadlocked


class DeadlockError(AssertionError):
    """Threads did not end."""


@contextmanager
def switching(seconds: float) -> Iterator[None]:
    """Have the interpreter change threads about this often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def jostled(random: Random, share: float = 0.05) -> Iterator[None]:
    """Make threads that are started inside hand over at random calls of Python functions.

    Races of a few instructions that switch intervals would hit once in a
    million runs are hit in most.
    """
    state = random.getrandbits(32)

    def hand_over(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal state
        if event == "call":
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            if state < share * 0x7FFFFFFF:
                give_way()

    threading.setprofile(hand_over)
    try:
        yield
    finally:
        threading.setprofile(None)


def give_way() -> None:
    """Let another thread run, if one can."""
    taken = threading.Lock()
    taken.acquire()
    taken.acquire(timeout=1e-6)  # in vain, but the interpreter is free meanwhile


def together(*jobs: Callable[[], Any], patience: float = PATIENCE) -> list[Any]:
    """Run the jobs in a thread each, started at once; return what each returned or raised.

    Raises
    ------
    DeadlockError
        If a job has not ended after `patience` seconds.
    """
    barrier = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(position: int) -> None:
        barrier.wait()
        try:
            results[position] = jobs[position]()
        except Exception as error:
            results[position] = error

    threads = [threading.Thread(target=run, args=(one,), daemon=True) for one in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(patience)
    stuck = [position for position, thread in enumerate(threads) if thread.is_alive()]
    if stuck:
        raise DeadlockError(f"threads {stuck} of {len(jobs)} have not ended after {patience:g} s")
    return results


def must(results: Sequence[Any]) -> list[Any]:
    """Return the results of `together`, or raise the first error among them."""
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return list(results)
