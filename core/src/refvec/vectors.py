"""Vectors (VEC-1 to VEC-3): array-likes become native float32 rows of the store's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import columns, failures
from .arrays import real_array
from .errors import VectorError

_FLOAT32 = np.dtype(np.float32)


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
        For a wrong dtype, missing values, a wrong number of axes or length,
        or a component beyond float32.
    """
    if type(vector) is np.ndarray and vector.dtype is _FLOAT32 and vector.shape == (dimension,):
        return vector.copy()
    array = real_array(vector, name)
    if array.ndim != 1:
        hint = {0: "; put the number in a list", 2: "; pass one of the rows"}.get(array.ndim, "")
        raise VectorError(f"Expected 1D {name}, got shape {array.shape}{hint}")
    check_width(array.shape[0], dimension)
    return to_float32(array)


def canonical_rows(vectors: ArrayLike, dimension: int | None, name: str = "vectors") -> NDArray[np.float32]:
    """Return a batch of vectors as a fresh C-contiguous float32 array of shape (n, dimension).

    A batch is an array of two axes, or a column: a sequence, Series or object
    array of vectors. An empty array of shape (0,) is the empty batch.
    Parameters and errors as in `canonical_row`; an error in one row carries
    its ``position``.
    """
    if (
        type(vectors) is np.ndarray
        and vectors.dtype is _FLOAT32
        and vectors.ndim == 2
        and vectors.shape[1] == dimension
    ):
        return vectors.copy()
    array, own = columns.batch(vectors, name)
    if isinstance(array, list):
        return _stacked(array, dimension)
    if array.shape == (0,) or (array.shape == (0, 0) and dimension is None):
        return np.empty((0, dimension or 0), np.float32)
    if array.ndim != 2:
        hint = f"; for one vector pass [{name.removesuffix('s')}]" if array.ndim == 1 else ""
        raise VectorError(f"Expected 2D {name}, got shape {array.shape}{hint}")
    check_width(array.shape[1], dimension)
    if own and array.dtype is _FLOAT32 and array.flags.c_contiguous:
        return array
    return to_float32(array)


def canonical_query(query: ArrayLike, dimension: int | None) -> tuple[NDArray[np.float32], bool]:
    """Return the queries as float32 (m, dimension), and whether a single 1-D one was given."""
    array, _ = columns.batch(query, "query", or_vector=True)
    if isinstance(array, list):
        return _stacked(array, dimension), False
    if array.ndim not in (1, 2):
        raise VectorError(f"Expected 1D or 2D query, got shape {array.shape}")
    check_width(array.shape[-1], dimension)
    return to_float32(np.atleast_2d(array)), array.ndim == 1


def check_width(width: int, dimension: int | None, position: int | None = None) -> None:
    """Raise unless a vector may have so many components."""
    if dimension is None:
        if not 1 <= width <= failures.MAX_DIMENSION:
            raise failures.dimension_out_of_range(width)
    elif width != dimension:
        raise failures.dimension_mismatch(dimension, width, position)


def to_float32(array: NDArray[Any]) -> NDArray[np.float32]:
    """Return a C-contiguous copy, rounded to the nearest float32."""
    # A copy in every case: what is checked must be what is stored, even if
    # another thread writes to the caller's array meanwhile.
    if array.dtype is _FLOAT32:
        return array.copy()
    with np.errstate(all="ignore"):
        rows = array.astype(np.float32, order="C", copy=True)
    if array.dtype.kind == "f" and array.dtype.itemsize > 4 and np.isinf(rows).any():
        return _without_overflow(array.copy())
    return rows


def _without_overflow(own: NDArray[Any]) -> NDArray[np.float32]:
    # Reached only where a component became infinite. It is told from a given
    # infinity in a copy of our own, which then is what is stored.
    with np.errstate(all="ignore"):
        rows = own.astype(np.float32, order="C")
    lost = np.isinf(rows) & np.isfinite(own)
    if not lost.any():
        return rows
    where = tuple(int(axis[0]) for axis in np.nonzero(lost))
    raise VectorError(
        f"Component {where[-1]} is {own[where]!s}, beyond the largest float32 (3.4028235e+38); "
        "scale the vector",
        position=where[0] if len(where) == 2 else None,
    )


def _stacked(rows: list[NDArray[Any]], dimension: int | None) -> NDArray[np.float32]:
    """Return the rows of a column as one array; each is rounded from its own dtype."""
    if not rows:
        return np.empty((0, dimension or 0), np.float32)
    for position, row in enumerate(rows):
        if row.ndim != 1:
            raise VectorError(f"Expected 1D vector, got shape {row.shape}", position=position)
    if dimension is None:
        dimension = len(rows[0])
        check_width(dimension, None)
    for position, row in enumerate(rows):
        check_width(len(row), dimension, position)
    found = np.empty((len(rows), dimension), np.float32)
    for position, row in enumerate(rows):
        try:
            found[position] = row if row.dtype is _FLOAT32 else to_float32(row)
        except VectorError as error:
            error.position = position
            raise
    return found
