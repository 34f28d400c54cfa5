r"""The interchange file: one store, one file, every backend (SAVE-1).

Little-endian throughout::

    magic      8 bytes   89 52 45 46 56 45 43 0A ("\x89REFVEC\n")
    length     8 bytes   unsigned, of the header
    header     JSON      counts and settings, padded with spaces to 8 bytes
    lengths    int64     (references,)   bytes of every id
    ids        UTF-8     one after the other, padded with zeros to 8 bytes
    indices    int64     (references,)   the index that every id references
    order      int64     (references,)   `Layout.slot_order`
    free       int64     allocated indices without a reference, ascending
    vectors    float32   (count, dimension), by ascending index
    digest     16 bytes  BLAKE2b of all that precedes

The sizes in the header add up to the length of the file, which is checked
before anything is allocated. Nothing in the file is executed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ..identity import Precision
from ..opening import OpenSpec
from ..state import State

MAGIC = b"\x89REFVEC\n"
FORMAT = 1
DIGEST_BYTES = 16
PREFIX_BYTES = len(MAGIC) + 8


@dataclass(frozen=True)
class Header:
    """The JSON header: settings of the store, and the counts that fix the file's length."""

    format: int
    dimension: int | None
    precision: Precision
    initial_capacity: int
    capacity: int
    references: int
    id_bytes: int
    free: int
    vectors: int

    def body_length(self) -> int:
        """Return the number of bytes between the header and the digest."""
        ids = self.id_bytes + -self.id_bytes % 8
        return 24 * self.references + ids + 8 * self.free + 4 * self.vectors * (self.dimension or 0)


def encode(spec: OpenSpec, state: State) -> list[bytes]:
    """Return the parts of the file, in order."""
    layout, vectors = state
    texts = [chunk_id.encode() for chunk_id in layout.ids]
    blob = b"".join(texts)
    free = layout.free()
    header = Header(
        FORMAT,
        spec.dimension,
        spec.precision,
        spec.initial_capacity,
        layout.capacity,
        len(texts),
        len(blob),
        len(free),
        len(vectors),
    )
    head = json.dumps(asdict(header)).encode()
    head += b" " * (-len(head) % 8)
    parts = [
        MAGIC + len(head).to_bytes(8, "little") + head,
        _int64([len(text) for text in texts]),
        blob + b"\0" * (-len(blob) % 8),
        _int64(layout.id_indices),
        _int64(layout.slot_order),
        _int64(free),
        vectors.astype("<f4", copy=False).tobytes(),
    ]
    return [*parts, digest(parts)]


def digest(parts: Iterable[bytes | memoryview]) -> bytes:
    """Return the checksum of the concatenated parts."""
    found = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        found.update(part)
    return found.digest()


def _int64(values: list[int] | NDArray[np.int64]) -> bytes:
    return np.asarray(values, dtype="<i8").tobytes()
