"""Numbers as bytes, and back from bytes that may be damaged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_WIDTHS = (1, 2, 4, 8)


class PackingError(Exception):
    """What is wrong with packed bytes."""


def numbers(values: NDArray[np.int64] | NDArray[np.uint32]) -> bytes:
    """Pack numbers from 0 up: the width of each in bytes, how many they are, and they."""
    top = int(values.max()) if len(values) else 0
    width = next(width for width in _WIDTHS if top >> 8 * width == 0)
    return bytes([width]) + len(values).to_bytes(8, "little") + values.astype(f"<u{width}").tobytes()


class Unpacker:
    """Reads what was packed, from the beginning."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)
        self._at = 0

    def _take(self, size: int) -> memoryview:
        if size > len(self._content) - self._at:
            raise PackingError("it ends too early")
        part = self._content[self._at : self._at + size]
        self._at += size
        return part

    def byte(self) -> int:
        """Return the next byte."""
        return self._take(1)[0]

    def counted(self, size: int) -> memoryview:
        """Return the bytes of so many things of this size as the next number says."""
        return self._take(size * int.from_bytes(self._take(8), "little"))

    def _numbers(self) -> NDArray[Any]:
        width = self.byte()
        if width not in _WIDTHS:
            raise PackingError(f"it has numbers of {width} bytes")
        return np.frombuffer(self.counted(width), f"<u{width}")

    def numbers(self) -> NDArray[np.int64]:
        """Return the next numbers."""
        values = self._numbers().astype(np.int64)
        if len(values) and values.min() < 0:
            raise PackingError("it has a number of 2**63 or more")
        return values

    def words(self) -> NDArray[np.uint32]:
        """Return the next numbers, of 32 bits at most."""
        values = self._numbers()
        if len(values) and values.max() >> 32:
            raise PackingError("it has a number of 2**32 or more, where there is a checksum or fingerprint")
        return values.astype(np.uint32)

    def end(self) -> None:
        """Raise unless everything was read."""
        if self._at != len(self._content):
            raise PackingError("it is too long")
