"""Digests: 64 bits that identical vectors share, and hardly any others.

A digest is Python's own seeded hash of bytes that are equal for identical
vectors. They are not the identity keys, which take longer to make: a product
with 1.5 * 2^52 added is rounded to the nearest integer, ties to even, as its
key is, and beyond the limit of the keys it still depends on nothing but the
component. And a digest is that of a few components only, which in nearly all
data tell vectors apart; a long digest is that of all. So digests choose the
candidates, and `tokens` compares them.
"""

from __future__ import annotations

from struct import Struct

import numpy as np
from numpy.typing import NDArray

from ..identity import Precision

LONG = 1 << 63  # all digests are less, all long ones are not
_FEW = 8
_BLOCK = 16_384  # components whose intermediate values stay in the processor's cache
_SHIFT = 1.5 * 2.0**52
_unpack, _pack = Struct(f"{_FEW}f").unpack_from, Struct(f"{_FEW}d").pack


def digest_of(row: NDArray[np.float32], precision: Precision) -> int:
    """Return the digest of one vector, (d,), C-contiguous."""
    if precision == "exact":
        return hash(row[:_FEW].tobytes())
    if len(row) < _FEW:
        return digests_of(row[None], precision)[0]
    # Python's floats are doubles, as numpy's are; eight of them take less time than two operations on arrays.
    a, b, c, d, e, f, g, h = _unpack(row.data)
    s, m = 10.0**precision, _SHIFT
    a, b, c, d = a * s + m, b * s + m, c * s + m, d * s + m
    e, f, g, h = e * s + m, f * s + m, g * s + m, h * s + m
    total = a + b + c + d + e + f + g + h
    if total != total:  # there is a NaN, or both infinities
        return digests_of(row[None], precision)[0]
    return hash(_pack(a, b, c, d, e, f, g, h))


def digests_of(rows: NDArray[np.float32], precision: Precision) -> list[int]:
    """Return the digest of every row of (n, d)."""
    return _hashes(rows[:, :_FEW], precision)


def long_digests_of(rows: NDArray[np.float32], precision: Precision) -> list[int]:
    """Return the long digest of every row of (n, d): its hash with 2^64 added."""
    return [found + (1 << 64) for found in _hashes(rows, precision)]


def _hashes(rows: NDArray[np.float32], precision: Precision) -> list[int]:
    found: list[int] = []
    step = max(1, _BLOCK // rows.shape[1])
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        blob = (block if precision == "exact" else _scaled(block, precision)).tobytes()
        width = len(blob) // len(block)
        found += [hash(blob[at : at + width]) for at in range(0, len(blob), width)]
    return found


def _scaled(rows: NDArray[np.float32], precision: int) -> NDArray[np.float64]:
    largest, missing = rows.item(rows.argmax()), None  # NaN if there is one; and faster than any reduction
    if largest != largest:
        missing = np.isnan(rows)
        rows = np.where(missing, np.float32(0), rows)  # arithmetic with a NaN may warn
    scaled = rows.astype(np.float64, order="C")
    scaled *= 10.0**precision  # exact: 24 + 17 significant bits
    scaled += _SHIFT
    if missing is not None:
        scaled[missing] = np.nan
    return scaled
