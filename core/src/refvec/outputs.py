"""The ``out`` argument (GET-3): what may be filled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def plain_out(out: object) -> NDArray[Any]:
    """Return `out` as a plain array on the same memory, so that no code of a subclass runs under a lock."""
    if not issubclass(type(out), np.ndarray):
        raise ValueError(f"out must be a float32 ndarray, got {type(out).__name__}")
    return np.asarray(out)


def check_out(out: object, shape: tuple[int, int]) -> None:
    """Raise ``ValueError`` unless `out` can be filled with `shape` rows."""
    array = plain_out(out)
    flags = array.flags
    if array.dtype != np.float32 or not array.dtype.isnative or array.shape != shape:
        raise ValueError(
            f"out must be native float32 of shape {shape}, got {array.dtype.str} of shape {array.shape}"
        )
    if not (flags.writeable and flags.aligned and flags.c_contiguous):
        raise ValueError("out must be writable, aligned and C-contiguous")
