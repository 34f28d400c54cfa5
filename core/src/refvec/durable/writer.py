"""The writer of a durable store: its one protocol of what is written when (DUR-1, DUR-7, DUR-8).

A flush writes the rows that are new, syncs them, and then commits a page that
tells of them. A row that the last commit references is never among them: a
freed index is taken again only after the commit that no longer has it, and
when nobody still reads an older one. So whatever moment a crash picks, the
last commit has all its rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import RefvecError
from ..state import Changes, Compaction, Event
from . import disk, head
from .catalog import Catalog
from .changes import Done, Marking, Told, after, after_payloads
from .checking import Progress, silent
from .compacting import Files, rewritten
from .damage import damaged
from .fingerprints import Fingerprints
from .folding import folded
from .leftovers import sweep
from .loading import Loaded
from .locks import lock_reader, nobody_reads, open_file
from .payloads import PayloadTable
from .places import Place
from .records import NO_MARKS, Marks, Meta, encode_log
from .rows import RowFile
from .session import Session
from .shelf import StoredShelf
from .space import taken_by
from .stored import Kept, Lent, StoredRows

if TYPE_CHECKING:
    from ..contract import VectorStore

FEW_EVENTS = 10_000  # a log that is shorter, or shorter than the ids, is not folded into a snapshot


class Writer(Session):
    """The one who may write.

    Parameters
    ----------
    place : Place
        The directory.
    lock : int
        The handle of the file that is locked.
    """

    def __init__(self, place: Place, lock: int) -> None:
        super().__init__(place, StoredShelf(lambda: PayloadTable(place.catalog, "ro")))
        self._handles.append(lock)
        self._locked = os.fstat(lock)
        self._rows: RowFile | None = None
        self._busy = False
        self._lent = Lent()
        self._meta: Meta | None = None  # of the last commit; None while it is not known how that ended
        self._pending: Told | None = None  # what is being committed
        self._told: Told | None = None  # what was committed, and may be told again

    def open_head(self) -> None:
        """Open the head of a store that is there."""
        self._head = open_file(self.place.head, os.O_RDWR)
        self._handles.append(self._head)

    def begin(self, loaded: Loaded) -> None:
        """Open the rest for writing, after the last flush has been read."""
        self._catalog = Catalog(self.place.catalog, "rw")
        if self._catalog.meta() != loaded.meta:
            raise damaged(self.place.catalog, "it changed while it was opened, though it was locked")
        self._know_rows(loaded.meta)
        self.payloads.show(loaded.content.directory)

    def sweep(self, meta: Meta) -> None:
        """Remove what compactions that were cut short have left; nothing was committed since `begin`."""
        assert self._catalog is not None
        with suppress(OSError):  # it is in nobody's way
            sweep(self.place, self._catalog, meta)

    def _know_rows(self, meta: Meta) -> None:
        """Have the row file of the last commit: an interrupt may have hidden that a compaction made it."""
        path = self.place.rows(meta.generation)
        if meta.generation and (self._rows is None or self._rows.path != path):
            self._take_rows(RowFile.open(path, meta, write=True))

    def _take_rows(self, rows: RowFile) -> None:
        self._rows = rows
        self._handles.append(rows.handle)

    def rows(self, *, apart: bool = False) -> StoredRows | None:
        """Return the rows for who reads them from the file: while the store is open, or `apart` from it."""
        if self._rows is None:
            return None
        contradiction = partial(damaged, self.place.catalog)
        return (self._lent.rows if apart else StoredRows)(self._rows, contradiction)

    def _leave_rows(self) -> None:
        if self._rows is not None:
            self._rows.wait()
        # Scans that other threads have begun may outlive the store: from now on they are readers like others.
        readers = self._lent.end()
        if readers and self._head in self._handles:
            lock_reader(self._head)  # before the lock of writers goes
            self._handles.remove(self._head)
            kept = Kept([self._head])
            for one in readers:
                one.keep(kept)

    def nobody_reads(self) -> bool:
        """Return whether rows of older flushes are nobody's at this moment."""
        return nobody_reads(self._head)

    def refresh(self, store: VectorStore) -> bool:
        """Return False: nobody else writes."""
        return False

    def fill(self, changes: Changes, payloads: Iterable[tuple[str, bytes]]) -> None:
        """Commit all that a new store is to hold; there is no store in memory."""
        with self._alone():
            assert self._catalog is not None
            self.payloads.fill(payloads, self._catalog.put_ahead)
            self._write(changes)
            self._fold()

    def flush(self, store: VectorStore) -> None:
        """Write down what has changed."""
        with self._alone(), self.payloads.lock:
            self._flush(store)

    def _flush(self, store: VectorStore) -> None:
        done = store._changes(self._write)
        self._told = self._pending = None
        if done.written:
            self._settle(store)
        self._fold()
        if (len(done.freed) or self.payloads.gone) and self.nobody_reads():
            if len(done.freed):
                store._reclaim(done.freed)
            self._clear_places()

    def _clear_places(self) -> None:
        """Remove the payloads that are no more, in a transaction of its own: nobody reads an older flush."""
        assert self._catalog is not None
        if self.payloads.gone:
            with suppress(OSError):  # the flush was made; the next one tries again
                self._catalog.clear_places(self.payloads.gone)
                self.payloads.gone = []

    def _settle(self, store: VectorStore) -> None:
        rows = self.rows(apart=store.maps_rows)
        if rows is not None:
            store._settle(rows)

    def compact(self, store: VectorStore) -> Compaction:
        """Flush, and give back what the files take and nobody needs."""
        with self._alone():
            before = taken_by(self.place)
            with self.payloads.lock:  # and not for the rest, which takes long
                self._flush(store)
            self._rewrite(silent)
            self._settle(store)
            return Compaction(before, taken_by(self.place))

    def compact_files(self, progress: Progress) -> Compaction:
        """Do so without a store in memory."""
        with self._alone():
            before = taken_by(self.place)
            self._rewrite(progress)
            return Compaction(before, taken_by(self.place))

    def _rewrite(self, progress: Progress) -> None:
        """Go on with a new generation of the files."""
        assert self._catalog is not None
        self.sweep(self._current())
        old, snapshot = self._rows, folded(self.place, self._catalog)
        if snapshot.meta.placed and self.nobody_reads():
            self._catalog.clear_others(snapshot.directory)
        self._meta = None
        fresh = rewritten(Files(self.place, self._catalog, old, self._require_ours), snapshot, progress)
        if old is None or fresh is None:
            return
        self._take_rows(fresh)
        self._handles.remove(old.handle)
        old.close()
        with suppress(OSError):  # the next one removes it
            disk.remove(old.path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.payloads.require_outside()
        with self.lock:
            self._require_ours()
            if self._busy:
                raise RefvecError(
                    "flush() or compact() was called in the middle of one of them, on the same thread"
                )
            self.place.require(self._locked)
            self._busy = True
            try:
                yield
            finally:
                self._busy = False

    def _write(self, changes: Changes) -> Done:
        """Commit the changes. If it raises, another call will be told them again."""
        events, written = changes.events, changes.written
        done = Done(changes.freed, len(written) > 0)
        before = self._current()
        known, kept = self._committed(events)
        meta = after(before, changes, len(events) - known)
        if meta == before and not self.payloads.pending():
            return done
        payloads = self.payloads.plan(meta.placed).log
        encoded = partial(encode_log, events[known:] if known else events, payloads=payloads)
        log = self._write_rows(meta, changes, kept, encoded)
        meta = after_payloads(meta, payloads)
        # A log without events counts, too: it is a page that is read at every opening.
        meta = replace(meta, flush=meta.flush + 1, logged=max(meta.logged, before.logged + 1))
        self._pending = Told(meta.flush, events, np.union1d(kept, written) if len(kept) else written)
        self._commit(meta, log)
        return done

    def _current(self) -> Meta:
        """Return the meta page as it was committed: an interrupt may have hidden how a commit ended."""
        assert self._catalog is not None
        if self._meta is None:
            self._meta = self._catalog.meta()
        meta = self._meta
        pending, self._pending = self._pending, None
        if pending is not None and pending.flush == meta.flush:
            self._told = pending
        self._know_rows(meta)
        if self.payloads.flush != meta.flush:
            self.payloads.show(self._catalog.read().directory)
        return meta

    def _committed(self, events: Sequence[Event]) -> tuple[int, NDArray[np.int64]]:
        """Return how many of the events are committed already, and the indices of rows that are."""
        told = self._told
        if told is None or not events or not told.events or events[0] is not told.events[0]:
            return 0, np.empty(0, np.int64)
        return len(told.events), told.written

    def _write_rows(
        self,
        meta: Meta,
        changes: Changes,
        kept: NDArray[np.int64],
        encoded: Callable[[NDArray[np.int64], Marks], bytes],
    ) -> bytes:
        """Write rows; return what is encoded of their indices and marks when they are on the disk."""
        if meta.dimension is None:
            return encoded(changes.written, NO_MARKS)
        marking = Marking(changes, kept, Fingerprints(meta.seed, meta.dimension, meta.precision))
        if not len(marking.indices):
            return encoded(marking.indices, NO_MARKS)
        if self._rows is None:
            path = self.place.rows(meta.generation)
            self._take_rows(RowFile.create(path, meta.store, meta.generation, meta.dimension))
        assert self._rows is not None
        with self._rows.writing(marking.indices) as pen:
            for block in marking:
                pen.put(block)
            pen.sync()
            return encoded(marking.indices, marking.marks())

    def _commit(self, meta: Meta, log: bytes) -> None:
        assert self._catalog is not None
        self._meta = None
        self._catalog.commit(meta, "log", log, self.payloads.rows())
        self.payloads.committed(meta.flush)
        self._meta = meta
        with suppress(OSError):  # it is acknowledged without it
            head.write(self._head, meta.store, meta.flush)

    def _fold(self) -> None:
        """Replace a long log by a snapshot: the same content, which opens faster."""
        assert self._catalog is not None
        meta = self._current()
        if meta.logged > max(FEW_EVENTS, meta.references + meta.payloads):
            with suppress(OSError, MemoryError):  # the flush was made; the next one tries again
                snapshot = folded(self.place, self._catalog)
                self._meta = None
                self._catalog.commit(snapshot.meta, "ids", snapshot.encode())
