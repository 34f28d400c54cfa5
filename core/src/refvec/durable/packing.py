"""Numbers and texts as bytes, and back from bytes that may be damaged."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

_WIDTHS = (1, 2, 4, 8)


class PackingError(Exception):
    """What is wrong with packed bytes."""


def numbers(values: NDArray[np.int64]) -> bytes:
    """Pack numbers from 0 up: the width of each in bytes, how many they are, and they."""
    top = int(values.max()) if len(values) else 0
    width = next(width for width in _WIDTHS if top >> 8 * width == 0)
    return bytes([width]) + len(values).to_bytes(8, "little") + values.astype(f"<u{width}").tobytes()


def texts(values: list[str]) -> bytes:
    """Pack texts: their lengths in bytes, the length of all, and their UTF-8."""
    encoded = "".join(values).encode()
    lengths = (
        map(len, values) if len(encoded) == sum(map(len, values)) else (len(one.encode()) for one in values)
    )
    return numbers(np.fromiter(lengths, np.int64, len(values))) + len(encoded).to_bytes(8, "little") + encoded


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

    def _length(self) -> int:
        return int.from_bytes(self._take(8), "little")

    def numbers(self) -> NDArray[np.int64]:
        """Return the next numbers."""
        width = self._take(1)[0]
        if width not in _WIDTHS:
            raise PackingError(f"it has numbers of {width} bytes")
        values = np.frombuffer(self._take(width * self._length()), f"<u{width}").astype(np.int64)
        if len(values) and values.min() < 0:
            raise PackingError("it has a number of 2**63 or more")
        return values

    def texts(self) -> list[str]:
        """Return the next texts."""
        lengths = self.numbers()
        encoded = self._take(self._length())
        if (lengths > len(encoded)).any() or sum(lengths.tolist()) != len(encoded):
            raise PackingError("its ids do not fill their place")
        spans = list(pairwise(accumulate(lengths.tolist(), initial=0)))
        try:
            whole = str(encoded, "utf-8")
            if len(whole) == len(encoded):  # ASCII: characters are bytes
                return [whole[start:stop] for start, stop in spans]
            return [str(encoded[start:stop], "utf-8") for start, stop in spans]
        except UnicodeDecodeError as error:
            raise PackingError("an id is no UTF-8") from error

    def end(self) -> None:
        """Raise unless everything was read."""
        if self._at != len(self._content):
            raise PackingError("it is too long")
