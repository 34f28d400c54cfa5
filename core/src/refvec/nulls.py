"""Missing values in the arrays of pandas, pyarrow and polars: numpy would read them as NaN (VEC-1).

No such library is imported: what their arrays have in common is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .failures import type_name


def first_null(value: Any, *, nested: bool = False) -> int | None:
    """Return the position of the first item that is null, or with `nested` holds a null."""
    kind = type(value)
    if hasattr(kind, "is_null"):  # arrays of pyarrow, Series of polars
        at = _first(value.is_null())
        return _first_holding(value) if at is None and nested else at
    if hasattr(kind, "isna"):  # Series, Index and extension arrays of pandas
        return _first_of_pandas(value, nested)
    found = [first_null(column) for column in _columns(value)]
    return min((at for at in found if at is not None), default=None)


def is_missing(item: object) -> bool:
    """Return whether an item stands for nothing: None, a NaN among rows, the constants of pandas."""
    kind = type(item)
    if kind in (float, np.float64, np.float32):
        return bool(item != item)
    return item is None or type_name(kind) in ("NAType", "NaTType")


def _first(mask: Any) -> int | None:
    found: NDArray[np.bool_] = np.asarray(mask)
    return int(found.argmax()) if found.any() else None


def _first_holding(value: Any) -> int | None:
    start = 0
    for chunk in getattr(value, "chunks", [value]):
        array = getattr(chunk, "storage", chunk)  # of an extension array
        flat = _flat(array)
        if flat is not None and first_null(flat) is not None:
            for position, row in enumerate(array, start):
                # The scalars of pyarrow have their row as `values`.
                if first_null(getattr(row, "values", row), nested=True) is not None:
                    return position
        start += len(array)
    return None


def _flat(value: Any) -> Any:
    for name in ("flatten", "explode"):
        if hasattr(type(value), name):
            return getattr(value, name)()
    return None


def _first_of_pandas(value: Any, nested: bool) -> int | None:
    # Where NaN stands for what is missing (numpy's dtypes, sparse ones), it is a NaN like any other.
    dtype = getattr(value, "dtype", None)
    if isinstance(getattr(dtype, "na_value", np.nan), float):
        return None
    at = _first(value.isna())
    if at is None and nested:
        convert = getattr(getattr(value, "array", value), "__arrow_array__", None)
        return None if convert is None else first_null(convert(), nested=True)
    return at


def _columns(frame: Any) -> Iterable[Any]:
    if hasattr(type(frame), "iter_columns"):  # polars
        found: Iterable[Any] = frame.iter_columns()
        return found
    columns = getattr(frame, "columns", None)  # a list of arrays in pyarrow, of names elsewhere
    return columns if type(columns) is list else ()
