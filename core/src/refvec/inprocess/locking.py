"""A lock that a forked child gets anew.

A lock that another thread holds during a fork is never released in the child:
that thread does not exist there.
"""

from __future__ import annotations

import os
from threading import RLock
from weakref import WeakSet


class StoreLock:
    """A re-entrant lock, as ``lock.now``: another object after a fork.

    Re-entrant, since a finaliser or signal handler may call the store in the
    middle of a call of the same thread, which could not wait for it.
    """

    __slots__ = ("__weakref__", "now")

    def __init__(self) -> None:
        self.now = RLock()
        _locks.add(self)


_locks: WeakSet[StoreLock] = WeakSet()


def _renew() -> None:
    for lock in list(_locks):
        lock.now = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
