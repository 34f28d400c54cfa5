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
from refvec.durable import disk

from ..judging.target import Target
from .journals import content, step

OPERATIONS = ("pwrite", "sync", "sync_directory", "allocate", "commit", "rename")


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


def held(store: VectorStore) -> dict[str, object]:
    """Return everything that must survive."""
    size = store._size()
    return {
        **content(store),
        "dimension": size.dimension,
        "allocated": size.allocated,
        "capacity": size.capacity,
    }


def kept(target: Target, path: Path, mode: str = "r") -> dict[str, object]:
    """Return what a directory holds, every checksum looked at."""
    with target.open(path=path, mode=mode) as store:
        store.verify()
        return held(store)


def flushes(store: VectorStore, seed: int, count: int) -> Iterator[dict[str, object]]:
    """Make random changes and flush them, so many times; yield what the store holds after each flush."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        for _ in range(int(rng.integers(1, 6))):
            step(rng, store)
        store.flush()
        yield held(store)


def history(target: Target, path: Path, seed: int, count: int) -> list[dict[str, object]]:
    """Return what a store holds before, and after each of so many flushes."""
    with target.open(2, 2, path=path) as store:
        return [held(store), *flushes(store, seed, count)]


@contextmanager
def watched(
    before: Callable[[str, tuple[Any, ...]], None], after: Callable[[str, Any], None]
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


class Points:
    """Does something at one point of all that the writer asks of the disk.

    Points are counted from 0, two for each operation: before it, and after it.

    Attributes
    ----------
    seen : list of str
        The operations so far.
    """

    def __init__(self, wanted: int, act: Callable[[], None]) -> None:
        self.seen: list[str] = []
        self._wanted = wanted
        self._act = act

    def _at(self, name: str, *_: object) -> None:
        self.seen.append(name)
        if len(self.seen) == self._wanted + 1:
            self._act()

    def watching(self) -> Any:
        """Return the context in which it watches."""
        return watched(self._at, self._at)


def points_of(call: Callable[[], object]) -> int:
    """Return how many points a call passes."""
    points = Points(-1, lambda: None)
    with points.watching():
        call()
    return len(points.seen)
