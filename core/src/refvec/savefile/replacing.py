"""Replacing a file so that a crash leaves the old one or the new one."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter
from pathlib import Path

from ..signposts import of_directory
from ..writeback import write_soon

SOON = 2**23  # bytes that the disk is told to begin with while more are made

_OTHERS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


def replace(path: str | os.PathLike[str], parts: Iterable[bytes | memoryview]) -> None:
    """Make the parts one plain file at `path`, atomically and synced.

    A file that is there keeps its mode, and its owner and group where the
    system allows it; not its access control list, its extended attributes, or
    its other names (hard links), which keep the old content. A new one obeys
    the umask. Symbolic links stay, and the file that they lead to is replaced.
    What is no plain file is refused and left alone.

    If the call raises, an existing file is as it was, and nothing else is left
    behind (only Ctrl-C in its very last moment may find the new file in place).
    If it returns, the content is on disk under its name, as far as the system
    can promise that: where directories cannot be synced, a crash of the machine
    soon afterwards may bring the whole old file back.

    Raises
    ------
    OSError
        Naming `path` as it was given.
    """
    with _drafted(path) as (draft, old):
        _write(draft, old, parts)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BufferedWriter]:
    """Do what `replace` does with what the body of a ``with`` writes to the file that it gets.

    If the body raises, nothing is replaced.
    """
    with _drafted(path) as (draft, old), _created(draft, old) as file:
        yield file


@contextmanager
def _drafted(path: str | os.PathLike[str]) -> Iterator[tuple[Path, os.stat_result | None]]:
    """Yield where to write, and what is there now; then the one takes the place of the other."""
    target = Path(os.path.realpath(path))
    draft = target.parent / f".refvec-{secrets.token_hex(8)}.tmp"
    with _naming(os.fspath(Path(path)), draft):
        old = _existing(Path(path))
        try:
            yield draft, old
            os.replace(draft, target)
        except BaseException:
            _discard(draft)
            raise
    _sync_directory(target.parent)


def require_plain(mode: int, path: str) -> None:
    """Raise ``OSError`` unless the ``st_mode`` is that of a plain file."""
    if stat.S_ISDIR(mode):
        known = f"{os.strerror(errno.EISDIR)}; {of_directory(path)}"
        raise IsADirectoryError(errno.EISDIR, known, path)
    if not stat.S_ISREG(mode):
        kind = _OTHERS.get(stat.S_IFMT(mode), "something else")
        raise OSError(errno.EINVAL, f"A store is saved in a plain file, and this is {kind}", path)


def _existing(path: Path) -> os.stat_result | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    require_plain(found.st_mode, os.fspath(path))
    return found


def _write(draft: Path, old: os.stat_result | None, parts: Iterable[bytes | memoryview]) -> None:
    written = begun = 0
    with _created(draft, old) as file:
        for part in parts:
            file.write(part)
            written += len(part)
            del part  # it may be large, and the next one is made now
            if written - begun >= SOON:
                write_soon(file.fileno(), begun, written - begun)
                begun = written


@contextmanager
def _created(draft: Path, old: os.stat_result | None) -> Iterator[BufferedWriter]:
    def create(name: str, flags: int) -> int:
        # Nobody may look into a file that is to be 0600, not even while it is written.
        return os.open(name, flags, 0o666 if old is None else 0o600)

    with open(draft, "xb", opener=create) as file:
        if old is not None:
            _resemble(file.fileno(), old)
        yield file
        file.flush()
        os.fsync(file.fileno())


def _resemble(handle: int, old: os.stat_result) -> None:
    """Give a file the mode of another one, and its owner and group if we may."""
    if not hasattr(os, "fchown"):
        return  # there are no owners and modes on this system
    for owner in (old.st_uid, -1):
        with suppress(OSError):
            os.fchown(handle, owner, old.st_gid)
            break
    found, mode = os.fstat(handle), stat.S_IMODE(old.st_mode)
    if found.st_gid != old.st_gid:
        # Our group gets what it had as part of the world, not what was meant for the other one.
        mode = mode & ~0o070 | (mode & 0o007) << 3
    if (found.st_uid, found.st_gid) != (old.st_uid, old.st_gid):
        mode &= 0o777  # nor may it act as somebody else
    if stat.S_IMODE(found.st_mode) != mode:
        os.fchmod(handle, mode)  # last: a change of owner clears bits


@contextmanager
def _naming(asked: str, draft: Path) -> Iterator[None]:
    """Let errors name the path that the caller knows: a full disk names none, others the draft."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename in (None, draft, str(draft)):
            error.filename = asked
            del error.filename2
        raise


def _discard(draft: Path) -> None:
    with suppress(OSError):
        draft.unlink()


def _sync_directory(directory: Path) -> None:
    # The file has been replaced: from here on nothing may look like a failure to do so.
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)  # Windows cannot open directories
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
