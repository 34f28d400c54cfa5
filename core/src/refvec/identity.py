"""When two vectors are identical (DEDUP-1, DEDUP-2)."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Precision: TypeAlias = int | Literal["exact"]

_LIMIT = 2.0**22
_NAN_KEY = 0x7FC00000


def component_keys(rows: NDArray[np.float32], precision: Precision) -> NDArray[np.int32]:
    """Return the 32-bit key of every component, in the shape of `rows`.

    Parameters
    ----------
    rows : ndarray of float32, C-contiguous
        The vectors.
    precision : int or "exact"
        The number of decimals that count, 0 to 7, or ``"exact"`` for all bits.
    """
    bits: NDArray[np.int32] = rows.view(np.int32)
    if precision == "exact":
        return bits
    with np.errstate(all="ignore"):
        scaled = rows.astype(np.float64) * 10.0**precision  # exact: 24 + 17 significant bits
        near = np.abs(scaled) <= _LIMIT
        rounded = np.rint(np.where(near, scaled, 0.0)).astype(np.int32)
    keys = np.where(near, rounded, bits)
    keys[np.isnan(rows)] = _NAN_KEY
    return keys


def identity_keys(rows: NDArray[np.float32], precision: Precision) -> list[bytes]:
    """Return one key a row, (n, d): two vectors are identical when their keys are equal."""
    count, dimension = rows.shape
    if count == 0 or dimension == 0:
        return [b""] * count
    blob = component_keys(rows, precision).tobytes()
    width = 4 * dimension
    return [blob[start : start + width] for start in range(0, len(blob), width)]
