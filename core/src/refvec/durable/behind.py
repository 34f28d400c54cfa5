"""Work that another thread does, in order, while its owner makes out what comes next."""

from __future__ import annotations

import _thread
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Self

_AHEAD = 16  # jobs that may wait: what they hold takes memory
_LOOK = 1.0  # seconds; whoever waits is told when it is over, unless an interrupt came in between


class Behind:
    """A thread for jobs that mostly wait for the disk; within the context, jobs may be handed to it.

    When the context ends, it is over: all jobs are done, or those left out that
    were not begun when one failed, or the owner did. What a job raises is then
    raised to the owner. Where there can be no thread, jobs are done at once.

    Parameters
    ----------
    apart : bool
        Whether to have a thread at all.
    """

    def __init__(self, *, apart: bool) -> None:
        self._jobs: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        self._error: BaseException | None = None
        self._given_up = False
        self._over = True
        # Not those of `threading`, whose waiting is Python code, in which an interrupt can leave a lock behind.
        self._end = _thread.allocate_lock()
        self._apart = apart

    def __enter__(self) -> Self:
        if self._apart:
            for _ in range(_AHEAD):
                self._room.put(None)
            self._end.acquire()
            self._over = False
            try:
                _thread.start_new_thread(self._work, ())
            except (RuntimeError, MemoryError):
                self._over, self._apart = True, False
        return self

    def do(self, job: Callable[[], object]) -> None:
        """Have a job done after those before; perhaps raise what one of them has raised."""
        if not self._apart:
            job()
            return
        self._room.get()
        self._jobs.put(job)
        if self._error is not None:
            raise self._error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._given_up = kind is not None
        self.wait()
        if kind is None and self._error is not None:
            raise self._error

    def wait(self) -> None:
        """Return when no job is being done, and none will be; an interrupt is raised only then."""
        interrupt: BaseException | None = None
        self._jobs.put(None)
        while not self._over:
            try:
                self._end.acquire(timeout=_LOOK)
            except BaseException as error:
                interrupt, self._given_up = error, True
        if interrupt is not None:
            raise interrupt

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                if not self._given_up and self._error is None:
                    job()
            except BaseException as error:
                self._error = error
            del job  # and what it holds
            self._room.put(None)
        self._over = True
        self._end.release()
