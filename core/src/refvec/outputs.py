"""The ``out`` argument (GET-3): what may be filled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_out(out: object, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return `out` as a plain array on the same memory, so that no code of a subclass runs when it is filled.

    Raises
    ------
    ValueError
        Unless it can be filled with `shape` rows.
    """
    if not issubclass(type(out), np.ndarray):
        raise ValueError(f"out must be a float32 ndarray, got {type(out).__name__}")
    array: NDArray[Any] = np.asarray(out)
    flags = array.flags
    if array.dtype != np.float32 or not array.dtype.isnative or array.shape != shape:
        raise ValueError(
            f"out must be native float32 of shape {shape}, got {array.dtype.str} of shape {array.shape}"
        )
    if not (flags.writeable and flags.aligned and flags.c_contiguous):
        raise ValueError("out must be writable, aligned and C-contiguous")
    return array
