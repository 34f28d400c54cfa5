"""Columns of lists as pyarrow, polars and pandas keep them, read without an object for every row (VEC-1).

Their values lie one after the other: where all lists have one length, and
nothing is null, that is an array of two axes already. No such library is
imported; everything else is left to who reads row by row, and names the row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def flat_blocks(value: Any) -> list[NDArray[Any]] | None:
    """Return the rows of a column of lists as arrays of two axes, one for each chunk, or None.

    The arrays are on the memory of the column wherever its library allows it.
    """
    found = [_block(chunk) for chunk in _chunks(value) if len(chunk)]
    blocks = [block for block in found if block is not None]
    return blocks if blocks and len(blocks) == len(found) else None


def _chunks(value: Any) -> list[Any]:
    kind = type(value)
    if hasattr(kind, "explode") and hasattr(
        kind, "__len__"
    ):  # a Series of polars, or of pandas, which may hold an array of pyarrow
        convert = getattr(getattr(value, "array", None), "__arrow_array__", None)
        return [value] if convert is None else _chunks(convert())
    if hasattr(kind, "storage"):  # an extension array of pyarrow, such as tensors of fixed shape
        return _chunks(value.storage)
    if hasattr(kind, "value_lengths"):  # a list array of pyarrow
        return [value]
    chunks = value.chunks if hasattr(kind, "chunks") else None
    return [part for chunk in chunks for part in _chunks(chunk)] if type(chunks) is list else []


def _block(column: Any) -> NDArray[Any] | None:
    found = _lengths_and_values(column)
    if found is None:
        return None
    lengths, values = (np.asarray(one) for one in found)
    length = int(lengths[0])
    if values.dtype.kind not in "iuf" or not (lengths == length).all():
        return None
    return values.reshape(len(lengths), length)


def _lengths_and_values(column: Any) -> tuple[Any, Any] | None:
    """Return the lengths of the lists and what is in them, if they are lists and nothing is null."""
    if hasattr(type(column), "value_lengths"):  # of pyarrow, where maps have them too
        if column.null_count or not hasattr(column.type, "value_type"):
            return None
        values = column.flatten()
        return None if values.null_count else (column.value_lengths(), values)
    kind = getattr(column, "dtype", None)
    # Of polars. An array column has a size as well, and gives numpy its two axes itself.
    if not hasattr(kind, "inner") or hasattr(kind, "size") or column.null_count():
        return None
    values = column.explode()
    return None if values.null_count() else (column.list.len(), values)
