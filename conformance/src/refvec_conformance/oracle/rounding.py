"""Numbers as the contract defines them, in exact arithmetic (VEC-1, VEC-3, DEDUP-1)."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Any

_LARGEST = Fraction(2) ** 128
_FINEST = -149
_LIMIT = 2**22


def nearest_float32(value: Any) -> bytes:
    """Return the native bytes of the float32 nearest to a number, ties to even.

    Raises
    ------
    OverflowError
        If `value` is finite and the nearest float32 is not.
    """
    if value != value or abs(value) == math.inf or value == 0:  # a long double may overflow a float
        return struct.pack("=f", value)
    exact = Fraction(*value.as_integer_ratio())
    quantum = Fraction(2) ** max(_exponent(abs(exact)) - 23, _FINEST)
    rounded = round(exact / quantum) * quantum
    if abs(rounded) >= _LARGEST:
        raise OverflowError(f"{value} is beyond float32")
    return struct.pack("=f", math.copysign(float(rounded), exact))


def _exponent(magnitude: Fraction) -> int:
    """Return e with 2**e <= magnitude < 2**(e + 1)."""
    e = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    return e if Fraction(2) ** e <= magnitude else e - 1


def component_key(component: bytes, precision: Any) -> tuple[str, Any]:
    """Return the identity key of one component, given as its four bytes."""
    (x,) = struct.unpack("=f", component)
    if precision == "exact":
        return "bits", component
    if math.isnan(x):
        return "nan", None
    if math.isinf(x):
        return "itself", x
    scaled = Fraction(x) * 10**precision
    return ("integer", round(scaled)) if abs(scaled) <= _LIMIT else ("itself", x)


def vector_key(vector: bytes, precision: Any) -> tuple[tuple[str, Any], ...]:
    """Return the identity key of a vector, given as its bytes."""
    return tuple(component_key(vector[i : i + 4], precision) for i in range(0, len(vector), 4))
