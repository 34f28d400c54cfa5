"""What the oracle makes of arguments: ids, integers, vectors; naive, and on its own."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import numpy as np
from refvec import (
    DimensionMismatchError,
    IdEncodingError,
    IdTypeError,
    InvalidIndexError,
    VectorError,
    VectorTypeError,
)

from .rounding import nearest_float32

Vectors = list[bytes]


def the_id(chunk_id: object, position: int | None = None) -> str:
    """Return an id as its exact text (ID-1, ID-2)."""
    if isinstance(chunk_id, str):
        text = str.__getitem__(chunk_id, slice(None))
    elif isinstance(chunk_id, UUID):
        text = str(UUID(int=_bits(chunk_id, position)))
    else:
        raise IdTypeError("not an id", chunk_id=chunk_id, position=position)
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise IdEncodingError("a lone surrogate", chunk_id=text, position=position)
    return text


def _bits(chunk_id: UUID, position: int | None) -> int:
    try:
        return UUID.__dict__["int"].__get__(chunk_id)  # type: ignore[no-any-return]
    except AttributeError:
        raise IdTypeError("a UUID without a value", chunk_id=chunk_id, position=position) from None


def the_ids(chunk_ids: Any) -> list[str]:
    """Return the ids of a batch as exact texts (ADD-4)."""
    if isinstance(chunk_ids, str | bytes):
        raise TypeError("a single id")
    return [the_id(chunk_id, position) for position, chunk_id in enumerate(list(chunk_ids))]


def the_int(value: Any) -> int:
    """Return an integer argument as an exact int (INT-1)."""
    if isinstance(value, bool | np.bool_):
        raise TypeError("bool is no integer")
    return int(operator.index(value))


def the_ints(values: Any) -> list[int]:
    """Return a sequence of integers, or a 1-D integer array, as exact ints (GET-3)."""
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise ValueError("not one axis")
        if values.size and values.dtype.kind not in "iu":
            raise TypeError("not integers")
        return [int(value) for value in values]
    if isinstance(values, str | bytes):
        raise TypeError("text")
    return [the_int(value) for value in values]


def the_vector(vector: Any, dimension: int | None) -> bytes:
    """Return one vector as the bytes of its float32 components (VEC)."""
    array = _real(vector)
    if array.ndim != 1:
        raise VectorError("not one axis")
    _check_width(array.shape[0], dimension)
    return _rounded(array, None)


def the_vectors(vectors: Any, dimension: int | None) -> tuple[Vectors, int | None]:
    """Return a batch as the bytes of every row, and its width; None for an empty batch (ADD-3)."""
    array = _real(vectors)
    if array.shape == (0,) or (array.shape == (0, 0) and dimension is None):
        return [], None
    if array.ndim != 2:
        raise VectorError("not two axes")
    _check_width(array.shape[1], dimension)
    return [_rounded(row, position) for position, row in enumerate(array)], array.shape[1]


def the_queries(query: Any, dimension: int | None) -> tuple[Vectors, bool]:
    """Return the queries as bytes, and whether it was a single one (SEARCH-1)."""
    array = _real(query)
    if array.ndim not in (1, 2):
        raise VectorError("neither one axis nor two")
    if dimension is not None and array.shape[-1] != dimension:
        raise DimensionMismatchError("another length")
    return [_rounded(row, None) for row in np.atleast_2d(array)], array.ndim == 1


def _real(value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, np.ma.MaskedArray):
        raise VectorTypeError("masked")
    only_dlpack = hasattr(value, "__dlpack__") and not hasattr(value, "__array__")
    array = np.from_dlpack(value) if only_dlpack else np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise VectorTypeError("no real numbers")
    return array


def _check_width(width: int, dimension: int | None) -> None:
    if dimension is not None and width != dimension:
        raise DimensionMismatchError("another length")
    if not 1 <= width <= 65_536:
        raise VectorError("no dimension of a store")


def _rounded(row: np.ndarray[Any, Any], position: int | None) -> bytes:
    if row.dtype == np.float32 and row.dtype.isnative:
        return row.tobytes()
    try:
        return b"".join(nearest_float32(component) for component in row.tolist())
    except OverflowError:
        raise VectorError("beyond float32", position=position) from None


def the_out(out: Any, shape: tuple[int, int]) -> None:
    """Raise unless `out` can be filled (GET-3)."""
    fits = isinstance(out, np.ndarray) and out.dtype == np.dtype("=f4") and out.shape == shape
    if not fits or not (out.flags.writeable and out.flags.aligned and out.flags.c_contiguous):
        raise ValueError("out does not fit")


def missing_index(index: int, position: int | None) -> InvalidIndexError:
    """Return the error for an index that is not active."""
    return InvalidIndexError("not active", index=index, position=position)


def distinct(chunk_ids: Iterable[str]) -> list[str]:
    """Return every id once, in the order of its first appearance."""
    found: list[str] = []
    for chunk_id in chunk_ids:
        if chunk_id not in found:
            found.append(chunk_id)
    return found
