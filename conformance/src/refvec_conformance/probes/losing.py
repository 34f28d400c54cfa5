"""A machine that loses power (DUR-1): what was written and not synced may be there, or not, in any combination.

Each write since a file was last synced, each change of its size, and each new, gone
or changed name since its directory was last synced is there or not, whatever happened to the
others; a write may be there in parts, sector by sector. A rename is there wholly or not
at all, and what was synced stays. sqlite's own files are among these
where `sqlitefiles` can see what it does with them; elsewhere it is trusted.

Not simulated: disks that lose or damage what they said was synced, damage inside of a
sector, other files than those of the store, and the content of sqlite's shared memory, which is
absent after a loss, or full of nonsense.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from .durability import names_in
from .seam import Operation, operations
from .sqlitefiles import available

SECTOR = 512  # bytes that a disk writes wholly or not at all
SHARED = "-shm"

Image: TypeAlias = dict[str, bytes]  # what a loss of power left, by name
Piece: TypeAlias = tuple[int, bytes | None]  # where what was written; a new size, and None


@dataclass
class _File:
    """A file: as it was synced last, and what has been done to it since."""

    synced: bytes = b""
    pieces: list[Piece] = field(default_factory=list)

    def content(self, kept: Sequence[bool]) -> bytes:
        """Return what it holds if these pieces are on the disk."""
        raw = bytearray(self.synced)
        for (at, data), there in zip(self.pieces, kept, strict=True):
            if there and data is None:
                raw[at:] = bytes(max(0, at - len(raw)))
            elif there and data is not None:
                raw.extend(bytes(max(0, at - len(raw))))
                raw[at : at + len(data)] = data
        return bytes(raw)


@dataclass
class _Entry:
    """A change of the directory that is not synced: what a name means from now on."""

    name: str
    file: _File | None
    old: str | None = None  # of what was renamed


class Losing:
    """Notes what a writer does to the disk, and collects what a loss of power would leave.

    Parameters
    ----------
    place : Path
        The directory of the store.
    rng : numpy.random.Generator
        Chooses what is lost, where not everything can be tried.
    most : int
        How many combinations of one moment are looked at: all of them if they are not more.

    Attributes
    ----------
    images : list of (tuple of int, dict)
        What may be left, each once: which flushes it may be the state of, and the files.
    allowed : tuple of int
        Which flushes the present moment may be the state of.
    exhausted : int
        Of how many moments every combination was taken.
    """

    def __init__(self, place: Path, rng: np.random.Generator, most: int) -> None:
        self.images: list[tuple[tuple[int, ...], Image]] = []
        self.allowed: tuple[int, ...] = ()
        self.exhausted = 0
        self.parents: set[Path] = set()  # directories whose entries were synced
        self._place, self._rng, self._most = place, rng, most
        there = [name for name in names_in(place) if not name.endswith(SHARED)] if place.is_dir() else []
        self._files = {name: _File((place / name).read_bytes()) for name in there}  # as the names are now
        self._names = dict(self._files)  # as the names were synced last
        self._entries: list[_Entry] = []
        self._taken: set[int] = set()

    def watching(self) -> AbstractContextManager[None]:
        """Return the context in which it watches."""
        return operations(self._before, self._after)

    def _before(self, operation: Operation) -> None:
        if operation.name in ("sync", "sync_directory", "commit"):
            self.look()
        if operation.name == "delete" and operation.path.parent == self._place:
            self._entries.append(_Entry(operation.path.name, None))
            self._files.pop(operation.path.name, None)

    def _after(self, operation: Operation) -> None:
        if operation.name == "sync_directory":
            self.parents.add(operation.path)
        if self._place not in (operation.path, operation.path.parent):
            return
        name, other = operation.path.name, operation.other.name
        if operation.name == "rename":
            self._files[other] = self._files.pop(name)
            self._entries.append(_Entry(other, self._files[other], name))
        self._see_new_files()
        if operation.name == "sync_directory":
            self._sync_names()
        elif operation.name == "sync":
            self._files[name] = self._synced(self._files[name], operation)
        elif operation.name == "write":
            self._files[name].pieces.extend(_sectors(operation.at, operation.data))
        elif operation.name in ("allocate", "truncate"):
            self._files[name].pieces.append((operation.path.stat().st_size, None))

    def _see_new_files(self) -> None:
        for name in names_in(self._place):
            if name not in self._files and not name.endswith(SHARED):
                self._files[name] = _File()
                self._entries.append(_Entry(name, self._files[name]))

    def _synced(self, file: _File, operation: Operation) -> _File:
        file.synced, file.pieces = operation.path.read_bytes(), []
        name = operation.path.name
        if operation.by_sqlite and name.endswith(("-wal", "-journal")) and self._names.get(name) is not file:
            self._sync_names()  # sqlite does so when such a file is new
        return file

    def _sync_names(self) -> None:
        self._names, self._entries = dict(self._files), []

    # What may be left

    def look(self) -> None:
        """Take what a loss of power may leave at this moment."""
        if not self._place.is_dir():
            return
        self._see_new_files()
        for kept in self._combinations():
            image = self._image(iter(kept))
            mark = hash((self.allowed, *sorted(image.items())))
            if mark not in self._taken:
                self._taken.add(mark)
                self.images.append((self.allowed, image))

    def _combinations(self) -> Iterator[tuple[bool, ...]]:
        count = len(self._entries) + sum(len(file.pieces) for file in self._all())
        if 2**count <= self._most:
            self.exhausted += 1
            yield from itertools.product((False, True), repeat=count)
            return
        yield from ((False,) * count, (True,) * count)
        for share in self._rng.choice([0.1, 0.5, 0.9], self._most - 2):
            yield tuple((self._rng.random(count) < share).tolist())

    def _all(self) -> list[_File]:
        """Return every file that may have a name."""
        found = [*self._names.values(), *self._files.values(), *(entry.file for entry in self._entries)]
        return list({id(one): one for one in found if one is not None}.values())

    def _image(self, kept: Iterator[bool]) -> Image:
        names = dict(self._names)
        for entry in self._entries:
            if next(kept):
                names.pop(entry.old or entry.name, None)
                if entry.file is not None:
                    names[entry.name] = entry.file
        contents = {
            id(file): file.content(list(itertools.islice(kept, len(file.pieces)))) for file in self._all()
        }
        image = {name: contents[id(file)] for name, file in names.items()}
        return image if available() else {**image, **self._trusted()}

    def _trusted(self) -> Image:
        """Return the files of sqlite, where what it does to them is not seen."""
        names = [name for name in names_in(self._place) if name.startswith("catalog.")]
        return {name: (self._place / name).read_bytes() for name in names if not name.endswith(SHARED)}


def _sectors(at: int, data: bytes) -> Iterator[Piece]:
    """Yield what is written, cut where sectors end."""
    start = 0
    while start < len(data):
        stop = min(len(data), start + SECTOR - (at + start) % SECTOR)
        yield at + start, data[start:stop]
        start = stop
