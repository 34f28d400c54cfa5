"""What a durable store asks of the operating system, each thing in one function.

The writer calls these through the module, so a test can take the place of a
disk that fails, is full, or loses what was not synced.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from ..writeback import write_soon as write_soon

try:
    import fcntl
except ImportError:  # no POSIX system: see `locks`
    fcntl = None  # type: ignore[assignment]

_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: plain fsync stops at the drive's cache
_NO_ALLOCATION = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)
STEP_BYTES = 2**18
MOST_AHEAD = 2**26


def pwrite(handle: int, data: memoryview, offset: int) -> int:
    """Write at an offset; return how many bytes were written, perhaps not all."""
    return os.pwrite(handle, data, offset)


def write(handle: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of the data at an offset."""
    rest = memoryview(data).cast("B")
    while len(rest):
        done = pwrite(handle, rest, offset)
        rest, offset = rest[done:], offset + done


def sync(handle: int) -> None:
    """Return when the content of a file, and its length, are on the disk."""
    if _FULL_SYNC is not None:
        fcntl.fcntl(handle, _FULL_SYNC)
    elif hasattr(os, "fdatasync"):
        os.fdatasync(handle)
    else:
        os.fsync(handle)


def sync_directory(path: Path) -> None:
    """Return when the entries of a directory are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def allocate(handle: int, size: int) -> int:
    """Have a file of at least `size` bytes, on space that is really there, and some ahead; return how many."""
    held = os.fstat(handle).st_size
    if size <= held:
        return held
    ahead = min(size // 32, MOST_AHEAD)  # about 3 per cent
    wanted = -(-(size + ahead) // STEP_BYTES) * STEP_BYTES
    reserve(handle, held, wanted)
    return wanted


def reserve(handle: int, start: int, stop: int) -> None:
    """Have a part of a file on space that is really there; the file is at least as long."""
    try:
        os.posix_fallocate(handle, start, stop - start)
    except (AttributeError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_ALLOCATION:
            raise
        # The file system cannot: what is missing shows when rows are written.
        os.ftruncate(handle, max(stop, os.fstat(handle).st_size))


def commit(connection: sqlite3.Connection) -> None:
    """Return when the transaction is on the disk."""
    if not connection.in_transaction:  # where there is none, `commit` does nothing
        raise sqlite3.OperationalError("the transaction has ended already")
    connection.commit()


def rename(old: Path, new: Path) -> None:
    """Give a file its name."""
    os.rename(old, new)  # noqa: PTH104 - replaces nothing: the caller has the lock and looked


def remove(path: Path) -> None:
    """Take a file's name away; who has it open keeps it."""
    path.unlink()


def make_directories(path: Path) -> None:
    """Make a directory and its parents, each entry synced."""
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        sync_directory(one.parent)
