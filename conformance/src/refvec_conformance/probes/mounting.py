"""Disks of our own: one that is really full (DUR-7), and one store under two mount points (DUR-5).

Run as a program, ``python -m refvec_conformance.probes.mounting BACKEND SEED``, it prints what was wrong. It
mounts within a namespace of its own, which not every system allows: then the one
line says so, and begins with `NOT_HERE`. `filling` tries full disks everywhere.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from refvec import StoreLockedError

from ..judging.target import Target, resolved
from .durability import held, kept

NOT_HERE = "no mounts here: "
_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_REMOUNT, _BIND, _REC_PRIVATE = 32, 4096, 0x4000 | 0x40000


def apart() -> None:
    """Have mounts of our own from now on; raise `OSError` where that is not allowed."""
    user, group = os.geteuid(), os.getegid()
    if _libc().unshare(_NEW_MOUNTS | (_NEW_USER if user else 0)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if user:
        Path("/proc/self/setgroups").write_bytes(b"deny")
        Path("/proc/self/uid_map").write_bytes(b"0 %d 1" % user)
        Path("/proc/self/gid_map").write_bytes(b"0 %d 1" % group)
    mount("none", Path("/"), "", _REC_PRIVATE, "")


def mount(source: str, target: Path, kind: str, flags: int, options: str) -> None:
    """Mount something, as mount(2) does."""
    given = source.encode(), os.fsencode(target), kind.encode(), flags, options.encode()
    if _libc().mount(*given):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(target))


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    if not (hasattr(libc, "unshare") and hasattr(libc, "mount")):
        raise OSError(errno.ENOSYS, "the system has no mount namespaces")
    return libc


def full_disk(target: Target, place: Path, rng: np.random.Generator) -> Iterator[str]:
    """Yield what is wrong with a store on a disk that is full for a while."""
    place.mkdir()
    mount("tmpfs", place, "tmpfs", 0, "size=512k")
    store = target.open(64, path=place / "store")
    refusals = 0
    for turn in range(20):
        store.upsert_vectors([f"{n}" for n in range(150)], rng.standard_normal((150, 64), np.float32))
        wanted = held(store)
        try:
            store.flush()
        except OSError as error:
            refusals += 1
            yield from _refused(target, place, error)
            if held(store) != wanted:
                yield "a flush that failed changed the store"
            mount("tmpfs", place, "tmpfs", _REMOUNT, f"size={(turn + 2) * 512}k")
            store.flush()
        if kept(target, place / "store") != wanted:
            yield "what was flushed is not there"
    store.close()
    if not refusals:
        yield "the disk was never full"


def _refused(target: Target, place: Path, error: OSError) -> Iterator[str]:
    if error.errno != errno.ENOSPC:
        yield f"a full disk is told as {type(error).__name__}: {error}"
    try:
        target.open(path=place / "store")
        yield "a flush that failed has given up the lock"
    except StoreLockedError:
        pass


def full_from_the_beginning(target: Target, place: Path) -> Iterator[str]:
    """Yield what is wrong with a store that cannot be made, and later can."""
    place.mkdir()
    mount("tmpfs", place, "tmpfs", 0, "size=12k")
    try:
        target.open(2, path=place / "store")
        yield "a store was made where there is no room for one"
    except OSError as error:
        if error.errno != errno.ENOSPC:
            yield f"a full disk is told as {type(error).__name__}: {error}"
    mount("tmpfs", place, "tmpfs", _REMOUNT, "size=1m")
    with target.open(2, path=place / "store") as store:
        store.add_vector("a", [1, 2])
    if kept(target, place / "store")["ids"] != [("a", 0)]:
        yield "what was flushed is not there"


def bound(target: Target, place: Path) -> Iterator[str]:
    """Yield what is wrong with a store under two mount points."""
    other = place.with_name("other")
    other.mkdir()
    with target.open(2, path=place) as store:
        mount(str(place), other, "", _BIND, "")
        store.add_vector("a", [1, 2])
        store.flush()
        try:
            target.open(path=other)
            yield "two writers have one store"
        except StoreLockedError:
            pass
        if kept(target, other)["ids"] != [("a", 0)]:
            yield "a reader by the other path sees something else"


def complaints(target: Target, seed: int) -> list[str]:
    """Return what is wrong, or that nothing can be mounted."""
    place = Path("/mnt") if Path("/mnt").is_dir() else Path("/tmp")  # noqa: S108 - a mount of our own
    try:
        apart()
        mount("tmpfs", place, "tmpfs", 0, "size=64m")
    except OSError as error:
        return [f"{NOT_HERE}{error}"]
    found = [*full_disk(target, place / "full", np.random.default_rng(seed))]
    found += full_from_the_beginning(target, place / "little")
    return [*found, *bound(target, place / "bound")]


def main(spelling: str, seed: str) -> None:
    """Print the complaints about a backend."""
    with resolved(spelling) as target:
        target.open(2).close()  # what it imports and starts belongs outside
        child = os.fork()  # with one thread, as the system wants it
        if not child:
            print(*complaints(target, int(seed))[:10], sep="\n", flush=True)
            os._exit(0)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
