"""Rows that stay in the file until somebody wants them, for backends that keep rows in arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .replay import Replayed

if TYPE_CHECKING:
    from .stored import StoredRows


class Unread:
    """The rows of a store that was opened, as far as nobody has read them; each is checked when it is.

    Parameters
    ----------
    rows : StoredRows
        The file.
    replayed : Replayed
        Which rows there are, and their checksums.

    Attributes
    ----------
    left : ndarray of bool
        By index: whether the row is to be read yet.
    rows : StoredRows
        The file, or another one that has the same rows by now.
    """

    def __init__(self, rows: StoredRows, replayed: Replayed) -> None:
        layout, marks = replayed
        self.rows = rows
        self.left = np.zeros(layout.allocated, np.bool_)
        self.left[layout.indices] = True
        self._sums = np.zeros(layout.allocated, np.uint32)
        self._sums[layout.indices] = marks.sums

    def among(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of some active indices whose rows are to be read yet, ascending."""
        inside = indices if len(indices) == 1 else np.sort(indices)
        inside = inside[inside < len(self.left)]
        wanted = inside[self.left[inside]]
        return wanted[np.diff(wanted, prepend=-1) > 0]

    def read(self, indices: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Yield rows with their indices, which ascend; a damaged one raises."""
        start, file = 0, self.rows  # whose handle is open while somebody refers to it, though another one comes
        for rows in file.blocks(indices, self._sums[indices]):
            yield indices[start : start + len(rows)], rows
            start += len(rows)
