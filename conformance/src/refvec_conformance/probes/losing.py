"""A disk that loses power (DUR-1): what was written to a file or a directory, and not synced, may be gone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from refvec import RefvecError

from ..judging.target import Target
from .durability import kept, names_in, watched


class Losing:
    """Notes what a writer has synced, and says what a power loss would leave of its store.

    sqlite keeps its own promises: of the catalog, everything committed is there.
    Of other files, each write that is not synced may be there or not, and a
    file whose name is not synced may be missing.

    Parameters
    ----------
    place : Path
        The directory of the store.
    rng : numpy.random.Generator
        Chooses what is lost.
    """

    def __init__(self, place: Path, rng: np.random.Generator) -> None:
        self._place = place
        self._rng = rng
        self._writes: dict[str, list[tuple[int, bytes]]] = {}  # file -> (offset, what was there), not synced
        self._named: set[str] = set()  # files whose names are synced
        self._parents: set[Path] = set()  # directories whose entries were synced
        self._number = 0

    def watching(self) -> Any:
        """Return the context in which it watches."""
        return watched(self._before, self._after)

    def _before(self, name: str, args: tuple[Any, ...]) -> None:
        if name == "pwrite":
            handle, data, at = args
            size = len(memoryview(data).cast("B"))
            before = os.pread(handle, size, at)
            self._writes.setdefault(self._file(handle), []).append((at, before.ljust(size, b"\0")))

    def _after(self, name: str, args: tuple[Any, ...]) -> None:
        if name == "sync":
            self._writes.pop(self._file(args[0]), None)
        elif name == "sync_directory":
            self._parents.add(args[0])
            if args[0] == self._place:
                self._named = set(names_in(args[0]))
        elif name == "rename":
            self._named.discard(args[1].name)

    def _file(self, handle: int) -> str:
        return Path(f"/proc/self/fd/{handle}").readlink().name

    def complaints(self, target: Target, allowed: list[dict[str, object]]) -> list[str]:
        """Return what is wrong with what a loss of power may leave, just after a flush returned."""
        found = []
        if self._place.parent not in self._parents:
            found.append("the name of the store's directory is not synced")
        for share in (1.0, 0.5, 0.5):
            self._number += 1
            path = self._place.with_name(f"lost {self._number}")
            shutil.copytree(self._place, path, ignore=shutil.ignore_patterns("*-shm"))
            self._lose(path, share)
            try:
                if kept(target, path) != allowed[-1]:
                    found.append("it holds something else")
            except (RefvecError, OSError) as error:
                found.append(f"it does not open: {error}")
            shutil.rmtree(path)
        return found

    def _lose(self, path: Path, share: float) -> None:
        for name in names_in(path):
            if name not in self._named and not name.startswith("catalog.sqlite-"):  # sqlite syncs those itself
                (path / name).unlink()
            elif name in self._writes:
                with (path / name).open("r+b") as file:
                    for at, before in reversed(self._writes[name]):
                        if self._rng.random() < share:
                            file.seek(at)
                            file.write(before)
