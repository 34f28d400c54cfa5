"""Hypothesis strategies: few ids and few components, so that they meet again; and what is none."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.typing import NDArray

_UUIDS = [UUID(int=0), UUID(int=2**128 - 1), UUID("12345678-9abc-def0-1234-56789abcdef0")]
_TEXTS = ["", "a", "b", "c", "e\u0301", "\u00e9", "\U0001f600", "\0", "A" * 300, str(_UUIDS[2]).upper()]


def _words(*patterns: int) -> list[float]:
    return [struct.unpack("=f", struct.pack("=I", pattern))[0] for pattern in patterns]


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


def integral(dimension: int) -> SearchStrategy[list[int]]:
    """Draw a vector of small integers, whose dot products are exact in float32."""
    return st.lists(st.integers(-4, 4), min_size=dimension, max_size=dimension)


class Text(str):
    """A subclass of ``str``, whose own methods must not matter."""

    __slots__ = ()

    def __str__(self) -> str:
        """Lie."""
        return "lie"


ids: SearchStrategy[Any] = st.one_of(
    st.sampled_from(_TEXTS),
    st.sampled_from([str(one) for one in _UUIDS]),
    st.sampled_from(_UUIDS),
    st.sampled_from([Text("a"), Text("b")]),
)

bad_ids: SearchStrategy[Any] = st.sampled_from([None, 1, 1.5, b"a", ("a",), "\ud800", "a\udfff", object()])
any_ids: SearchStrategy[Any] = st.one_of(ids, ids, ids, bad_ids)


def batches(of: SearchStrategy[Any] = ids, most: int = 6) -> SearchStrategy[Sequence[Any]]:
    """Draw the ids of a batch, repeats included."""
    return st.lists(of, max_size=most)


indices: SearchStrategy[Any] = st.one_of(
    st.integers(0, 8), st.integers(-2, 12), st.sampled_from([2**31, 2**63, 2**64, -(2**63), -(2**70), 10**30])
)

bad_integers: SearchStrategy[Any] = st.sampled_from([None, True, np.True_, 1.0, "1", [1]])


def bad_vectors(dimension: int) -> SearchStrategy[Any]:
    """Draw what is no vector of a store with this dimension."""
    wrong = np.zeros(dimension)
    return st.sampled_from(
        [
            None,
            "vector",
            3.0,
            np.zeros(dimension + 1, np.float32),
            np.zeros((2, dimension, 1), np.float32),
            wrong.astype(bool),
            wrong.astype(complex),
            wrong.astype(object),
            wrong.astype("U1"),
            np.ma.masked_array(wrong),
            np.full(dimension, 1e39),
        ]
    )
