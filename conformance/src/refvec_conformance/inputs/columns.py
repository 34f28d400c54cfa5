"""Batches as columns of vectors, and arrays with nulls, as users of pandas, pyarrow and polars have them.

The objects imitate what those libraries have in common, so that the tests
need none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .hostile import Converted, OnlyDlpack


def objects(rows: Sequence[Any]) -> NDArray[Any]:
    """Return a 1-D object array of the rows, whatever they are."""
    found = np.empty(len(rows), object)
    for position, row in enumerate(rows):
        found[position] = row
    return found


class Nullable:
    """An array that knows which of its items are null; numpy sees NaN there."""

    def __init__(self, values: Any, nulls: Any) -> None:
        self._values = np.array(values, np.float32)
        self._nulls = np.array(nulls, bool)
        self._values[self._nulls] = np.nan

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Convert."""
        return self._values


class Arrow(Nullable):
    """An array that marks nulls as those of pyarrow and polars do."""

    def is_null(self) -> NDArray[np.bool_]:
        """Return which items are null."""
        return self._nulls


class Dtype:
    """A dtype with a value for what is missing."""

    def __init__(self, na_value: Any) -> None:
        self.na_value = na_value


class Pandas(Nullable):
    """An array that marks nulls as the extension arrays of pandas do."""

    def __init__(self, values: Any, nulls: Any, na_value: Any = None) -> None:
        super().__init__(values, nulls)
        self.dtype = Dtype(na_value)

    def isna(self) -> NDArray[np.bool_]:
        """Return which items are missing."""
        return self._nulls


COLUMNS: dict[str, Callable[[Sequence[NDArray[np.float32]]], Any]] = {
    "list of arrays": list,
    "tuple of arrays": tuple,
    "list of lists": lambda rows: [row.tolist() for row in rows],
    "list of arrays and lists": lambda rows: [rows[0], *(row.tolist() for row in rows[1:])],
    "list of arrays of several dtypes": lambda rows: [rows[0], *(row.astype(">f8") for row in rows[1:])],
    "list of __array__": lambda rows: [Converted(lambda row=row: row) for row in rows],  # type: ignore[misc]
    "list of dlpack": lambda rows: [OnlyDlpack(row) for row in rows],
    "list of nullable arrays": lambda rows: [Arrow(row, [False] * len(row)) for row in rows],
    "object array of arrays": objects,
    "object array of lists": lambda rows: objects([row.tolist() for row in rows]),
    "__array__ of arrays": lambda rows: Converted(lambda: objects(rows)),
}
