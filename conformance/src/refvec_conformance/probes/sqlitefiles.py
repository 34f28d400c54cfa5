"""What sqlite asks of the disk: a layer between it and the operating system (its VFS), in Python.

It stands on the very library that the module `sqlite3` uses, which has to be a
shared one to be found; where it is not, `available` says so, and sqlite is
trusted. Not seen: the shared memory beside a log, which no crash of the machine
leaves, and the directory that sqlite syncs together with a log that is new.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Told = Callable[[str, Path, int, bytes], object]

_OK, _FULL, _IOERR = 0, 13, 10
_CODES = {
    name: _IOERR | kind << 8 for name, kind in (("write", 3), ("sync", 4), ("truncate", 6), ("delete", 10))
}
_POINTER, _INT, _LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64


class _File(ctypes.Structure):
    _fields_ = (("methods", _POINTER),)


_WRITE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, _LONG)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _POINTER, _LONG)
_SYNC = ctypes.CFUNCTYPE(_INT, _POINTER, _INT)
_CLOSE = ctypes.CFUNCTYPE(_INT, _POINTER)
# The name stays a bare address: sqlite keeps it.
_OPEN = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, ctypes.POINTER(_File), _INT, _POINTER)
_DELETE = ctypes.CFUNCTYPE(_INT, _POINTER, ctypes.c_char_p, _INT)


class _Methods(ctypes.Structure):
    _fields_ = (
        ("version", _INT),
        ("close", _CLOSE),
        ("read", _POINTER),
        ("write", _WRITE),
        ("truncate", _TRUNCATE),
        ("sync", _SYNC),
        ("others", _POINTER * 13),
    )


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("version", _INT),
        ("file_bytes", _INT),
        ("longest_path", _INT),
        ("next", _POINTER),
        ("name", ctypes.c_char_p),
        ("data", _POINTER),
        ("open", _OPEN),
        ("delete", _DELETE),
        ("others", _POINTER * 14),
    )


@functools.cache
def _library() -> ctypes.CDLL | None:
    """Return the library of the module `sqlite3`, None where it is not to be found."""
    try:
        loaded = Path("/proc/self/maps").read_text("utf-8").split()
        (path,) = {one for one in loaded if Path(one).name.startswith("libsqlite3.so")}
        library = ctypes.CDLL(path)
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        library.sqlite3_libversion.restype = ctypes.c_char_p
    except (OSError, ValueError, AttributeError):
        return None
    return library if library.sqlite3_libversion().decode() == sqlite3.sqlite_version else None


def available() -> bool:
    """Return whether the layer can be put there."""
    return _library() is not None


def _both(first: Told | None, second: Told | None) -> Told:
    def told(*what: Any) -> None:
        for one in (first, second):
            if one is not None:
                one(*what)

    return told


class _Layer:
    """The layer: one for the whole process, since open databases keep it."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.before: Told | None = None
        self.after: Told | None = None
        self._library = library
        self._paths: dict[int, Path] = {}  # of open files, by their address
        self._methods: dict[int, tuple[_Methods, _Methods]] = {}  # by their address: sqlite's, and ours
        self._own = library.sqlite3_vfs_find(None).contents
        self._vfs = _Vfs.from_buffer_copy(self._own)
        self._vfs.name = b"refvec-layer"
        self._vfs.open, self._vfs.delete = _OPEN(self._open), _DELETE(self._delete)

    @contextmanager
    def put(self, before: Told, after: Told) -> Iterator[None]:
        """Have every database that is opened meanwhile ask these."""
        kept = self.before, self.after
        self.before, self.after = _both(before, kept[0]), _both(kept[1], after)
        if kept[0] is None:
            self._library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1)
        try:
            yield
        finally:
            self.before, self.after = kept
            if kept[0] is None:
                self._library.sqlite3_vfs_unregister(ctypes.byref(self._vfs))

    def _open(self, _: Any, name: int | None, file: Any, flags: int, out: Any) -> int:
        code = int(self._own.open(ctypes.addressof(self._own), name, file, flags, out))
        if code == _OK and name is not None:
            address = ctypes.addressof(file.contents)
            self._paths[address] = Path(ctypes.string_at(name).decode())
            file.contents.methods = ctypes.addressof(self._ours(file.contents.methods))
        return code

    def _ours(self, address: int) -> _Methods:
        if address not in self._methods:
            own = _Methods.from_address(address)
            ours = _Methods.from_buffer_copy(own)
            ours.write = _WRITE(functools.partial(self._write, own))
            ours.truncate = _TRUNCATE(functools.partial(self._truncate, own))
            ours.sync = _SYNC(functools.partial(self._sync, own))
            ours.close = _CLOSE(functools.partial(self._close, own))
            self._methods[address] = own, ours
        return self._methods[address][1]

    def _asked(self, what: str, path: Path, at: int, data: bytes, call: Callable[[], int]) -> int:
        try:
            if self.before is not None:
                self.before(what, path, at, data)
            code = int(call())
            if code == _OK and self.after is not None:
                self.after(what, path, at, data)
        except OSError as error:
            return _FULL if error.errno == errno.ENOSPC else _CODES[what]
        return code

    def _write(self, own: _Methods, file: int, data: int, size: int, at: int) -> int:
        content = ctypes.string_at(data, size)
        return self._asked("write", self._paths[file], at, content, lambda: own.write(file, data, size, at))

    def _truncate(self, own: _Methods, file: int, size: int) -> int:
        return self._asked("truncate", self._paths[file], size, b"", lambda: own.truncate(file, size))

    def _sync(self, own: _Methods, file: int, flags: int) -> int:
        return self._asked("sync", self._paths[file], 0, b"", lambda: own.sync(file, flags))

    def _close(self, own: _Methods, file: int) -> int:
        self._paths.pop(file, None)
        return int(own.close(file))

    def _delete(self, _: Any, name: bytes, synced: int) -> int:
        vfs = ctypes.addressof(self._own)
        return self._asked("delete", Path(name.decode()), 0, b"", lambda: self._own.delete(vfs, name, synced))


@functools.cache
def _layer() -> _Layer:
    library = _library()
    assert library is not None
    return _Layer(library)


@contextmanager
def seen(before: Told, after: Told) -> Iterator[None]:
    """Call functions before and after what sqlite asks of the disk; what they raise is its error."""
    if not available():
        yield
        return
    with _layer().put(before, after):
        yield
