"""Digests: 64 bits that identical vectors share, and hardly any others.

A digest is Python's own seeded hash of bytes that are equal for identical
vectors. They are not the identity keys, which take longer to make: a product
with 1.5 * 2^52 added is rounded to the nearest integer, ties to even, as its
key is, and beyond the limit of the keys it still depends on nothing but the
component. And a digest is that of a few components only, spread over the vector,
which in nearly all data tell vectors apart; a long digest is that of all. So
digests choose the candidates, and `tokens` compares them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..identity import Precision

LONG = 1 << 63  # all digests are less, all long ones are not
_FEW = 8
_BLOCK = 16_384  # components whose intermediate values stay in the processor's cache
_SHIFT = 1.5 * 2.0**52
# As arrays, since an operation converts a Python float anew each time.
_SCALES, _SHIFTS = [np.array(10.0**precision) for precision in range(8)], np.array(_SHIFT)
_pack = Struct(f"{_FEW}d").pack


def digest_of(row: NDArray[np.float32], precision: Precision) -> int:
    """Return the digest of one vector, (d,), C-contiguous."""
    if precision == "exact" or len(row) < _FEW:
        return digests_of(row[None], precision)[0]
    # Python's floats are doubles, as numpy's are; eight of them take less time than two operations on arrays.
    a, b, c, d, e, f, g, h = _unpacking(len(row))(row.data)
    s, m = 10.0**precision, _SHIFT
    a, b, c, d = a * s + m, b * s + m, c * s + m, d * s + m
    e, f, g, h = e * s + m, f * s + m, g * s + m, h * s + m
    total = a + b + c + d + e + f + g + h
    if total != total:  # there is a NaN, or both infinities
        return digests_of(row[None], precision)[0]
    return hash(_pack(a, b, c, d, e, f, g, h))


def digests_of(rows: NDArray[np.float32], precision: Precision) -> list[int]:
    """Return the digest of every row of (n, d)."""
    return _hashes(rows[:, :: rows.shape[1] // _FEW or 1][:, :_FEW], precision)


@cache
def _unpacking(dimension: int) -> Callable[[Any], tuple[float, ...]]:
    """Return what reads those components out of the memory of a vector."""
    return Struct("=" + f"f{4 * (dimension // _FEW - 1)}x" * _FEW).unpack_from


def long_digest_of(row: NDArray[np.float32], precision: Precision) -> int:
    """Return the long digest of one vector, (d,), C-contiguous: its hash with 2^64 added."""
    return hash(_bytes(row, precision)) + (1 << 64)


def long_digests_of(rows: NDArray[np.float32], precision: Precision) -> list[int]:
    """Return the long digest of every row of (n, d)."""
    return [found + (1 << 64) for found in _hashes(rows, precision)]


def _hashes(rows: NDArray[np.float32], precision: Precision) -> list[int]:
    found: list[int] = []
    step = max(1, _BLOCK // rows.shape[1])
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        blob = _bytes(block, precision)
        width = len(blob) // len(block)
        found += [hash(blob[at : at + width]) for at in range(0, len(blob), width)]
    return found


def _bytes(rows: NDArray[np.float32], precision: Precision) -> bytes:
    """Return bytes that are equal where vectors are identical."""
    if precision == "exact":
        return rows.tobytes()
    largest, missing = rows.item(rows.argmax()), None  # NaN if there is one; and faster than any reduction
    if largest != largest:
        missing = np.isnan(rows)
        rows = np.where(missing, np.float32(0), rows)  # arithmetic with a NaN may warn
    scaled = rows.astype(np.float64, order="C")
    np.multiply(scaled, _SCALES[precision], scaled)  # exact: 24 + 17 significant bits
    np.add(scaled, _SHIFTS, scaled)
    if missing is not None:
        scaled[missing] = np.nan
    return scaled.tobytes()
