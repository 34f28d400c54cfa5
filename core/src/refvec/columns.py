"""Batches as users have them: arrays of two axes, and columns of vectors (VEC-1)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import as_array, check_complete, check_real, is_real, real_array
from .errors import RefvecError, VectorTypeError
from .failures import type_name
from .listarrays import flat_blocks
from .nulls import is_missing
from .tables import way_out

_FLOAT32 = np.dtype(np.float32)


class Batch(NamedTuple):
    """A plain array of real numbers, or the rows of a column, each such an array.

    Attributes
    ----------
    rows : ndarray or list of ndarray
        What was read, in its own dtypes.
    own : bool
        Whether `rows` is an array that was made here, so that nobody else can write to it.
    """

    rows: NDArray[Any] | list[NDArray[Any]]
    own: bool = False


def batch(value: Any, name: str, *, or_vector: bool = False) -> Batch:
    """Return the numbers of a batch as they were given.

    A column is a list or object array of vectors: a list of pyarrow arrays, a
    Series of arrays, a list array of pyarrow. `or_vector` says that the value
    may also be one vector.

    Raises
    ------
    VectorTypeError, VectorError
        As `real_array`; with the ``position`` of the first row at fault.
    """
    if type(value) in (list, tuple):
        return _of_sequence(tuple(value), name, or_vector)  # others may change the list meanwhile
    blocks = flat_blocks(value)
    if blocks is not None:
        return Batch(blocks[0] if len(blocks) == 1 else list(chain.from_iterable(blocks)))
    array = as_array(value)
    if _is_column(array, or_vector):
        check_complete(array, value, name, batch=True)
        return Batch(_rows(array.tolist()))
    hint = way_out(value, array, name)
    if hint:
        raise VectorTypeError(hint)
    check_real(array, value, name, batch=True)
    return Batch(np.asarray(array))


def _of_sequence(items: tuple[Any, ...], name: str, or_vector: bool) -> Batch:
    if _differ(items):
        rows = _rows(items)
        scalars = or_vector and not any(row.ndim for row in rows)
        return Batch(real_array(items, name) if scalars else rows)
    try:
        array = as_array(items)
    except (TypeError, ValueError):
        return Batch(_rows(items))  # in which the row at fault is found
    if _is_column(array, or_vector) or (array.ndim > 1 and not is_real(array.dtype)):
        return Batch(_rows(items))
    check_real(array, items, name, batch=True)
    return Batch(np.asarray(array), own=True)


def _is_column(array: NDArray[Any], or_vector: bool) -> bool:
    if array.dtype.kind != "O" or array.ndim != 1:
        return False
    return not or_vector or any(map(_is_vector_like, map(type, array.tolist())))


def _differ(items: tuple[Any, ...]) -> bool:
    """Return whether the items are vectors that must not be left to numpy together.

    It would promote them to one dtype, which rounds twice, and take their
    data without a look at masks and nulls.
    """
    if not items or type(items[0]) in (float, int):
        return False
    kinds = set(map(type, items))
    if kinds == {np.ndarray}:
        return len(set(map(attrgetter("dtype"), items))) > 1
    others = kinds - {list, tuple}
    return any(not issubclass(kind, np.generic) and _is_vector_like(kind) for kind in others)


def _is_vector_like(kind: type) -> bool:
    return issubclass(kind, list | tuple) or hasattr(kind, "__array__") or hasattr(kind, "__dlpack__")


def _rows(items: Sequence[Any]) -> list[NDArray[Any]]:
    return [_row(item, position) for position, item in enumerate(items)]


def _row(item: Any, position: int) -> NDArray[Any]:
    if type(item) is np.ndarray and item.dtype is _FLOAT32:
        return item
    if is_missing(item):
        raise VectorTypeError(
            f"Expected a vector, got {item!r:.20}; leave it out, and its id, or fill it", position=position
        )
    try:
        array = real_array(item, "vector")
    except RefvecError as error:
        error.position = position
        raise
    if array.ndim == 0 and not issubclass(type(item), np.ndarray):
        raise VectorTypeError(
            f"Expected a batch of vectors, got {type_name(type(item))} in it", position=position
        )
    return array
