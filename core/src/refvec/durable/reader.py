"""Readers: they copy the last flush at opening, and hold nothing afterwards (DUR-5).

One that maps the rows instead holds them as long as its mapping lasts, and one of a store
with payloads, which are read when they are asked for, holds those until it is closed.
"""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from .. import failures
from .damage import damaged
from .loading import Loaded, load, open_readable, readable_catalog
from .locks import lock_reader, open_file, unlock
from .places import Place
from .records import Meta
from .session import Session
from .shelf import StoredShelf
from .stored import Kept, StoredRows

if TYPE_CHECKING:
    from ..contract import VectorStore

WRITES = (
    "add_vector",
    "add_vectors",
    "upsert_vector",
    "upsert_vectors",
    "remove_vector",
    "remove_vectors",
    "clear",
    "_put",
    "_drop",
    "_put_one",  # of stores in this process, and some are without
    "_drop_one",
)


class Reader(Session):
    """One of those who only read."""

    shown: Meta  # the flush that is shown

    def __init__(self, place: Place) -> None:
        super().__init__(place, StoredShelf(lambda: open_readable(place.catalog), read_only=True))
        self._held: int | None = None  # the handle that has a lock for the sake of payloads

    def flush(self, store: VectorStore) -> None:
        """Do nothing: there are no changes."""
        self._require_ours()

    def compact(self, store: VectorStore) -> NoReturn:
        """Refuse."""
        self._require_ours()
        raise failures.read_only()

    def refresh(self, store: VectorStore) -> bool:
        """Show the last flush; return whether it is another one than before."""
        with self.lock:
            self._require_ours()
            with readable_catalog(self.place.catalog) as catalog:
                if self._is_shown(catalog.meta()):
                    return False
            shown = load(self.place, lambda loaded: self._replace(store, loaded))
            changed, self.shown = shown.flush != self.shown.flush, shown
            return changed

    def _is_shown(self, meta: Meta) -> bool:
        if meta.store != self.shown.store:
            raise damaged(self.place.catalog, "it is of another store than the one that was opened")
        return (meta.flush, meta.generation) == (self.shown.flush, self.shown.generation)

    def mapped(self, store: VectorStore, loaded: Loaded) -> StoredRows | None:
        """Return the rows for a backend that maps them: they stay, and freed ones are not used again."""
        if not store.maps_rows or loaded.file is None:
            return None
        handles = [open_file(self.place.head, os.O_RDONLY)]
        try:
            lock_reader(handles[0])  # while `load` has such a lock, too
            handles.append(os.dup(loaded.file.handle))
            rows = StoredRows(loaded.file.through(handles[1]), loaded.contradiction)
        except BaseException:
            for handle in handles:
                unlock(handle)
            raise
        rows.keep(Kept(handles))
        return rows

    def _replace(self, store: VectorStore, loaded: Loaded) -> Meta:
        """Let the store have the content of another one of its kind, in one step."""
        self._is_shown(loaded.meta)
        fresh = type(store).__new__(type(store))
        state = loaded.state(held=False, rows=self.mapped(store, loaded))
        fresh._take(loaded.spec(store._spec), state)
        with self.payloads.lock:
            store._exchange(fresh)
            self.show_payloads(loaded)
        return loaded.meta

    def show_payloads(self, loaded: Loaded) -> None:
        """Have those of a flush, and as long as there are any a lock, so that nobody clears their places."""
        before, self._held = self._held, None
        if loaded.meta.payloads:
            self._held = open_file(self.place.head, os.O_RDONLY)
            self._handles.append(self._held)
            lock_reader(self._held)  # while `load` has such a lock, too
        self.payloads.show(loaded.content.directory)
        if before is not None:
            self._handles.remove(before)
            unlock(before)


def make_read_only(store: VectorStore) -> None:
    """Refuse every change, before its arguments are looked at (ERR-1); other stores pay nothing for it."""
    for name in filter(partial(hasattr, type(store)), WRITES):
        vars(store)[name] = _refusal(weakref.ref(store), getattr(type(store), name))


def _refusal(found: weakref.ref[VectorStore], method: Callable[..., Any]) -> Callable[..., NoReturn]:
    @functools.wraps(method)
    def refuse(*_: object, **__: object) -> NoReturn:
        store = found()
        if store is None or store.closed:
            raise failures.store_closed()
        raise failures.read_only()

    return refuse
