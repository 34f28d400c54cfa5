"""The numpy backend: one growing block of rows, batches in whole-array operations."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from refvec import Capabilities, InProcessVectorStore, State, ranking
from refvec.inprocess.guarded import OvertakenError
from refvec.inprocess.steps import Call, commit
from refvec.metrics import Metric

if TYPE_CHECKING:
    from refvec.durable.stored import StoredRows
    from refvec.durable.unread import Unread

_FIRST_ROWS = 64
_SMALL = 2**23  # bytes; a smaller block grows faster: pages that nothing was written to cost nothing


class NumpyVectorStore(InProcessVectorStore):
    """Rows of one float32 block, at the places of their indices."""

    backend = "numpy"
    maps_rows = True
    capabilities: ClassVar[Capabilities] = Capabilities(
        search=True,
        durable=True,
        thread_safe=True,
        dense_indices=True,
        ordered_ids=True,
        atomic_batch=True,
        interrupt_safe=True,
    )

    def _empty(self, dimension: int | None) -> None:
        self._block = np.empty((0, dimension or 0), np.float32)
        self._erasable = {}  # what is not active is not read
        self._unread: Unread | None = None  # rows of a durable store whose places in the block are still empty

    def _restore_rows(self, state: State) -> None:
        layout = state.layout
        if layout.dimension is not None:
            # Some more: what nothing was written to costs nothing, and the block need not grow soon.
            rows = layout.allocated + layout.allocated // 4 + _FIRST_ROWS
            self._block = np.empty((rows, layout.dimension), np.float32)
        self._unread = None if state.stored is None else state.stored.unread()
        if self._unread is None:
            super()._restore_rows(state)

    def _settle(self, rows: StoredRows) -> None:
        unread = self._unread
        if unread is not None:
            unread.rows = rows

    def _fetch(self, indices: NDArray[np.int64]) -> None:
        """Have the rows at these active indices in the block."""
        unread, turns = self._unread, self._ledger.turns
        if unread is None:
            return
        turn = turns[-1]
        for at, rows in unread.read(unread.among(indices)):
            # A step, so that who reads without the lock sees neither half.
            calls = [(operator.setitem, self._block, at, rows), (operator.setitem, unread.left, at, False)]
            if not commit(turns, turn, calls, _nothing, after=turn):
                raise OvertakenError
        if not unread.left.any():
            self._unread = None

    def _storing(self, indices: NDArray[np.int64], rows: NDArray[np.float32]) -> Iterable[Call]:
        if not len(indices):
            return ()
        if not self._ledger.allocated and rows.flags.owndata and rows.flags.writeable:
            # The first vectors at all, in an array that is nobody else's (not so when a store is restored).
            return [(operator.ior, vars(self), {"_block": rows})]
        first, last = int(indices[0]), int(indices.max())
        self._reserve(last + 1, rows.shape[1])
        run = last - first + 1 == len(indices) and bool((indices[1:] > indices[:-1]).all())
        calls: list[Call] = [(operator.setitem, self._block, slice(first, last + 1) if run else indices, rows)]
        if self._unread is not None:
            left = self._unread.left
            calls.append((operator.setitem, left, indices[indices < len(left)], False))
        return calls

    def _placing(self, index: int, row: NDArray[np.float32]) -> tuple[Any, Any]:
        if index >= len(self._block):
            self._reserve(index + 1, len(row))
        return self._block, row

    def _reserve(self, rows: int, dimension: int) -> None:
        if rows > len(self._block):
            self._fetch(self._ledger.active())  # into this block, while it is the one
        while rows > len(self._block) or self._block.shape[1] != dimension:
            before = self._block
            held = len(before)
            factor = 4 if before.nbytes < _SMALL else 2
            block = np.empty((max(rows, factor * held, _FIRST_ROWS), dimension), np.float32)
            block[:held] = before if held else 0
            if self._block is before:  # else a finaliser was faster, and may have stored rows in its own
                self._block = block

    def _erasing(self, indices: list[int] | None) -> Iterable[Call]:
        if indices is not None:
            return ()
        return [(operator.ior, vars(self), {"_block": self._block[:0].copy(), "_unread": None})]

    def _reading(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        if self._unread is not None:
            self._fetch(indices)
        return self._block.take(indices, axis=0)

    def _row(self, index: int) -> NDArray[np.float32]:
        unread = self._unread
        if unread is not None and index < len(unread.left) and unread.left[index]:
            raise LookupError(index)  # `_reading` has it
        row: NDArray[np.float32] = self._block[index].copy()
        return row

    def _nearest(
        self, queries: NDArray[np.float32], k: int, metric: Metric, among: list[int] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        if among is not None:
            return super()._nearest(queries, k, metric, among)
        self._fetch(self._ledger.active())
        return ranking.rank(self._all_blocks(), queries, k, metric)

    def _all_blocks(self) -> Iterator[ranking.Block]:
        counts = self._ledger.counts
        for start in range(0, len(counts), ranking.BLOCK_ROWS):
            active = start + np.flatnonzero(counts[start : start + ranking.BLOCK_ROWS])
            whole = len(active) and active[-1] - active[0] + 1 == len(active)
            yield active, self._block[active[0] : active[-1] + 1] if whole else self._reading(active)


def _nothing() -> None:
    """Undo nothing: that rows are in the block twice does no harm."""
