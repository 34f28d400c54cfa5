"""The lock of a store in this process, and the steps under it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import failures
from ..contract import VectorStore
from ..errors import RefvecError
from .ledger import Ledger
from .locking import StoreLock
from .steps import Call, Plan, commit

BLOCK_BYTES = 2**19
T = TypeVar("T")


class OvertakenError(Exception):
    """The store changed between two blocks of a scan: by a finaliser or signal handler of the same thread."""


class Guarded(VectorStore, abstract=True):
    """What rows a backend keeps, and how they are looked at and changed: at one moment, and in one step."""

    _lock: StoreLock
    _ledger: Ledger
    # Rows that a backend keeps in a dict by index: to remove a single id then needs no call of `_erasing`. One
    # that stays empty says that rows need not be erased at all.
    _erasable: dict[int, Any] | None = None

    # How rows are kept: the obligations of a backend

    def _empty(self, dimension: int | None) -> None:
        """Hold no rows: at the beginning, and after `clear` and `close`."""
        self._missing("_empty")

    def _storing(self, indices: NDArray[np.int64], rows: NDArray[np.float32]) -> Iterable[Call]:
        """Return the calls that will keep ``rows[j]`` at ``indices[j]`` (distinct).

        A call is a tuple of a function and its arguments. Whatever may fail,
        fails now and changes nothing that `_reading` sees; the calls run later,
        all in one go, and must be of functions that call no Python code, such
        as ``(operator.ior, self.rows, new_rows)``. An index may hold a row
        already, which is then replaced.
        """
        self._missing("_storing")

    def _placing(self, index: int, row: NDArray[np.float32]) -> tuple[Any, Any] | None:
        """Return ``(place, value)`` such that ``place[index] = value`` keeps `row`, (d,), at an inactive index.

        Optional, and faster than `_storing`. The same holds for it: what may
        fail, fails now, and the assignment calls no Python code.
        """
        return None

    def _erasing(self, indices: list[int] | None) -> Iterable[Call]:
        """Return the calls that forget the rows at these indices, or all: none, or ones that cannot fail."""
        self._missing("_erasing")

    def _reading(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the rows at active indices as a fresh array, (n, d)."""
        self._missing("_reading")

    def _row(self, index: int) -> NDArray[np.float32]:
        """Return the row at an active index as a fresh array, (d,).

        Optional, and faster than `_reading`. It is also called without the lock,
        while others write; what it returns or raises then does not count.
        """
        row: NDArray[np.float32] = self._reading(np.array([index], np.int64))[0]
        return row

    # The lock and the steps

    def _look(self, look: Callable[[], T]) -> T:
        """Return what `look` returns, from one moment.

        The lock is re-entrant: a finaliser or a signal handler may run in the
        middle of `look` and change the store. Then what was seen does not count.
        """
        with self._lock.now:
            while True:
                self._check_whole()
                turns = self._ledger.turns
                turn = turns[-1]
                try:
                    found = look()
                except OvertakenError:
                    continue
                except Exception:
                    if turns is self._ledger.turns and turn == turns[-1]:
                        raise
                    continue
                if turns is self._ledger.turns and turn == turns[-1]:
                    return found

    def _step(self, plan: Callable[[], Plan[T]]) -> T:
        """Plan and make a step; plan again if a step of a finaliser or signal handler came in between."""
        with self._lock.now:
            while True:
                ledger = self._ledger
                turn = ledger.turns[-1]
                result, calls, undo = self._look(plan)
                if not calls or commit(ledger.turns, turn, calls, undo):
                    return result

    def _check_whole(self) -> None:
        if self._closed:
            raise failures.store_closed()
        if len(self._ledger.turns) == 1:
            raise RefvecError(
                "The process was forked while another thread changed this store; its content is unknown here. "
                "Open it anew"
            )

    def _blocks(self, indices: NDArray[np.int64]) -> Iterator[NDArray[np.float32]]:
        """Yield the rows at the indices, piece by piece; raise if a step comes in between."""
        turn = self._ledger.turns[-1]
        size = max(1, BLOCK_BYTES // (4 * (self._ledger.dimension or 1)))
        for start in range(0, len(indices), size):
            rows = self._reading(indices[start : start + size])
            if self._ledger.turns[-1] != turn:
                raise OvertakenError
            yield rows
