"""An array in a file, read row by row, without a map: what is cut off meanwhile is an error and no signal."""

from __future__ import annotations

import math
from io import RawIOBase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InterchangeError


class ArrayFile:
    """An array whose first axis are rows.

    Parameters
    ----------
    file : io.RawIOBase
        Open for reading; nobody else may use it at the same time.
    path : Path
        Its name, for errors.
    offset : int
        Where the array begins.
    dtype : numpy.dtype
        As it is in the file.
    shape : tuple of int
        Of the whole array.
    by_columns : bool
        Whether the array, of two axes, is in the order of Fortran.
    """

    def __init__(
        self,
        file: RawIOBase,
        path: Path,
        offset: int,
        dtype: np.dtype[Any],
        shape: tuple[int, ...],
        *,
        by_columns: bool = False,
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.row_bytes = dtype.itemsize * math.prod(shape[1:])
        self._file = file
        self._path = path
        self._offset = offset
        self._by_columns = by_columns

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Return consecutive rows."""
        if self._by_columns:
            return self._rows_of_columns(start, stop)
        found = np.empty((stop - start, *self.shape[1:]), self.dtype)
        self._fill(found, start * self.row_bytes)
        return found

    def _rows_of_columns(self, start: int, stop: int) -> NDArray[Any]:
        count, width = self.shape
        found = np.empty((width, stop - start), self.dtype)
        for column in range(width):
            self._fill(found[column], (column * count + start) * self.dtype.itemsize)
        return found.T

    def take(self, wanted: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows in any order, each read once."""
        distinct, places = np.unique(wanted, return_inverse=True)
        found = np.empty((len(distinct), *self.shape[1:]), self.dtype)
        start = 0
        for stop in [*(np.flatnonzero(np.diff(distinct) != 1) + 1).tolist(), len(distinct)]:
            if start < stop:
                self._fill(found[start:stop], int(distinct[start]) * self.row_bytes)
            start = stop
        taken: NDArray[Any] = found[places]
        return taken

    def _fill(self, array: NDArray[Any], at: int) -> None:
        raw = array.reshape(-1).view(np.uint8).data
        self._file.seek(self._offset + at)
        done = 0
        while done < raw.nbytes:
            got = self._file.readinto(raw[done:])
            if not got:
                raise InterchangeError(self._path, "it became shorter while it was read")
            done += got
