"""Identity keys against the words of the contract, in exact rational arithmetic."""

import math
import struct
from fractions import Fraction

import numpy as np
import pytest
from refvec.identity import component_keys


def by_the_contract(x, precision):
    """Return the key of one float32 component (DEDUP-1) as 32 bits."""
    if math.isnan(x):
        return 0x7FC00000
    if not math.isinf(x):
        product = Fraction(x) * 10**precision
        if abs(product) <= 2**22:
            return round(product) & 0xFFFFFFFF
    return struct.unpack("<I", struct.pack("<f", x))[0]


def awkward(precision):
    """Yield floats at ties, at the limit, beside both, and of every class."""
    rng = np.random.default_rng(precision)
    yield from rng.integers(0, 2**32, 3000, np.uint32).view(np.float32)
    ties = (rng.integers(-(2**22), 2**22, 2000) + 0.5) / 10**precision
    edge = np.float64(2**22) / 10**precision * np.linspace(1 - 1e-6, 1 + 1e-6, 500)
    for values in (ties, edge, -edge):
        near = values.astype(np.float32)
        for side in (-np.inf, np.inf):
            yield from np.nextafter(near, np.float32(side))
        yield from near
    yield from np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 3.4e38], np.float32)


@pytest.mark.parametrize("precision", range(8))
def test_keys_are_those_of_the_contract(precision):
    values = np.array(list(awkward(precision)), np.float32)
    found = component_keys(values[None], precision)[0].view(np.uint32).tolist()
    assert found == [by_the_contract(float(x), precision) for x in values]


def test_exact_keys_are_the_bits():
    rows = np.array([[0.0, -0.0, np.nan]], np.float32)
    assert component_keys(rows, "exact").tobytes() == rows.tobytes()
