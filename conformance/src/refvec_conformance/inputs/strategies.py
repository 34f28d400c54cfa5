"""Hypothesis strategies of vectors: few components, so that they meet again."""

from __future__ import annotations

import math
import struct

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.typing import NDArray

NANS = (0x7FC00000, 0x7FC00001, 0xFFC00000, 0x7F800001, 0xFFFFFFFF)
SPECIAL = (0x00000000, 0x80000000, *NANS, 0x7F800000, 0xFF800000, 0x00000001, 0x807FFFFF, 0x7F7FFFFF)


def edges(precision: int | str) -> list[float]:
    """Return float32 components near the borders that DEDUP-1 draws at a precision."""
    p = 6 if precision == "exact" else int(precision)
    quantum, limit = 10.0**-p, 2.0**22 * 10.0**-p
    centres = [quantum * 0.5, quantum * 1.5, quantum * 2.5, quantum, limit, limit + quantum / 2, 1.0, 0.5, -0.5]
    near = [np.float32(value) for value in centres]
    return [float(step(value)) for value in near for step in (_down, np.float32, _up)]


def _down(value: np.float32) -> np.float32:
    return np.float32(np.nextafter(value, np.float32(-math.inf)))


def _up(value: np.float32) -> np.float32:
    return np.float32(np.nextafter(value, np.float32(math.inf)))


def components(precision: int | str = 6) -> SearchStrategy[int]:
    """Draw the 32 bits of a component."""
    edge = [struct.unpack("=I", struct.pack("=f", value))[0] for value in edges(precision)]
    few = [0, 0x3F800000, 0xBF800000]
    return st.one_of(st.sampled_from(few), st.sampled_from([*SPECIAL, *edge]), st.integers(0, 2**32 - 1))


def vectors(dimension: int, precision: int | str = 6) -> SearchStrategy[NDArray[np.float32]]:
    """Draw one float32 vector."""
    drawn = st.lists(components(precision), min_size=dimension, max_size=dimension)
    return drawn.map(lambda words: np.array(words, np.uint32).view(np.float32))


def matrices(dimension: int, rows: int, precision: int | str = 6) -> SearchStrategy[NDArray[np.float32]]:
    """Draw so many float32 vectors."""
    drawn = st.lists(vectors(dimension, precision), min_size=rows, max_size=rows)
    return drawn.map(lambda found: np.array(found, np.float32).reshape(rows, dimension))
