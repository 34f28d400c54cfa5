"""The head: which flush was the last that was acknowledged.

sqlite takes a damaged end of its write-ahead log for the remains of a crash,
and goes back to an older commit without a word. The head, which is written
after every commit, tells such a loss from a crash.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from . import disk
from .damage import damaged

MAGIC = b"\x89RVHEAD\n"
BYTES = 36
_LOOKS = 100  # a reader may look while the writer writes


def encode(store: str, flush: int) -> bytes:
    """Return the content of a head."""
    body = MAGIC + bytes.fromhex(store) + flush.to_bytes(8, "little")
    return body + zlib.crc32(body).to_bytes(4, "little")


def write(handle: int, store: str, flush: int) -> None:
    """Say that a flush is acknowledged. It need not be synced: it is there to be found after the process."""
    disk.write(handle, encode(store, flush), 0)


def read(handle: int, path: Path) -> tuple[str, int]:
    """Return the store, and the last acknowledged flush."""
    for _ in range(_LOOKS):
        found = os.pread(handle, BYTES + 1, 0)
        body, digest = found[:-4], int.from_bytes(found[-4:], "little")
        if len(found) == BYTES and found.startswith(MAGIC) and zlib.crc32(body) == digest:
            return body[8:24].hex(), int.from_bytes(body[24:], "little")
    raise damaged(path, "its checksum differs from its content")
