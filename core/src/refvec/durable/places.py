"""The directory of a durable store: its files, and what else may be found at a path."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .. import signposts
from ..errors import CorruptStoreError
from .connection import APPLICATION, identify
from .damage import foreign, newer
from .records import FORMAT

Found = Literal["nothing", "unfinished", "store"]
_BESIDE = ("-journal", "-wal", "-shm")  # what sqlite adds to the name of a database


@dataclass(frozen=True)
class Place:
    """The paths of a store's files.

    Attributes
    ----------
    root : Path
        The directory, with symbolic links resolved.
    """

    root: Path

    @property
    def catalog(self) -> Path:
        """The sqlite database of ids, references and checksums."""
        return self.root / "catalog.sqlite"

    @property
    def log(self) -> Path:
        """The write-ahead log that sqlite keeps beside it."""
        return self.catalog.with_name(self.catalog.name + "-wal")

    @property
    def draft(self) -> Path:
        """The catalog of a store that is being created."""
        return self.root / "catalog.new"

    @property
    def head(self) -> Path:
        """The file that says which flush was the last; readers lock it."""
        return self.root / "head"

    @property
    def lock(self) -> Path:
        """The file that the writer locks."""
        return self.root / "writer.lock"

    def rows(self, generation: int) -> Path:
        """Return the file of the rows."""
        return self.root / f"rows-{generation:08}.f32"

    def rows_draft(self, generation: int) -> Path:
        """Return the file in which a compaction gathers the rows of a generation."""
        return self.rows(generation).with_suffix(".new")

    def drafts(self) -> list[Path]:
        """Return what an unfinished creation may leave besides the lock."""
        return [self.head, self.draft, *_beside(self.draft)]

    def require(self, held: os.stat_result) -> None:
        """Raise unless the path still leads to the directory with this lock: new files are made by path."""
        try:
            found = self.lock.stat()
        except FileNotFoundError:
            found = None
        if found is None or not os.path.samestat(found, held):
            text = (
                "The store's directory was moved or deleted while it was open; save() keeps what is in memory"
            )
            raise FileNotFoundError(errno.ENOENT, text, os.fspath(self.root))

    def look(self) -> Found:
        """Return what is there, and raise `CorruptStoreError` if it is anything else; change nothing."""
        if not self.root.exists():
            if self.root.is_symlink():
                raise foreign(self.root, "it is a symbolic link that leads to itself")
            return "nothing"
        if not self.root.is_dir():
            known = signposts.of_file(self.root)
            raise foreign(self.root, f"it is no directory{known and f'; {known}'}")
        names = set(os.listdir(self.root))  # noqa: PTH208 - names are wanted
        if self.catalog.name in names:
            self._check_catalog()
            return "store"
        if not names:
            return "nothing"
        if self._unfinished(names):
            return "unfinished"
        shown = ", ".join(sorted(names)[:3])
        raise foreign(
            self.root,
            f"it holds {shown}{', ...' if len(names) > 3 else ''}, and no {self.catalog.name}; a new store "
            "needs a directory that is empty or not there yet",
        )

    def _unfinished(self, names: set[str]) -> bool:
        # The lock is made first, and is empty: nothing else begins like this.
        ours = {self.lock.name, *(path.name for path in self.drafts())}
        return self.lock.name in names and names <= ours and not self.lock.stat().st_size

    def _check_catalog(self) -> None:
        """Raise unless the catalog begins as one of ours."""
        for path in (self.catalog, *_beside(self.catalog)):
            if path.exists() and not path.is_file():
                raise foreign(path, "it is no file")  # and of a pipe sqlite would wait for the other end
        if self.catalog.exists() and not os.access(self.catalog, os.R_OK):  # opening ends sqlite's locks
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(self.catalog))
        try:
            application, version = identify(self.catalog)
        except CorruptStoreError as error:
            raise foreign(self.catalog, f"it is no database, or damaged ({error})") from error
        if application != APPLICATION:
            raise foreign(self.catalog, "it is the database of something else, or damaged")
        if version != FORMAT:
            raise newer(self.catalog, version)


def place_of(location: Path) -> Place:
    """Return the place that a path means."""
    return Place(Path(os.path.realpath(location)))


def _beside(database: Path) -> list[Path]:
    """Return the files that sqlite may keep beside a database."""
    return [database.with_name(database.name + end) for end in _BESIDE]
