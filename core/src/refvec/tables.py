"""DataFrames and tables in place of a batch: which of their columns holds what, for the message.

pandas, polars and pyarrow are not imported: what their tables have in common is asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .failures import quoted
from .nulls import is_missing

_LOOKED_AT = 100  # rows, for one in which a column is not null


def way_out(value: Any, array: NDArray[Any], name: str) -> str:
    """Return the message for a table that is no array of numbers; an empty text for what is no table.

    Parameters
    ----------
    value : object
        What the caller gave.
    array : ndarray
        What numpy made of it.
    name : str
        The name of the argument.
    """
    if hasattr(type(value), "collect") and hasattr(type(value), "collect_schema"):
        return f"{name} is a lazy frame; call {name}.collect() first"
    if array.ndim != 2 or array.dtype.kind in "iuf":
        return ""
    columns = _names(value)
    if columns is None or len(columns) != array.shape[1]:
        return ""
    kinds = [_kind(array[:_LOOKED_AT, at]) for at in range(len(columns))]
    if "vectors" in kinds:
        wanted = columns[kinds.index("vectors")]
        return f"{name} is a table; pass its column of vectors, {name}[{_shown(wanted)}]"
    others = [column for column, kind in zip(columns, kinds, strict=True) if kind == "others"]
    if not others or len(others) == len(columns):
        return ""
    return f"{name} is a table with columns that are no numbers; {_dropped(value, others, name)}"


def _names(value: Any) -> list[Any] | None:
    """Return the names of the columns of a table."""
    kind = type(value)
    if hasattr(kind, "column_names"):  # of pyarrow
        return list(value.column_names)
    if hasattr(kind, "columns") and (hasattr(kind, "iterrows") or hasattr(kind, "iter_rows")):
        return list(value.columns)
    return None


def _kind(column: NDArray[Any]) -> str:
    found = (item for item in column.tolist() if not is_missing(item))
    kind: type = type(next(found, 0))
    if issubclass(kind, np.ndarray | list | tuple) or hasattr(kind, "__array__"):
        return "vectors"
    return "numbers" if issubclass(kind, int | float) and kind is not bool else "others"


def _dropped(value: Any, others: list[Any], name: str) -> str:
    shown = ", ".join(map(_shown, others[:3])) + (", ..." if len(others) > 3 else "")
    if hasattr(type(value), "drop_columns"):  # of pyarrow
        return f"drop them, {name}.drop_columns([{shown}])"
    if hasattr(type(value), "iter_rows"):  # of polars
        return f"drop them, {name}.drop([{shown}])"
    return f"drop them, {name}.drop(columns=[{shown}])"


def _shown(column: Any) -> str:
    return quoted(column) if isinstance(column, str) else repr(column)[:60]
