"""The numpy backend: one growing block of rows, batches in whole-array operations."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from refvec import Capabilities, InProcessVectorStore, ranking
from refvec.inprocess.steps import Call
from refvec.searching import Metric

_FIRST_ROWS = 64


class NumpyVectorStore(InProcessVectorStore):
    """Rows of one float32 block, at the places of their indices."""

    backend = "numpy"
    capabilities: ClassVar[Capabilities] = Capabilities(
        search=True,
        thread_safe=True,
        dense_indices=True,
        ordered_ids=True,
        atomic_batch=True,
        interrupt_safe=True,
    )

    def _empty(self, dimension: int | None) -> None:
        self._block = np.empty((0, dimension or 0), np.float32)
        self._erasable = {}  # what is not active is not read

    def _storing(self, indices: NDArray[np.int64], rows: NDArray[np.float32]) -> Iterable[Call]:
        self._reserve(int(indices.max()) + 1 if len(indices) else 0, rows.shape[1])
        if len(indices) == 1:
            return [(operator.setitem, self._block, int(indices[0]), rows[0])]
        return [(operator.setitem, self._block, indices, rows)]

    def _reserve(self, rows: int, dimension: int) -> None:
        held = len(self._block)
        if rows > held or self._block.shape[1] != dimension:
            block = np.empty((max(rows, held + held // 2, _FIRST_ROWS), dimension), np.float32)
            block[:held] = self._block if held else 0
            self._block = block

    def _erasing(self, indices: list[int] | None) -> Iterable[Call]:
        if indices is not None:
            return ()
        return [(operator.ior, vars(self), {"_block": self._block[:0].copy()})]

    def _reading(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._block.take(indices, axis=0)

    def _nearest(
        self, queries: NDArray[np.float32], k: int, metric: Metric, among: list[int] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        if among is not None:
            return super()._nearest(queries, k, metric, among)
        return ranking.rank(self._all_blocks(), queries, k, metric)

    def _all_blocks(self) -> Iterator[ranking.Block]:
        counts = self._ledger.counts
        for start in range(0, len(counts), ranking.BLOCK_ROWS):
            active = start + np.flatnonzero(counts[start : start + ranking.BLOCK_ROWS])
            whole = len(active) and active[-1] - active[0] + 1 == len(active)
            yield active, self._block[active[0] : active[-1] + 1] if whole else self._reading(active)
