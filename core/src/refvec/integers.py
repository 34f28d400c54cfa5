"""Integer arguments (INT-1): one place decides what counts as an integer."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import NDArray

from .failures import of_pyarrow, type_name

_INT64_MAX = np.iinfo(np.int64).max


def canonical_int(value: SupportsIndex, name: str) -> int:
    """Return `value` as an exact ``int``.

    Parameters
    ----------
    value : SupportsIndex
        Anything with ``__index__`` except ``bool`` and ``numpy.bool``.
    name : str
        The name of the argument, for the message.

    Raises
    ------
    TypeError
        If `value` is not an integer in that sense.
    """
    if issubclass(type(value), bool | np.bool_):
        raise TypeError(f"{name} must be an integer, got {type_name(type(value))}")
    try:
        found = operator.index(value)
    except TypeError as error:
        if hasattr(type(value), "__index__") and not isinstance(value, np.ndarray):
            raise  # the caller's own __index__ raised
        raise TypeError(
            f"{name} must be an integer, got {type_name(type(value))}{of_pyarrow(type(value))}"
        ) from error
    return int.__index__(found)


def canonical_indices(
    indices: Iterable[SupportsIndex] | NDArray[Any],
) -> tuple[NDArray[np.int64], Sequence[int]]:
    """Return indices as int64, and the integers as they were given.

    Values beyond int64 become -1, which no store ever allocates; the second
    item still holds them, for the message of the error.

    Raises
    ------
    TypeError
        If `indices` is not a sequence of integers, or an array of another kind.
    ValueError
        If it is an array with other than one axis.
    """
    if isinstance(indices, np.ndarray):
        return _from_array(indices)
    if isinstance(indices, str | bytes):
        raise TypeError(f"indices must be a sequence of integers, got {type_name(type(indices))}")
    values: list[Any] = list(indices)
    if set(map(type, values)) != {int}:
        values = [canonical_int(value, f"indices[{position}]") for position, value in enumerate(values)]
    try:
        return np.array(values, dtype=np.int64), values
    except OverflowError:
        inside = [value if abs(value) <= _INT64_MAX else -1 for value in values]
        return np.array(inside, dtype=np.int64), values


def _from_array(indices: NDArray[Any]) -> tuple[NDArray[np.int64], Sequence[int]]:
    array = np.asarray(indices)
    if array.ndim != 1:
        raise ValueError(f"Expected 1D indices, got shape {array.shape}")
    if array.size == 0:
        return np.empty(0, np.int64), []
    if array.dtype.kind not in "iu":
        raise TypeError(f"indices must be integers, got an array of dtype {array.dtype}")
    own = array.copy()  # what is judged here is what a message shows, whoever writes to the array meanwhile
    found = own.astype(np.int64)
    if own.dtype.kind == "u":
        found[found < 0] = -1  # beyond int64
    return found, _Lazy(own)


class _Lazy(Sequence[int]):
    """An integer array read as Python integers, one at a time."""

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, position: Any) -> Any:
        return int(self._array[position])
