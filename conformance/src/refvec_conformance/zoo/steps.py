"""Backends whose steps can be cut in half: by an interrupt, a fork, or where memory lacks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import RLock
from typing import Any, TypeVar

import numpy as np
from refvec import (
    RefvecError,
    State,
)
from refvec_backends.numpy import NumpyVectorStore
from refvec_backends.python import PythonVectorStore

from .catalogue import breaks
from .specimen import Specimen

T = TypeVar("T")


class Snug(PythonVectorStore):
    """The python backend under a name of its own: for what its base gives to all backends of a process."""

    backend = "zoo"


@breaks("ATOM-1")
class HalfABatchWithoutMemory(NumpyVectorStore):
    """Rows are gathered after ids and counts have changed, and memory may lack then."""

    backend = "zoo"

    def _storing(self, indices: Any, rows: Any) -> Any:
        super()._storing(indices[:0], rows)  # makes no room
        room = np.empty((0, rows.shape[1]), np.float32)

        def late() -> None:
            nonlocal room
            room = np.array(rows)  # may fail
            for function, *arguments in NumpyVectorStore._storing(self, indices, room):
                function(*arguments)

        return [(late,)]


@breaks("ATOM-2")
class MemoryIsAnInternalError(Snug):
    """What lacks memory says "internal error"."""

    def _scan(self, use: Callable[[State], T]) -> T:
        try:
            return super()._scan(use)
        except MemoryError as error:
            raise RefvecError("internal error") from error


@breaks("ATOM-2")
class DiesWithoutMemory(Snug):
    """A search that gets no memory ends the process."""

    def _search(self, *args: Any) -> Any:
        try:
            return super()._search(*args)
        except MemoryError as error:
            raise SystemExit(134) from error


@breaks("ATOM-3")
class Interruptible(Specimen):
    """A step is made in Python, and whatever runs in the middle of it finds half of it."""


@breaks("THREAD-1")
class OneLockForLife(Snug):
    """The lock is not made anew in a forked child."""

    def _open(self, spec: Any, state: State | None) -> None:
        super()._open(spec, state)
        lock = RLock()

        class Fixed:
            """Gives the lock of the parent."""

            now = lock

        self._lock = Fixed()  # type: ignore[assignment]  # this is what is broken


@breaks("THREAD-1")
class ThreadsOfTheParent(Snug):
    """Searches run on a thread that a forked child does not have."""

    _helper = ThreadPoolExecutor(1)

    def _search(self, *args: Any) -> Any:
        return self._helper.submit(super()._search, *args).result(timeout=10)


@breaks("THREAD-1")
class ServesHalfAStep(Specimen):
    """A store that a fork cut in half in the middle of a step is served."""


@breaks("ATOM-1")
class StepsInPython(Snug):
    """The calls of a step are made one by one, and an interrupt falls in between."""

    def _step(self, plan: Callable[[], tuple[T, list[Any], Callable[[], None]]]) -> T:
        with self._lock.now:
            result, calls, undo = self._look(plan)
            try:
                for function, *arguments in calls:
                    function(*arguments)
            except MemoryError:
                undo()
                raise
            return result
