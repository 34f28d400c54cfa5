"""Whose turn it is among the threads that share a store object.

Calls on a single id work side by side: the protocol makes each of them one
step, whoever works beside it. What concerns more goes alone: no thread sees
half of a batch, and no look at many slots sees a call half done.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock, local
from weakref import WeakSet


class _Turn:
    """What one thread holds while it is in a call."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.inside = False


class Turns:
    """The calls of the threads that share one object.

    Each thread has a lock of its own, which is free but for who goes alone:
    that thread takes the locks of all.
    """

    def __init__(self) -> None:
        self.renew()
        _every.add(self)

    def renew(self) -> None:
        """Begin anew: in a forked child the other threads do not exist, and would never end their calls."""
        self._mine = local()
        self._turns: WeakSet[_Turn] = WeakSet()
        self._alone = RLock()

    def _turn(self) -> _Turn:
        found: _Turn | None = getattr(self._mine, "turn", None)
        if found is None:
            with self._alone:
                found = self._mine.turn = _Turn()
                self._turns.add(found)
        return found

    @contextmanager
    def together(self) -> Iterator[None]:
        """Work beside others."""
        turn = self._turn()
        with turn.lock:
            before, turn.inside = turn.inside, True
            try:
                yield
            finally:
                turn.inside = before

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Work when the calls of all other threads have ended, and before any of them begins another one."""
        turn = self._turn()
        if turn.inside:  # a finaliser or signal handler in the middle of a call, which cannot wait for it
            yield
            return
        with ExitStack() as stack:
            stack.enter_context(self._alone)
            for other in list(self._turns):
                stack.enter_context(other.lock)
            turn.inside = True
            try:
                yield
            finally:
                turn.inside = False


_every: WeakSet[Turns] = WeakSet()


def _renew() -> None:
    for turns in list(_every):
        turns.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
