"""When two vectors are identical (DEDUP-1, DEDUP-2)."""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Precision: TypeAlias = int | Literal["exact"]

_LIMIT = 2.0**22
_NAN_KEY = 0x7FC00000
_MAGNITUDE = 0x7FFFFFFF  # all bits but the sign; as integers these are ordered as the floats are, then NaNs
_INFINITY = 0x7F800000
KEYS_AT_ONCE = 16_384  # components whose intermediate values stay in the processor's cache


def component_keys(rows: NDArray[np.float32], precision: Precision) -> NDArray[np.int32]:
    """Return the 32-bit key of every component, in the shape of `rows`.

    Parameters
    ----------
    rows : ndarray of float32, C-contiguous
        The vectors.
    precision : int or "exact"
        The number of decimals that count, 0 to 7, or ``"exact"`` for all bits.
    """
    if precision == "exact":
        return rows.view(np.int32)
    keys = np.empty(rows.shape, np.int32)
    fill_keys(keys.reshape(-1), rows.reshape(-1), precision, np.empty(min(rows.size, KEYS_AT_ONCE) or 1))
    return keys


def fill_keys(
    keys: NDArray[np.int32], components: NDArray[np.float32], precision: int, scratch: NDArray[np.float64]
) -> None:
    """Write the keys of components, (n,), to `keys`, (n,): as many at once as there is room in `scratch`."""
    for start in range(0, len(components), len(scratch)):
        part = components[start : start + len(scratch)]
        _fill(keys[start : start + len(scratch)], part, precision, scratch[: len(part)])


def surely_near(rows: NDArray[np.float32], precision: int) -> bool:
    """Return whether the keys of rows, (n, d), are surely all rounded ones; sums of squares are quickly had."""
    limit = _LIMIT / 10.0**precision
    # The largest square is no larger than the sum, which rounding makes smaller by less than a fiftieth.
    return bool(np.einsum("ij,ij->i", rows, rows).max(initial=0) <= 0.98 * limit * limit)


def _fill(
    keys: NDArray[np.int32], components: NDArray[np.float32], precision: int, scaled: NDArray[np.float64]
) -> None:
    bits = components.view(np.int32)
    magnitude = bits & _MAGNITUDE
    largest, limit = magnitude.max(initial=0), _largest_rounded(precision)
    if largest <= limit:
        fill_near(keys, components, precision, scaled)
        return
    near = magnitude <= limit
    # Zeros in place of the others, before any arithmetic that would warn of a NaN or an overflow.
    kept = bits.copy()
    kept[~near] = 0
    fill_near(keys, kept.view(np.float32), precision, scaled)
    np.copyto(keys, bits, where=~near)
    if largest > _INFINITY:
        np.copyto(keys, _NAN_KEY, where=magnitude > _INFINITY)


def fill_near(
    keys: NDArray[np.int32], components: NDArray[np.float32], precision: int, scaled: NDArray[np.float64]
) -> None:
    """Write the keys of components that are all in the range in which these are rounded."""
    # A cast of its own: where numpy cannot have the buffer for casting within an operation, it crashes.
    np.copyto(scaled, components)
    scaled *= 10.0**precision  # exact: 24 + 17 significant bits
    np.rint(scaled, out=scaled)
    np.copyto(keys, scaled, casting="unsafe")


@cache
def _largest_rounded(precision: int) -> int:
    """Return the bits of the largest float32 whose product is within the limit."""
    found = np.float32(_LIMIT / 10.0**precision)
    while float(found) * 10.0**precision > _LIMIT:
        found = np.nextafter(found, np.float32(0))
    return int(found.view(np.int32))


def identity_keys(rows: NDArray[np.float32], precision: Precision) -> list[bytes]:
    """Return one key a row, (n, d): two vectors are identical when their keys are equal."""
    count, dimension = rows.shape
    if count == 0 or dimension == 0:
        return [b""] * count
    blob = component_keys(rows, precision).tobytes()
    width = 4 * dimension
    return [blob[start : start + width] for start in range(0, len(blob), width)]
