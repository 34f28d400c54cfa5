"""What a store in this process tells of its changes, for durable stores to write down (DUR-8)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from heapq import heappush
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import RefvecError
from ..state import Changes
from .guarded import Guarded, OvertakenError
from .ledger import Journal
from .locking import StoreLock
from .steps import Call, Plan

T = TypeVar("T")


class Journaled(Guarded, abstract=True):
    """The primitives of stores that were opened with ``spec.journaled``."""

    def _changes(self, use: Callable[[Changes], T]) -> T:
        with self._lock.now:
            while True:
                changes, (events, written) = self._look(self._since_then)
                try:
                    result = use(changes)
                except OvertakenError:
                    continue
                # What came since stays.
                journal = self._journal()
                del journal.events[:events], journal.written[:written]
                return result

    def _exchange(self, other: Self) -> None:
        kept = {name: one for name, one in vars(other).items() if not isinstance(one, StoreLock)}
        # A step, so that who reads without the lock sees that the turn is another one.
        self._step(lambda: (None, [(operator.ior, vars(self), kept)], lambda: None))

    def _journal(self) -> Journal:
        journal = self._ledger.journal
        if journal is None:
            raise RefvecError("The store keeps no journal; it was opened without `journaled`")
        return journal

    def _since_then(self) -> tuple[Changes, tuple[int, int]]:
        journal = self._journal()
        written = np.array(sorted(set(journal.written)), np.int64)
        written = written[self._ledger.counts[written] > 0]
        freed = np.array(sorted(journal.held), np.int64)
        changes = Changes(list(journal.events), written, self._blocks(written), freed, self._ledger.size())
        return changes, (len(journal.events), len(journal.written))

    def _reclaim(self, indices: NDArray[np.int64]) -> None:
        self._step(lambda: self._plan_reclaim(indices.tolist()))

    def _plan_reclaim(self, indices: list[int]) -> Plan[None]:
        held = self._journal().held
        again = [index for index in dict.fromkeys(indices) if index in held]
        calls: list[Call] = [(heappush, self._ledger.free, index) for index in again]
        # A free index that is also held back would do no harm: the heap may hold stale ones.
        return None, [*calls, *((operator.delitem, held, index) for index in again)], lambda: None
