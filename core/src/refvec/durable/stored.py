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

    def __init__(
        self, file: RowFile, contradiction: Callable[[str], CorruptStoreError], kept: Sequence[int] = ()
    ) -> None:
        self.handle = file.handle
        self.count = file.count()
        self.contradiction = contradiction
        self.damaged = file.damaged_row
        self.blocks = file.blocks
        self._kept = [Kept(kept)]

    def keep(self, kept: Kept) -> None:
        """Hold these handles too, as long as somebody refers to this object."""
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
