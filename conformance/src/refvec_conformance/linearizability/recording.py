"""Running programs in threads and writing down what happened."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from refvec import VectorStore

from ..inputs.operations import Op, Trace
from ..probes.concurrency import jostled, must, switching, together
from ..probes.outcomes import Outcome
from .history import Call, History
from .labels import Labels

_INTERVALS = (1e-6, 1e-5, 1e-4, 5e-3)


def record(
    store: VectorStore,
    labels: Labels,
    threads: list[Trace],
    random: Random,
    *,
    before: Trace | None = None,
) -> History:
    """Return the history of running the programs at once, in a thread each.

    Parameters
    ----------
    store : VectorStore
        Empty.
    labels : Labels
        The vectors.
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
    clock = itertools.count()
    perform = partial(labels.perform, side=store)
    begun = _run(perform, clock, "before", before or [])()
    jobs = [_run(perform, clock, f"thread {number}", program) for number, program in enumerate(threads)]
    with switching(random.choice(_INTERVALS)), jostled(random):
        lanes = must(together(*jobs))
    return [*begun, *itertools.chain.from_iterable(lanes)]


def _run(
    perform: Callable[[Op], Outcome], clock: Iterator[int], thread: str, program: Trace
) -> Callable[[], History]:
    def run() -> History:
        history = []
        for op in program:
            invoked = next(clock)
            outcome = perform(op)
            history.append(Call(thread, op, invoked, next(clock), outcome))
        return history

    return run
