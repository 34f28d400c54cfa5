"""The two columns of a Parquet file as ids and as an array; what is missing or odd is told by its row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InterchangeError

_TEXTS = ("string", "large_string", "string_view", "extension<arrow.uuid>")


def check_ids(path: Path, name: str, kind: Any) -> None:
    """Raise unless a column of this type can hold ids."""
    held = str(kind)
    if held.startswith("dictionary"):
        held = str(kind.value_type)
    if held not in _TEXTS:
        raise InterchangeError(path, f"the column {name!r} holds {kind}; ids are texts or UUIDs: cast it first")


def ids_of(path: Path, name: str, column: Any, start: int) -> list[Any]:
    """Return the ids of a column that begins with row `start`."""
    _check_complete(path, name, column, start)
    try:
        found: list[Any] = column.to_pylist()
    except UnicodeDecodeError as error:
        raise InterchangeError(path, f"an id in the {len(column)} rows from {start} is no UTF-8") from error
    return found


def vectors_of(path: Path, name: str, column: Any, start: int, width: int | None) -> NDArray[Any]:
    """Return the lists of a column as an array, (n, width); without a width, that of the first row."""
    _check_complete(path, name, column, start)
    column = getattr(column, "storage", column)  # of an extension type, such as a tensor of fixed shape
    kind = column.type
    if not hasattr(kind, "value_type") or not hasattr(column, "value_lengths"):
        raise InterchangeError(path, f"the column {name!r} holds {kind}; vectors are lists of numbers")
    lengths = column.value_lengths().to_numpy(zero_copy_only=False)
    expected = int(lengths[0]) if width is None else width
    wrong = np.flatnonzero(lengths != expected)
    if len(wrong):
        row = int(wrong[0])
        raise InterchangeError(
            path, f"its vector has {lengths[row]} components, expected {expected}", row=start + row
        )
    return _numbers(path, name, column.flatten(), start, max(1, expected)).reshape(-1, expected)


def _numbers(path: Path, name: str, values: Any, start: int, width: int) -> NDArray[Any]:
    if values.null_count:
        row, component = divmod(int(np.flatnonzero(_nulls(values))[0]), width)
        raise InterchangeError(
            path, f"component {component} of {name!r} is null; fill or drop it first", row=start + row
        )
    array: NDArray[Any] = values.to_numpy(zero_copy_only=False)
    if array.dtype.kind not in "iuf":
        raise InterchangeError(path, f"the column {name!r} holds lists of {values.type}; vectors are numbers")
    return array


def _check_complete(path: Path, name: str, column: Any, start: int) -> None:
    if column.null_count:
        row = int(np.flatnonzero(_nulls(column))[0])
        raise InterchangeError(path, f"its {name!r} is null; fill or drop it first", row=start + row)


def _nulls(column: Any) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = column.is_null().to_numpy(zero_copy_only=False)
    return found
