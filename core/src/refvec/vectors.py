"""Vectors (VEC-1 to VEC-3): array-likes become native float32 rows of the store's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import failures
from .errors import VectorError, VectorTypeError

_REAL_KINDS = "iuf"


def canonical_row(vector: ArrayLike, dimension: int | None, name: str = "vector") -> NDArray[np.float32]:
    """Return one vector as a fresh float32 array of shape (dimension,).

    Parameters
    ----------
    vector : array_like
        One axis of integers or floats: any layout, byte order or alignment.
    dimension : int or None
        The store's dimension; None accepts any that a store may have.
    name : str
        The name of the argument, for messages.

    Raises
    ------
    VectorTypeError, VectorError, DimensionMismatchError
        For a wrong dtype, number of axes, length, or a component beyond float32.
    """
    array = _real_array(vector, name)
    if array.ndim != 1:
        raise VectorError(f"Expected 1D {name}, got shape {array.shape}")
    _check_width(array.shape[0], dimension)
    return _to_float32(array)


def canonical_rows(vectors: ArrayLike, dimension: int | None, name: str = "vectors") -> NDArray[np.float32]:
    """Return a batch of vectors as a fresh C-contiguous float32 array of shape (n, dimension).

    An empty array of shape (0,) is the empty batch. Parameters and errors as
    in `canonical_row`; errors in one row carry its ``position``.
    """
    array = _real_array(vectors, name)
    if array.shape == (0,) or (array.shape == (0, 0) and dimension is None):
        return np.empty((0, dimension or 0), np.float32)
    if array.ndim != 2:
        raise VectorError(f"Expected 2D {name}, got shape {array.shape}")
    _check_width(array.shape[1], dimension)
    return _to_float32(array)


def canonical_query(query: ArrayLike, dimension: int | None) -> tuple[NDArray[np.float32], bool]:
    """Return the queries as float32 (m, dimension), and whether a single 1-D one was given."""
    array = _real_array(query, "query")
    if array.ndim not in (1, 2):
        raise VectorError(f"Expected 1D or 2D query, got shape {array.shape}")
    _check_width(array.shape[-1], dimension)
    return _to_float32(np.atleast_2d(array)), array.ndim == 1


def _real_array(value: ArrayLike, name: str) -> NDArray[Any]:
    if _speaks_only_dlpack(value):
        array: NDArray[Any] = np.from_dlpack(value)  # type: ignore[arg-type]
    else:
        array = np.asanyarray(value)
    if isinstance(array, np.ma.MaskedArray):
        raise VectorTypeError(f"{name} is a masked array; fill it first, for instance with .filled(0)")
    if array.dtype.kind not in _REAL_KINDS:
        raise VectorTypeError(f"{name} must hold integers or floats, got dtype {array.dtype}")
    return np.asarray(array)


def _speaks_only_dlpack(value: object) -> bool:
    kind = type(value)
    if not hasattr(kind, "__dlpack__") or hasattr(kind, "__array__"):
        return False
    try:
        memoryview(value)  # type: ignore[arg-type]
    except TypeError:
        return True
    return False


def _check_width(width: int, dimension: int | None) -> None:
    if dimension is None:
        if not 1 <= width <= failures.MAX_DIMENSION:
            raise failures.dimension_out_of_range(width)
    elif width != dimension:
        raise failures.dimension_mismatch(dimension, width)


def _to_float32(array: NDArray[Any]) -> NDArray[np.float32]:
    # A copy in every case: what is checked here must be what is stored, even
    # if another thread writes to the caller's array meanwhile.
    with np.errstate(all="ignore"):
        rows = array.astype(np.float32, order="C", copy=True)
    if array.dtype.kind == "f" and array.dtype.itemsize > 4:
        _check_overflow(array, rows)
    return rows


def _check_overflow(array: NDArray[Any], rows: NDArray[np.float32]) -> None:
    lost = np.isinf(rows)
    if not lost.any():
        return
    lost &= np.isfinite(array)
    if not lost.any():
        return
    where = tuple(int(axis[0]) for axis in np.nonzero(lost))
    position = where[0] if len(where) == 2 else None
    raise VectorError(
        f"Component {where[-1]} is {array[where]!s}, beyond the largest float32 (3.4028235e+38)"
        f"{failures._at(position)}; scale the vector",
        position=position,
    )
