"""Who may write, and who is reading: locks on open files, which die with their process.

They are of the open file (``flock``): any spelling of the path leads to the
same file, and a second opening conflicts within one process too.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import StoreLockedError, UnsupportedError
from .damage import damaged

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]


def require_locks() -> None:
    """Raise where the system has no such locks."""
    if fcntl is None:
        raise UnsupportedError(
            "Durable stores need flock(), which this system lacks; keep the store in memory and save() it"
        )


def lock_writer(path: Path, *, create: bool) -> int:
    """Return the handle of the locked file; raise at once if another writer has it."""
    handle = open_file(path, os.O_RDWR | (os.O_CREAT if create else 0))
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        raise StoreLockedError(
            f"Another writer has the store at {os.fspath(path.parent)} open; "
            'close it, or open this one with mode="r"'
        ) from None
    return handle


def unlock(handle: int) -> None:
    """Release a lock and its file; to close it would not do where a fork has copied the handle."""
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)


def lock_reader(handle: int) -> None:
    """Take the lock of a reader: as long as it lasts, no row that it may read is written again."""
    fcntl.flock(handle, fcntl.LOCK_SH)


@contextmanager
def reading(handle: int) -> Iterator[None]:
    """Keep rows that no flush references any more from being used again, while the context lasts."""
    lock_reader(handle)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)


def nobody_reads(handle: int) -> bool:
    """Return whether there is a moment, now, in which nobody reads."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    fcntl.flock(handle, fcntl.LOCK_UN)
    return True


def open_file(path: Path, flags: int) -> int:
    """Open a file of a store; one that is missing, or is no file, is damage."""
    waiting = getattr(os, "O_NONBLOCK", 0)  # a pipe would have us wait for somebody at its other end
    try:
        handle = os.open(path, flags | waiting | getattr(os, "O_CLOEXEC", 0), 0o666)
    except FileNotFoundError:
        raise damaged(path, "it is missing") from None
    except IsADirectoryError:
        raise damaged(path, "it is no file") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise damaged(path, "it is no file")
    return handle
