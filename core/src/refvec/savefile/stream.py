"""The bytes of a file that may be damaged."""

from __future__ import annotations

from io import BufferedIOBase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .digest import Digest
from .format import DIGEST_BYTES, PIECE_BYTES


class DamageError(Exception):
    """What is wrong with a file; the reader adds which file."""


def require(condition: object, text: str) -> None:
    """Raise `DamageError` unless the condition holds."""
    if not condition:
        raise DamageError(text)


class Stream:
    """The bytes of a file, each read once: what is handed out is what goes into the checksum.

    So a file that changes while it is read cannot pass: there is no second look.

    Parameters
    ----------
    file : io.BufferedIOBase
        At its beginning.
    length : int
        Of the file.
    """

    def __init__(self, file: BufferedIOBase, length: int) -> None:
        self._file = file
        self._digest = Digest()
        self.left = length - DIGEST_BYTES

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, of which the caller knows that the file has them."""
        part = self._file.read(size)
        self._consumed(part, len(part), size)
        return part

    def array(self, dtype: str, *shape: int) -> NDArray[Any]:
        """Return the next bytes as a fresh array, which may not change while it is hashed (see `Digest`)."""
        found = np.empty(shape, dtype)
        raw = found.reshape(-1).view(np.uint8).data
        self._consumed(raw, self._file.readinto(raw), raw.nbytes)
        return found

    def _consumed(self, part: bytes | memoryview, got: int, size: int) -> None:
        require(got == size, "it became shorter while it was read")
        self._digest.update(part)
        self.left -= size

    def settle(self) -> None:
        """Return when all that was handed out is in the checksum."""
        self._digest.wait()

    def verify(self) -> None:
        """Read the rest, and raise `DamageError` unless the checksum at the end is right."""
        while self.left > 0:
            self.read(min(self.left, PIECE_BYTES))
        found = self._file.read(DIGEST_BYTES)
        require(found == self._digest.digest(), "its checksum differs from its content")
