"""What an open durable store holds of its directory, and how it ends: by close, collection or fork."""

from __future__ import annotations

import os
import weakref
from threading import RLock
from typing import TYPE_CHECKING

from .. import failures
from ..state import Compaction
from .catalog import Catalog
from .checking import check
from .locks import unlock
from .places import Place
from .shelf import StoredShelf

if TYPE_CHECKING:
    from ..contract import VectorStore


class Session:
    """The files of one open store.

    It belongs to the process that opened it, and knows the store weakly: when
    that goes, whatever way, the files and the lock go too.
    """

    def __init__(self, place: Place, payloads: StoredShelf) -> None:
        self.place = place
        self.payloads = payloads
        self.lock = RLock()
        self._store: weakref.ref[VectorStore] | None = None
        self._process = os.getpid()
        self._handles: list[int] = []
        self._catalog: Catalog | None = None
        _sessions.add(self)

    def attach(self, store: VectorStore) -> None:
        """Belong to a store from now on."""
        self._store = weakref.ref(store)
        weakref.finalize(store, self.release)

    def flush(self, store: VectorStore) -> None:
        """Make every change so far survive a crash (DUR-1)."""
        raise NotImplementedError

    def refresh(self, store: VectorStore) -> bool:
        """See the last flush of the writer (DUR-5)."""
        raise NotImplementedError

    def compact(self, store: VectorStore) -> Compaction:
        """Flush, and give back what the files take and nobody needs."""
        raise NotImplementedError

    def verify(self) -> None:
        """Raise for the first thing in the directory that is damaged."""
        self.payloads.require_outside()
        with self.lock:
            self._require_ours()
            check(self.place)

    def release(self) -> None:
        """Close the files and give up the lock, once; what was not flushed is gone."""
        if os.getpid() != self._process:
            return  # a fork that Python was not told of: they are the parent's
        with self.lock:
            catalog, self._catalog = self._catalog, None
            ending: list[StoredShelf | Catalog] = [self.payloads]
            if catalog is not None:
                ending.append(catalog)
            if self.payloads.damaged:
                # The last connection to end moves sqlite's log into the database, unless it only reads, as that
                # of the payloads does: what is damaged stays as it was found (DUR-6).
                ending.reverse()
            for one in ending:
                one.close()
            self._leave_rows()
            while self._handles:
                unlock(self._handles.pop())

    def _leave_rows(self) -> None:
        """See to it that rows which somebody still reads are not written by the next writer."""

    def _require_ours(self) -> None:
        if os.getpid() != self._process:
            raise failures.store_closed()

    def disown(self) -> None:
        """Forget everything in a forked child, without giving up anything of the parent's."""
        store = None if self._store is None else self._store()
        if store is not None:
            store._closed = True
        self.lock = RLock()
        for handle in self._handles:
            os.close(handle)  # a copy: the parent's own stays locked
        self._handles.clear()
        catalog, self._catalog = self._catalog, None
        if catalog is not None:
            catalog.abandon()


_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


def _disown_all() -> None:
    for session in list(_sessions):
        session.disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)
