"""What a flush left in the files, for backends that read it themselves."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..errors import CorruptStoreError
from ..identity import Precision
from ..state import Size
from .locks import unlock
from .records import Log, Snapshot
from .replay import Replayed
from .rows import FIRST, RowFile
from .unread import Unread


class StoredRows:
    """The row file, open for reading.

    Given to `_open` and `_settle` of a backend with `Primitives.maps_rows`, it
    holds the handle, and of a reader the lock that keeps freed rows from being
    written again, until nobody refers to this object any more: whoever reads
    from it, or from a mapping, keeps it. Else the handle is open during the call.

    Attributes
    ----------
    handle : int
        The file descriptor.
    offset : int
        Where in the file the row of index 0 starts.
    count : int
        Rows that the file is long enough for.
    """

    offset = FIRST

    def __init__(self, file: RowFile, contradiction: Callable[[str], CorruptStoreError]) -> None:
        self.handle = file.handle
        self.count = file.count()
        self.contradiction = contradiction
        self.damaged = file.damaged_row
        self.blocks = file.blocks
        self._kept: list[Kept] = []

    def keep(self, kept: Kept) -> None:
        """Hold these handles as long as somebody refers to this object."""
        self._kept.append(kept)


class Kept:
    """Handles that stay open, and locked if they are, until nobody refers to this object.

    Parameters
    ----------
    handles : sequence of int
        They belong to this object from now on.
    """

    def __init__(self, handles: Sequence[int]) -> None:
        _kept[self] = list(handles)
        weakref.finalize(self, _release, _kept[self], os.getpid())


class Lent:
    """The rows of a writer as they are lent to who reads from the file: by one handle, while it is one file."""

    def __init__(self) -> None:
        self._out: weakref.WeakSet[StoredRows] = weakref.WeakSet()
        # The writer's file, the same by the handle that is lent, and what keeps that open.
        self._by: tuple[RowFile, RowFile, Kept] | None = None

    def rows(self, file: RowFile, contradiction: Callable[[str], CorruptStoreError]) -> StoredRows:
        """Return the rows of a file, which the writer may close meanwhile."""
        if self._by is None or self._by[0] is not file:
            handle = os.dup(file.handle)
            self._by = file, file.through(handle), Kept([handle])
        _, through, kept = self._by
        rows = StoredRows(through, contradiction)
        rows.keep(kept)
        self._out.add(rows)
        return rows

    def end(self) -> list[StoredRows]:
        """Return those that somebody still has; no more are lent."""
        self._by = None
        return list(self._out)


_kept: weakref.WeakKeyDictionary[Kept, list[int]] = weakref.WeakKeyDictionary()


def _release(handles: list[int], process: int) -> None:
    if os.getpid() == process:
        while handles:
            unlock(handles.pop())


def _disown() -> None:
    for handles in list(_kept.values()):
        while handles:
            os.close(handles.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown)


class Stored(NamedTuple):
    """A store as of its last flush. The one who replays it makes the checks of DUR-6.

    These are: ids of the snapshot are unique; a log drops only what is there;
    indices are below ``size.allocated``; the counts arrive at `size`; every
    active index has a checksum, and the file is long enough for its row.

    Attributes
    ----------
    size : Size
        The counts of the last flush.
    precision : int or "exact"
        Of the store.
    seed : int
        Where the secrets of the fingerprints come from.
    snapshot : Snapshot
        Who referenced what at an earlier flush.
    logs : sequence of Log
        The flushes since.
    rows : StoredRows or None
        None before the first vector.
    held : bool
        Whether free indices are held back until `_reclaim`.
    contradiction : callable
        Makes the error for parts that do not fit together, of words that say how.
    replayed : callable
        Makes the layout, and the marks of the rows at its indices, with all checks: once.
    """

    size: Size
    precision: Precision
    seed: int
    snapshot: Snapshot
    logs: Sequence[Log]
    rows: StoredRows | None
    held: bool
    contradiction: Callable[[str], CorruptStoreError]
    replayed: Callable[[], Replayed]

    def unread(self) -> Unread | None:
        """Return the rows to be read later, for backends with `Primitives.maps_rows`; None without a file."""
        return None if self.rows is None else Unread(self.rows, self.replayed())
