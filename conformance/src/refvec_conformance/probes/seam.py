"""All that a writer asks of the disk, by itself and through sqlite, as one sequence of operations."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from .durability import watched
from .sqlitefiles import seen


class Operation(NamedTuple):
    """One of them.

    Attributes
    ----------
    name : str
        "write", "sync", "allocate", "truncate", "sync_directory", "rename", "delete" or "commit".
    path : Path
        The file or directory; of "commit" nothing.
    at : int
        Where it is written, or the size that is wanted.
    data : bytes
        What is written.
    other : Path
        The new name of what is renamed.
    by_sqlite : bool
        Whether sqlite asks, and not core.
    """

    name: str
    path: Path
    at: int = 0
    data: bytes = b""
    other: Path = Path()
    by_sqlite: bool = False


Watch = Callable[[Operation], object]


def nothing(_: Operation) -> None:
    """Do nothing."""


def path_of(handle: int) -> Path:
    """Return what an open file is called."""
    return Path(os.readlink(f"/proc/self/fd/{handle}"))  # noqa: PTH115 - as it is, be it deleted


def _of_core(name: str, args: tuple[Any, ...]) -> Operation:
    if name == "pwrite":
        return Operation("write", path_of(args[0]), args[2], bytes(memoryview(args[1]).cast("B")))
    if name == "rename":
        return Operation(name, args[0], other=args[1])
    if name == "remove":
        return Operation("delete", args[0])
    if name == "reserve":
        return Operation("allocate", path_of(args[0]), args[2])
    if name == "sync_directory":
        return Operation(name, args[0])
    if name == "commit":
        return Operation(name, Path())
    return Operation(name, path_of(args[0]), *args[1:])


def _of_sqlite(name: str, path: Path, at: int, data: bytes) -> Operation:
    return Operation(name, path, at, data, by_sqlite=True)


@contextmanager
def operations(before: Watch = nothing, after: Watch = nothing, *, sqlite: bool = True) -> Iterator[None]:
    """Call functions before and after each operation; what `before` raises is how it ends.

    Parameters
    ----------
    before, after : callable
        They are given the operation.
    sqlite : bool
        Whether those that sqlite asks for are among them, where they can be seen. It
        takes no errors but `OSError`, and a database that was opened before does not ask.
    """
    with ExitStack() as stack:
        stack.enter_context(
            watched(
                lambda name, args: before(_of_core(name, args)), lambda name, args: after(_of_core(name, args))
            )
        )
        if sqlite:
            stack.enter_context(
                seen(lambda *told: before(_of_sqlite(*told)), lambda *told: after(_of_sqlite(*told)))
            )
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

    def _at(self, operation: Operation) -> None:
        self.seen.append(operation.name)
        if len(self.seen) == self._wanted + 1:
            self._act()

    def watching(self, *, sqlite: bool = True) -> AbstractContextManager[None]:
        """Return the context in which it watches, as `operations` does."""
        return operations(self._at, self._at, sqlite=sqlite)


def points_of(call: Callable[[], object], *, sqlite: bool = True) -> int:
    """Return how many points a call passes."""
    points = Points(-1, lambda: None)
    with points.watching(sqlite=sqlite):
        call()
    return len(points.seen)
