"""Writing rows while the next ones are made out: the disk and the processor work at the same time."""

from __future__ import annotations

from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from . import disk
from .behind import Behind

if TYPE_CHECKING:
    from .rows import RowFile

SOON_BYTES = 2**22


class Pen:
    """What writes the rows at some indices of a file, block by block, within its context.

    When the context has ended, so has all writing: what was put is written, or
    an error says that it is not.

    Parameters
    ----------
    file : RowFile
        The file, which has space for them.
    indices : ndarray of int64
        Ascending.
    """

    def __init__(self, file: RowFile, indices: NDArray[np.int64]) -> None:
        self._file = file
        self._indices = indices
        self._taken = 0
        self._begun = 0  # the disk was told of those before
        # A few rows are written sooner than a thread begins.
        self.behind = Behind(apart=len(indices) * file.row_bytes > SOON_BYTES)

    def __enter__(self) -> Self:
        self.behind.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.behind.__exit__(kind, error, trace)

    def put(self, block: NDArray[np.float32]) -> None:
        """Have the next rows written."""
        start, self._taken = self._taken, self._taken + len(block)
        self.behind.do(partial(self._write, start, np.ascontiguousarray(block, "<f4")))

    def sync(self) -> None:
        """Have all rows synced when they are written."""
        if self._taken != len(self._indices):
            raise RuntimeError(f"The backend announced {len(self._indices)} rows and handed over {self._taken}")
        self.behind.do(partial(disk.sync, self._file.handle))

    def _write(self, start: int, rows: NDArray[Any]) -> None:
        stop = start + len(rows)
        self._file.put(self._indices[start:stop], rows)
        if (stop - self._begun) * self._file.row_bytes >= SOON_BYTES:
            self._file.put_soon(int(self._indices[self._begun]), int(self._indices[stop - 1]))
            self._begun = stop
