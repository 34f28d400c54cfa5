"""What sqlite complains of, as the errors that callers know."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .damage import damaged

_NUMBERS = {
    3: errno.EACCES,  # SQLITE_PERM
    5: errno.EAGAIN,  # SQLITE_BUSY
    6: errno.EAGAIN,  # SQLITE_LOCKED
    8: errno.EACCES,  # SQLITE_READONLY
    10: errno.EIO,  # SQLITE_IOERR
    13: errno.ENOSPC,  # SQLITE_FULL
    14: errno.EIO,  # SQLITE_CANTOPEN
}
_SHORT_READ = 522  # SQLITE_IOERR_SHORT_READ: the file ends in the middle of a page


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Let an error of the database be an ``OSError`` that names it, or `CorruptStoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 1)
        number = _NUMBERS.get(code & 0xFF)
        if number is None or code == _SHORT_READ:
            raise damaged(path, f"sqlite says: {error}") from error
        raise OSError(number, f"{os.strerror(number)} (sqlite says: {error})", os.fspath(path)) from error
