"""What an export writes: the content of a store, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..state import State
from .arrayfile import ArrayFile
from .source import BATCH_BYTES, batch_rows

Progress = Callable[[int, int], object]
Rows = NDArray[Any]
_DTYPE = np.dtype("<f4")


class Content:
    """The ids and vectors of one state.

    Parameters
    ----------
    state : State
        Its blocks are read once.
    folder : Path
        Where to put rows that are needed in another order than that of the state, for the time of the export.
    progress : callable
        Told how many rows have been read and written, and of how many.

    Attributes
    ----------
    ids : list of str
        In the order in which they were added.
    id_rows : ndarray of int64
        ``ids[j]`` has the vector ``id_rows[j]`` of `unique`.
    count : int
        Vectors of `unique`.
    dimension : int or None
        Their components.
    """

    def __init__(self, state: State, folder: Path, progress: Progress) -> None:
        layout = state.layout
        self.ids = layout.ids
        self.id_rows = np.searchsorted(layout.indices, layout.id_indices).astype(np.int64)
        self.count = len(layout.indices)
        self.dimension = layout.dimension
        self._blocks = state.blocks
        self._folder = folder
        self._progress = progress

    def unique(self, more: int = 0) -> Iterator[Rows]:
        """Yield every stored vector once, by ascending index, as little-endian float32."""
        done = 0
        for block in self._blocks:
            done += len(block)
            yield np.ascontiguousarray(block, _DTYPE)
            self._progress(done, self.count + more)
        if done != self.count:
            raise RuntimeError(f"The backend announced {self.count} rows and handed over {done}")

    def by_id(self, batch_bytes: int = BATCH_BYTES) -> Iterator[Rows]:
        """Yield a vector for each id, in the order of the ids."""
        if np.array_equal(self.id_rows, np.arange(self.count)):
            yield from self.unique()
            return
        with TemporaryFile(dir=self._folder, prefix=".refvec-") as file:
            for rows in self.unique(len(self.ids)):
                file.write(rows.data)
            file.flush()
            yield from self._taken(file.raw, batch_bytes)

    def _taken(self, file: Any, batch_bytes: int) -> Iterator[Rows]:
        spool = ArrayFile(file, self._folder, 0, _DTYPE, (self.count, self.dimension or 0))
        size, total = batch_rows(spool.row_bytes, batch_bytes), len(self.ids)
        for start in range(0, total, size):
            part = self.id_rows[start : start + size]
            yield spool.take(part)
            self._progress(self.count + start + len(part), self.count + total)
