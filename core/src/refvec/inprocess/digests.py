"""Digests: 64 bits that identical vectors share, and hardly any others.

A digest is Python's own seeded hash of bytes that are equal for identical
vectors. They are not the identity keys, which take longer to make: a product
with 1.5 * 2^52 added is rounded to the nearest integer, ties to even, as its
key is, and beyond the limit of the keys it still depends on nothing but the
component. So digests choose the candidates, and `tokens` compares their keys.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..identity import Precision

_BLOCK = 16_384  # components whose intermediate values stay in the processor's cache
_FLOAT64 = np.dtype(np.float64)
# Arrays, since an operation converts a Python float anew each time.
_SCALES = [np.array(10.0**precision) for precision in range(8)]
_SHIFT = np.array(1.5 * 2.0**52)


def digest_of(row: NDArray[np.float32], precision: Precision) -> int:
    """Return the digest of one vector, (d,), C-contiguous."""
    if precision == "exact":
        return hash(row.tobytes())
    largest = row.item(row.argmax())  # NaN if there is one; and faster than any reduction
    if largest != largest:  # noqa: PLR0124
        return hash(_scaled(row, precision).tobytes())
    scaled = row.astype(_FLOAT64)
    np.multiply(scaled, _SCALES[precision], scaled)
    np.add(scaled, _SHIFT, scaled)
    return hash(scaled.tobytes())


def digests_of(rows: NDArray[np.float32], precision: Precision) -> list[int]:
    """Return the digest of every row of (n, d), C-contiguous."""
    found: list[int] = []
    step = max(1, _BLOCK // rows.shape[1])
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        blob = (block if precision == "exact" else _scaled(block, precision)).tobytes()
        width = len(blob) // len(block)
        found += [hash(blob[at : at + width]) for at in range(0, len(blob), width)]
    return found


def _scaled(rows: NDArray[np.float32], precision: int) -> NDArray[np.float64]:
    if np.isnan(rows.reshape(-1)[rows.argmax()]):
        missing = np.isnan(rows)
        rows = np.where(missing, np.float32(0), rows)  # arithmetic with a NaN may warn
    else:
        missing = None
    scaled = rows.astype(_FLOAT64)
    np.multiply(scaled, _SCALES[precision], scaled)
    np.add(scaled, _SHIFT, scaled)
    if missing is not None:
        scaled[missing] = np.nan
    return scaled
