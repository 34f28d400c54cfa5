"""Durable stores: traces of changes and flushes, what a store holds, and the disk as a seam."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from refvec import VectorStore
from refvec.durable import disk, writer
from refvec.durable.connection import Connection

from ..judging.target import Target
from .journals import annotated, content, step

OPERATIONS = ("pwrite", "sync", "sync_directory", "reserve", "commit", "rename", "remove")


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a new folder, in memory where the system has such: what matters here is who waits for the disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    with tempfile.TemporaryDirectory(dir=memory if usable else None, prefix="refvec-") as found:
        yield Path(found)


def names_in(path: Path) -> list[str]:
    """Return the names in a directory, sorted."""
    return sorted(one.name for one in path.iterdir())


def held(store: VectorStore) -> dict[str, Any]:
    """Return everything that must survive."""
    size = store._size()
    return {
        **content(store),
        "dimension": size.dimension,
        "allocated": size.allocated,
        "capacity": size.capacity,
        "payloads": annotated(store),
    }


def kept(target: Target, path: Path, mode: str = "r") -> dict[str, Any]:
    """Return what a directory holds, every checksum looked at."""
    with target.open(path=path, mode=mode) as store:
        store.verify()
        return held(store)


def flushes(store: VectorStore, seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Make random changes and flush them, so many times; yield what the store holds after each flush."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        for _ in range(int(rng.integers(1, 6))):
            step(rng, store)
        store.flush()
        yield held(store)


def history(target: Target, path: Path, seed: int, count: int) -> list[dict[str, Any]]:
    """Return what a store holds before, and after each of so many flushes."""
    with target.open(2, 2, path=path) as store:
        return [held(store), *flushes(store, seed, count)]


@contextmanager
def watched(
    before: Callable[[str, tuple[Any, ...]], object], after: Callable[[str, tuple[Any, ...]], object]
) -> Iterator[None]:
    """Call functions before and after whatever the writer asks of the disk."""

    def wrapped(name: str) -> Callable[..., Any]:
        original = getattr(disk, name)

        def call(*args: Any) -> Any:
            before(name, args)
            result = original(*args)
            after(name, args)
            return result

        return call

    with ExitStack() as stack:
        for name in OPERATIONS:
            stack.enter_context(mock.patch.object(disk, name, wrapped(name)))
        yield


@contextmanager
def small_logs() -> Iterator[None]:
    """Let logs be short: sqlite's go into its database, and core's into a snapshot, every few flushes."""
    opened = Connection.__init__

    def open_it(self: Connection, path: Path, mode: str) -> None:
        opened(self, path, mode)
        if mode == "rw":
            self._ask("PRAGMA wal_autocheckpoint = 12")

    with (
        mock.patch.object(Connection, "__init__", open_it),
        mock.patch.object(writer, "FEW_EVENTS", 20),
    ):
        yield
