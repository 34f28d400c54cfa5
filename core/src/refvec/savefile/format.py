r"""The interchange file: one store, one file, every backend (SAVE-1).

Little-endian throughout::

    magic      8 bytes   89 52 45 46 56 45 43 0A ("\x89REFVEC\n")
    length     8 bytes   unsigned, of the header; at most 65,536
    header     JSON      counts and settings, padded with spaces to 8 bytes
    lengths    int64     (references,)   bytes of every id
    ids        UTF-8     one after the other, padded with zeros to 8 bytes
    indices    int64     (references,)   the index that every id references
    order      int64     (references,)   `Layout.slot_order`
    free       int64     allocated indices without a reference, ascending
    vectors    float32   (count, dimension), by ascending index
    digest     32 bytes  SHA-256 of all that precedes

The sizes in the header add up to the length of the file, which is checked
before anything is allocated. Nothing in the file is executed.

What later versions may change
------------------------------
Every format keeps the magic, the length, a JSON object with an integer
"format", and the digest at the end: so any version can tell a file of a newer
one from a damaged one. The number rises with any change that an older reader
would misread. Within a format the header may gain fields. One whose name
begins with "_" only tells (who wrote the file, and when), and is ignored by
readers that do not know it; any other says how to read the rest, and a reader
that does not know it refuses the file as that of a newer refvec. "dtype" is
there from the start because vectors of another type are to be expected.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..identity import Precision

MAGIC = b"\x89REFVEC\n"
FORMAT = 1
DTYPE = "float32"
DIGEST_BYTES = 32
PREFIX_BYTES = len(MAGIC) + 8
MAX_HEADER_BYTES = 2**16
PIECE_BYTES = 2**18  # of rows, or of ids, that are in memory at a time


@dataclass(frozen=True)
class Header:
    """The JSON header: settings of the store, and the counts that fix the file's length."""

    format: int
    dtype: str
    dimension: int | None
    precision: Precision
    initial_capacity: int
    capacity: int
    references: int
    id_bytes: int
    free: int
    vectors: int

    def encode(self) -> bytes:
        """Return the beginning of the file."""
        text = json.dumps(asdict(self)).encode()
        text += b" " * (-len(text) % 8)
        return MAGIC + len(text).to_bytes(8, "little") + text

    def body_bytes(self) -> int:
        """Return the number of bytes between the header and the digest."""
        ids = self.id_bytes + padding(self.id_bytes)
        return 24 * self.references + ids + 8 * self.free + 4 * self.vectors * (self.dimension or 0)


class Checksum(Protocol):
    """What `hashlib` returns, as far as it is used here."""

    def update(self, part: bytes | memoryview, /) -> None:
        """Take the next bytes."""

    def digest(self) -> bytes:
        """Return the checksum of all bytes so far."""


def checksum(content: bytes = b"") -> Checksum:
    """Return the running checksum of a file that begins with `content`."""
    # Twice as fast as BLAKE2b on processors with instructions for it, which are nearly all.
    return hashlib.sha256(content, usedforsecurity=False)


def padding(size: int) -> int:
    """Return how many bytes fill up to a multiple of eight."""
    return -size % 8


def spans(lengths: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of consecutive ids that make up a piece together, or are one long id."""
    ends = np.cumsum(lengths)
    start = before = 0
    while start < len(ends):
        stop = max(start + 1, int(np.searchsorted(ends, before + PIECE_BYTES, side="right")))
        yield start, stop
        start, before = stop, int(ends[stop - 1])
