"""Numbers as bytes, and back from bytes that may be damaged.

Everything begins at a multiple of eight bytes, so that arrays can be views of it.
"""

from __future__ import annotations

import struct
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

RUN = 0  # the width of numbers of which each is one more than the number before
_WIDTHS = (1, 2, 4, 8)
# Runs take no memory: to open a store is mostly to wait for that.
Numbers: TypeAlias = NDArray[np.int64] | range
_MOST_IN_A_RUN = 2**40  # bytes in which they would be, unpacked: a length that no store has is damage


_word_at = struct.Struct("<Q").unpack_from


class PackingError(Exception):
    """What is wrong with packed bytes."""


def word(value: int) -> bytes:
    """Pack one number in eight bytes."""
    return value.to_bytes(8, "little")


def padded(content: bytes) -> bytes:
    """Fill up to a multiple of eight bytes."""
    return content + bytes(-len(content) % 8)


def numbers(values: NDArray[np.int64] | NDArray[np.uint32]) -> bytes:
    """Pack numbers from 0 up: the width of each in bytes, how many, and they or the first of a run."""
    count = len(values)
    if count and int(values[-1]) - int(values[0]) == count - 1 and (values[1:] == values[:-1] + 1).all():
        return word(RUN) + word(count) + word(int(values[0]))
    top = int(np.max(values)) if count else 0
    width = next(width for width in _WIDTHS if top >> 8 * width == 0)
    return word(width) + word(count) + padded(values.astype(f"<u{width}").tobytes())


def listed(values: Numbers) -> NDArray[np.int64]:
    """Return numbers as an array."""
    return np.arange(values.start, values.stop, dtype=np.int64) if isinstance(values, range) else values


class Unpacker:
    """Reads what was packed, from the beginning."""

    def __init__(self, content: bytes | memoryview) -> None:
        self._content = memoryview(content)
        self._at = 0

    def take(self, size: int) -> memoryview:
        """Return the next bytes, and step over what fills them up."""
        if size > len(self._content) - self._at:
            raise PackingError("it ends too early")
        part = self._content[self._at : self._at + size]
        self._at += size + -size % 8
        return part

    def word(self) -> int:
        """Return the next eight bytes as a number."""
        try:
            (value,) = _word_at(self._content, self._at)
        except struct.error:
            raise PackingError("it ends too early") from None
        self._at += 8
        return int(value)

    def _numbers(self) -> NDArray[Any] | range:
        width, count = self.word(), self.word()
        if width == RUN:
            return self._run(count)
        if width not in _WIDTHS:
            raise PackingError(f"it has numbers of {width} bytes")
        return np.frombuffer(self.take(width * count), f"<u{width}")

    def _run(self, count: int) -> range:
        first = self.word()
        if count * 8 > _MOST_IN_A_RUN or first + count >= 2**63:
            raise PackingError(f"it has {count} numbers from {first} up")
        return range(first, first + count)

    def numbers(self) -> Numbers:
        """Return the next numbers."""
        values = self._numbers()
        if isinstance(values, range):
            return values
        values = values.astype(np.int64, copy=False)
        if len(values) and np.min(values) < 0:
            raise PackingError("it has a number of 2**63 or more")
        return values

    def words(self) -> NDArray[np.uint32]:
        """Return the next numbers, of 32 bits at most."""
        values = self._numbers()
        if isinstance(values, range):
            values = listed(values)
        if len(values) and values.itemsize > 4 and np.max(values) >> 32:
            raise PackingError("it has a number of 2**32 or more, where there is a checksum or fingerprint")
        return values.astype(np.uint32, copy=False)

    def end(self) -> None:
        """Raise unless everything was read."""
        if self._at != len(self._content):
            raise PackingError("it is too long" if self._at < len(self._content) else "it ends too early")
