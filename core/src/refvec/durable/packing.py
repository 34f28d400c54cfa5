"""Numbers as bytes, and back from bytes that may be damaged.

Everything begins at a multiple of eight bytes, so that arrays can be views of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

RUN = 0  # the width of numbers of which each is one more than the number before
_WIDTHS = (1, 2, 4, 8)
_BELOW = 2  # the codes of events, a run, are so much above the indices that follow: both are parts of one array
_MOST_IN_A_RUN = 2**40  # bytes in which they would be, unpacked: a length that no store has is damage


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


class Unpacker:
    """Reads what was packed, from the beginning."""

    def __init__(self, content: bytes | memoryview) -> None:
        self._content = memoryview(content)
        self._at = 0
        self._counted = 0, np.empty(0, np.int64)  # from where, and the numbers

    def take(self, size: int) -> memoryview:
        """Return the next bytes, and step over what fills them up."""
        if size > len(self._content) - self._at:
            raise PackingError("it ends too early")
        part = self._content[self._at : self._at + size]
        self._at += size + -size % 8
        return part

    def word(self) -> int:
        """Return the next eight bytes as a number."""
        return int.from_bytes(self.take(8), "little")

    def _numbers(self) -> NDArray[Any]:
        width, count = self.word(), self.word()
        if width == RUN:
            return self._run(count)
        if width not in _WIDTHS:
            raise PackingError(f"it has numbers of {width} bytes")
        return np.frombuffer(self.take(width * count), f"<u{width}")

    def _run(self, count: int) -> NDArray[np.int64]:
        first = self.word()
        if count * 8 > _MOST_IN_A_RUN or first + count > 2**63:
            raise PackingError(f"it has {count} numbers from {first} up")
        start, values = self._counted
        if not start <= first <= first + count <= start + len(values):
            start = max(0, first - _BELOW)
            values = np.arange(first - start + count, dtype=np.int64)
            values += start  # in its place: to open a store is mostly to wait for new memory
            values.flags.writeable = False
            self._counted = start, values
        return values[first - start : first - start + count]

    def numbers(self) -> NDArray[np.int64]:
        """Return the next numbers."""
        values = self._numbers().astype(np.int64, copy=False)
        if len(values) and np.min(values) < 0:
            raise PackingError("it has a number of 2**63 or more")
        return values

    def words(self) -> NDArray[np.uint32]:
        """Return the next numbers, of 32 bits at most."""
        values = self._numbers()
        if len(values) and values.itemsize > 4 and np.max(values) >> 32:
            raise PackingError("it has a number of 2**32 or more, where there is a checksum or fingerprint")
        return values.astype(np.uint32, copy=False)

    def end(self) -> None:
        """Raise unless everything was read."""
        if self._at != len(self._content):
            raise PackingError("it is too long" if self._at < len(self._content) else "it ends too early")
