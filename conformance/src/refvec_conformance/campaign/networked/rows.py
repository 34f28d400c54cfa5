"""Vectors by number: a log names them, and whoever finds one says which it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DIMENSION = 4
HOT = 40  # numbers that all clients have in common: their vectors gain and lose references all the time
_RADIX = 4096
_REST = (1.0, 2.0)


def rows_of(numbers: Sequence[int]) -> NDArray[np.float32]:
    """Return the vectors of these numbers."""
    return np.array([(*divmod(number, _RADIX), *_REST) for number in numbers], np.float32)


def number_of(row: NDArray[np.float32]) -> int:
    """Return the number of a vector, -1 for one that has none."""
    high, low, *rest = row.tolist()
    number = int(high) * _RADIX + int(low)
    return number if (number // _RADIX, number % _RADIX, *rest) == (high, low, *_REST) else -1
