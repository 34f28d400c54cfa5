"""SAVE-1: what becomes of that which was there, and of the folder around it."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from refvec import VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.prerequisites import PrerequisiteError
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.likeness import unlike_copy


def mode_of(path: Path) -> int:
    if not hasattr(os, "fchmod"):
        raise PrerequisiteError("this system has no modes of files")
    return stat.S_IMODE(path.stat().st_mode)


def entries(folder: Path) -> list[tuple[str, int, int, int]]:
    """What is in a folder: names, kinds and modes, and which file each is."""
    return sorted((one.name, (at := one.lstat()).st_mode, at.st_ino, at.st_size) for one in folder.iterdir())


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    """Fail unless a folder is afterwards what it was before."""
    before = entries(folder)
    yield
    after = entries(folder)
    if after != before:
        pytest.fail(f"the folder holds {after}; expected {before}, as before the call", pytrace=False)


@contextmanager
def umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


@clause("SAVE-1")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640, 0o666, 0o444], ids=oct)
def test_a_replaced_file_keeps_its_mode(stocked: VectorStore, tmp_path: Path, mode: int) -> None:
    path = tmp_path / "saved"
    path.write_bytes(b"old")
    path.chmod(mode)
    with umask(0o022):
        stocked.save(path)
    assert oct(mode_of(path)) == oct(mode)


@clause("SAVE-1")
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o027, 0o077], ids=oct)
def test_a_new_file_obeys_the_umask(stocked: VectorStore, tmp_path: Path, mask: int) -> None:
    with umask(mask):
        stocked.save(tmp_path / "saved")
    assert oct(mode_of(tmp_path / "saved")) == oct(0o666 & ~mask)


@clause("SAVE-1")
@pytest.mark.parametrize("allowed", [True, False])
def test_a_replaced_file_keeps_its_owner_where_allowed(
    target: Target, stocked: VectorStore, tmp_path: Path, allowed: bool
) -> None:
    path = tmp_path / "saved"
    path.write_bytes(b"old")
    if allowed and os.geteuid() == 0:
        os.chown(path, 12345, 54321)
    old = path.stat()
    refusal = None if allowed else PermissionError
    with mock.patch("os.fchown", wraps=os.fchown, side_effect=refusal) as chown:
        stocked.save(path)
    assert chown.call_args_list[0].args[1:] == (old.st_uid, old.st_gid)
    assert (path.stat().st_uid, path.stat().st_gid) == (old.st_uid, old.st_gid)
    assert unlike_copy(VectorStore.load(path, backend=target.name), stocked) == []


LINKS: dict[str, Callable[[Path], list[Path]]] = {
    "absolute": lambda folder: [folder / "there" / "saved"],
    "relative": lambda _: [Path("there/saved")],
    "to a link": lambda folder: [folder / "other", Path("there/saved")],
}


@clause("SAVE-1")
@pytest.mark.parametrize("old", [True, False], ids=["file", "nothing yet"])
@pytest.mark.parametrize("links", LINKS.values(), ids=LINKS)
def test_a_save_goes_through_links(
    target: Target, stocked: VectorStore, tmp_path: Path, links: Callable[[Path], list[Path]], old: bool
) -> None:
    (tmp_path / "there").mkdir()
    path = tmp_path / "there" / "saved"
    if old:
        path.write_bytes(b"old")
        path.chmod(0o600)
    for name, leads_to in zip(("link", "other"), links(tmp_path), strict=False):
        (tmp_path / name).symlink_to(leads_to)
    with untouched(tmp_path), umask(0o022):
        stocked.save(tmp_path / "link")
    assert [one.name for one in path.parent.iterdir()] == ["saved"]
    assert oct(mode_of(path)) == oct(0o600 if old else 0o644)
    assert unlike_copy(VectorStore.load(path, backend=target.name), stocked) == []


def _socket(path: Path) -> None:
    # The path of a socket is short; that of a test need not be.
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as found:
            found.bind(path.name)
    finally:
        os.chdir(here)


def _link_to(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def link(path: Path) -> None:
        make(path.with_name("real"))
        path.symlink_to("real")

    return link


def _ring(path: Path) -> None:
    path.symlink_to("back")
    path.with_name("back").symlink_to(path)


NO_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "FIFO": (lambda path: os.mkfifo(path), "FIFO"),
    "socket": (_socket, "socket"),
    "folder": (Path.mkdir, "directory"),
    "link to a FIFO": (_link_to(lambda path: os.mkfifo(path)), "FIFO"),
    "link to a folder": (_link_to(Path.mkdir), "directory"),
    "link to itself": (lambda path: path.symlink_to(path), "symbolic links"),
    "links in a ring": (_ring, "symbolic links"),
}


@clause("SAVE-1", "ATOM-1")
@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_plain_file_is_refused_and_stays(stocked: VectorStore, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "asked"
    make, words = NO_FILES[kind]
    make(path)
    with untouched(tmp_path), pytest.raises(OSError, match=words) as caught:
        stocked.save(path)
    assert named(caught) == str(path)


def named(caught: pytest.ExceptionInfo[OSError]) -> str:
    """Return the path that an error names, which is the only one in its text."""
    assert ".tmp" not in str(caught.value)
    return str(caught.value.filename)


@contextmanager
def _full_disk() -> Iterator[None]:
    import resource  # in here: see `refvec_conformance.judging.systems`

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _failing(function: str, error: type[BaseException], *args: object) -> Callable[[], Any]:
    def fail(*_: object) -> None:
        raise error(*args)

    return lambda: mock.patch(f"os.{function}", fail)


def _not_allowed(source: Any, destination: Any) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), source, None, destination)


FAILURES: dict[str, Callable[[], Any]] = {
    "full disk": _full_disk,
    "broken disk": _failing("fsync", OSError, errno.EIO, os.strerror(errno.EIO)),
    "not to be replaced": lambda: mock.patch("os.replace", _not_allowed),
}


@clause("SAVE-1", "ATOM-1")
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_failed_save_names_the_path_and_leaves_no_draft(
    stocked: VectorStore, tmp_path: Path, failure: Callable[[], Any]
) -> None:
    path = tmp_path / "saved"
    path.write_bytes(b"old")
    with untouched(tmp_path), pytest.raises(OSError, match="saved") as caught, failure():
        stocked.save(path)
    assert named(caught) == str(path)


@clause("SAVE-1")
def test_a_missing_folder_is_an_error_that_names_the_path(stocked: VectorStore, tmp_path: Path) -> None:
    with untouched(tmp_path), pytest.raises(FileNotFoundError) as caught:
        stocked.save(tmp_path / "missing" / "saved")
    assert named(caught) == str(tmp_path / "missing" / "saved")


@clause("SAVE-1", "ATOM-1")
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, SystemExit])
@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_an_interrupted_save_leaves_no_draft(
    stocked: VectorStore, tmp_path: Path, function: str, error: type[BaseException]
) -> None:
    (tmp_path / "saved").write_bytes(b"old")
    with untouched(tmp_path), pytest.raises(error), _failing(function, error)():
        stocked.save(tmp_path / "saved")


@clause("SAVE-1")
def test_a_save_is_synced_before_it_replaces(stocked: VectorStore, tmp_path: Path) -> None:
    path = tmp_path / "saved"
    path.write_bytes(b"old")
    synced: list[tuple[int, int]] = []
    sync = os.fsync

    def note(handle: int) -> None:
        synced.append((os.fstat(handle).st_ino, path.stat().st_ino))
        sync(handle)

    old = path.stat().st_ino
    with mock.patch("os.fsync", note):
        stocked.save(path)
    new = path.stat().st_ino
    assert (new, old) in synced
    assert (tmp_path.stat().st_ino, new) in synced


@clause("SAVE-1")
@pytest.mark.parametrize("code", [errno.EINVAL, errno.EIO, errno.EACCES], ids=errno.errorcode.get)
def test_a_folder_that_cannot_be_synced_is_no_failure_to_save(
    target: Target, stocked: VectorStore, tmp_path: Path, code: int
) -> None:
    sync = os.fsync

    def files_only(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, os.strerror(code))
        sync(handle)

    (tmp_path / "saved").write_bytes(b"old")
    with mock.patch("os.fsync", files_only):
        stocked.save(tmp_path / "saved")
    assert unlike_copy(VectorStore.load(tmp_path / "saved", backend=target.name), stocked) == []
