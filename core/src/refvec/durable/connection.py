"""A connection to the database of a store: how it is opened, asked, and ended."""

from __future__ import annotations

import ctypes
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from .damage import damaged
from .locks import open_file
from .sqlerrors import translated

APPLICATION = 0x52465643  # "RFVC": what sqlite calls the application id
_READING_PAGES = 8  # that sqlite keeps: every content is read once, and new memory takes longer than reading
_MAGIC, _HEADER_BYTES = b"SQLite format 3\0", 100
_TIMEOUT = 10.0  # seconds that a recovery or a checkpoint of another process may take
T = TypeVar("T")


def identify(path: Path) -> tuple[int, int]:
    """Return whose database it is, and its version, without a lock or a file beside it.

    sqlite itself would refuse a database that a checkpoint was cut short in, unless it may look at its log.
    """
    handle = open_file(path, os.O_RDONLY)
    try:
        start = os.pread(handle, _HEADER_BYTES, 0)
    finally:
        os.close(handle)
    if len(start) < _HEADER_BYTES or not start.startswith(_MAGIC):
        raise damaged(path, "it does not begin as one")
    return int.from_bytes(start[68:72], "big"), int.from_bytes(start[60:64], "big")


def end(connection: sqlite3.Connection) -> None:
    """End a transaction that only read."""
    connection.commit()


class Connection:
    """A connection to the database of a store.

    Parameters
    ----------
    path : Path
        The database.
    mode : {"ro", "rw", "rwc", "immutable"}
        As sqlite has them; "immutable" needs nothing but the file itself, and nobody may write to it.
    """

    def __init__(self, path: Path, mode: str) -> None:
        self.path = path
        self.mode = mode
        how = "mode=ro&immutable=1" if mode == "immutable" else f"mode={mode}"
        with translated(path):
            self._connection = sqlite3.connect(
                f"file:{quote(os.fsencode(path))}?{how}",
                uri=True,
                isolation_level=None,
                timeout=_TIMEOUT,
                check_same_thread=False,
            )
        with self._closing_on_error():
            self._ask("PRAGMA trusted_schema = OFF")
            if mode == "rw":
                self._ask("PRAGMA synchronous = FULL")
                self._ask("PRAGMA journal_size_limit = 4194304")
            elif mode != "rwc":
                self._ask(f"PRAGMA cache_size = {_READING_PAGES}")

    @contextmanager
    def _closing_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _ask(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with translated(self.path):
            return self._connection.execute(sql, values).fetchall()

    def _each(self, sql: str, *values: object) -> Iterator[Any]:
        """Yield the rows of an answer one after the other, as sqlite finds them."""
        with translated(self.path):
            yield from self._connection.execute(sql, values)

    def _many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        with translated(self.path):
            self._connection.executemany(sql, rows)

    def _script(self, sql: str) -> None:
        """Do what has neither values nor results, outside of a transaction: it would be committed.

        Each statement gives up the interpreter lock once, by `_ask` it would six times: beside a busy thread,
        whoever gives it up waits for it as long as the interpreter's switch interval.
        """
        with translated(self.path):
            self._connection.executescript(sql)

    def close(self) -> None:
        """End the connection; what was committed stays."""
        with suppress(sqlite3.Error):
            self._connection.close()

    def abandon(self) -> None:
        """Leave it alone in a forked child: to close it, even at the end, would touch the parent's database."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))

    def identity(self) -> tuple[int, int]:
        """Return whose database it is, and the version of its format."""
        return self._number("application_id"), self._number("user_version")

    def _number(self, pragma: str) -> int:
        ((found,),) = self._ask(f"PRAGMA {pragma}")
        assert isinstance(found, int)
        return found

    def check_database(self) -> None:
        """Raise unless sqlite finds its own structure intact."""
        ((found, *_), *_) = self._ask("PRAGMA integrity_check(1)")
        if found != "ok":
            raise damaged(self.path, str(found))

    def free_bytes(self) -> int:
        """Return the bytes of pages that hold nothing."""
        return self._number("freelist_count") * self._number("page_size")

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file, and let both be short, unless somebody is just reading."""
        with suppress(OSError):
            self._script("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)")
        with suppress(OSError):
            self._script(f"PRAGMA busy_timeout = {round(1000 * _TIMEOUT)}")

    def _transaction(self, begin: str, work: Callable[[], T], end: Callable[[sqlite3.Connection], object]) -> T:
        """Do some work in a transaction, or nothing: one function, so that no interrupt comes between them."""
        try:
            with suppress(sqlite3.Error):
                self._connection.rollback()  # what a second interrupt may have left open
            self._script(begin)
            done = work()
            with translated(self.path):
                end(self._connection)
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.rollback()
            raise
        return done
