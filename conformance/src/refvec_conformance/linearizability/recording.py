"""Running programs in threads and writing down what happened."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from random import Random

from refvec import VectorStore

from ..probes.concurrency import jostled, must, switching, together
from .driving import Driver, Vectors
from .history import Call, History
from .workloads import Program

_INTERVALS = (1e-6, 1e-5, 1e-4, 5e-3)


def record(
    store: VectorStore,
    vectors: Vectors,
    threads: list[Program],
    random: Random,
    *,
    before: Program | None = None,
) -> History:
    """Return the history of running the programs at once, in a thread each.

    Parameters
    ----------
    store : VectorStore
        Empty.
    vectors : mapping
        The vector of every label.
    threads : list of list of Op
    random : random.Random
        Chooses how often threads are switched.
    before : list of Op, optional
        What one thread does before the others begin.

    Raises
    ------
    DeadlockError
        If a thread does not end.
    """
    driver, clock = Driver(store, vectors), itertools.count()
    begun = _run(driver, clock, "before", before or [])()
    jobs = [_run(driver, clock, f"thread {number}", program) for number, program in enumerate(threads)]
    with switching(random.choice(_INTERVALS)), jostled(random):
        lanes = must(together(*jobs))
    return [*begun, *itertools.chain.from_iterable(lanes)]


def _run(driver: Driver, clock: Iterator[int], thread: str, program: Program) -> Callable[[], History]:
    def run() -> History:
        history = []
        for op in program:
            invoked = next(clock)
            result = driver(op)
            history.append(Call(thread, op, invoked, next(clock), result))
        return history

    return run
