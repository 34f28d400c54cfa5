"""The backend ``redis``: a store that servers keep, sharded by what vectors hold and what ids are called."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, SupportsIndex, TypeVar

import numpy as np
from numpy.typing import NDArray
from refvec import Capabilities, OpenSpec, RefvecError, Size, State, VectorStore, failures, identity_keys
from refvec.durable.reader import make_read_only
from refvec.metrics import Metric
from refvec.primitives import PutMode
from refvec.reading import one_index
from refvec.searching import Hits, check_query

from .adding import Adding
from .attempt import Attempt
from .entries import entry_of, find_with, indices_of
from .fleet import Rounds
from .founding import Meta, complete, dimension_now, drop, fix_dimension, open_meta, uid_call
from .items import Item, fill, pieces
from .mirror import Mirror
from .places import Places
from .reading import Reading
from .refusals import dropped
from .releasing import release, unlink
from .restoring import restore
from .scanning import scan
from .searching import Search
from .settings import OPTIONS, Settings, settings_of
from .sweeping import sweep
from .turns import Turns

T = TypeVar("T")
_MOST = 4096  # ids that are removed at once


class RedisVectorStore(VectorStore):
    """A store that Redis or Valkey servers keep, the same for many processes on many machines.

    ``VectorStore(384, path="redis://HOST:PORT/NAME")`` opens it. Without an
    address it is a temporary one, on the servers that the environment variable
    REFVEC_REDIS_URL names, and goes when it is closed.

    Threads that share an object read and write single ids side by side; a call
    on more than one (batches, `ids`, `search`, counts) waits for the others to
    end, and they for it. Objects of their own, and processes, wait for nobody.
    """

    backend = "redis"
    capabilities = Capabilities(search=True, thread_safe=True, networked=True, schemes=("redis", "rediss"))
    options = OPTIONS

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        self._turns = Turns()
        settings = settings_of(spec)
        if state is not None:
            settings = replace(settings, buckets=1)  # in several, what a vector holds decides on its index
        attempt = Attempt(settings.timeout)
        self._settings, self._rounds = settings, Rounds(settings, attempt)
        self._founded(open_meta(settings, spec, self._rounds, attempt))
        if spec.mode != "r":
            complete(settings.name, self._meta, self._places, self._rounds, attempt)
        self._initial_capacity = self._meta.capacity
        self._spec = replace(spec, precision=self._meta.precision, initial_capacity=self._meta.capacity)
        self._dimension = self._meta.dimension
        self._mirror = Mirror(self._places, self._rounds)
        self._gone = False
        if settings.temporary:
            ending = (os.getpid(), settings, self._places, self._meta.uid)
            self._ending = weakref.finalize(self, _drop_quietly, *ending)
        if spec.mode == "r":
            make_read_only(self)
        if state is not None:
            self._restore_into(state, attempt)

    def _restore_into(self, state: State, attempt: Attempt) -> None:
        """Have the content of a state; a temporary store without it would last as long as the error."""
        try:
            restore(state, self.precision, self._places, self._rounds, attempt)
        except BaseException:
            if self._settings.temporary:
                self._ending()
            raise

    def _founded(self, meta: Meta) -> None:
        self._meta = meta
        self._places = Places(self._settings.name, meta.uid, meta.buckets, meta.secret)

    def _attempt(self) -> Attempt:
        if self._gone:
            raise failures.store_closed()
        return Attempt(self._settings.timeout)

    def _turn(self, ids: list[str] | None) -> AbstractContextManager[None]:
        return self._turns.together() if ids is not None and len(ids) == 1 else self._turns.alone()

    def _put(self, ids: list[str], rows: NDArray[np.float32], mode: PutMode) -> NDArray[np.int64]:
        with self._turn(ids):
            attempt = self._attempt()
            if not ids:
                return np.empty(0, np.int64)
            known = self._known_dimension()
            if known is not None and rows.shape[1] != known:
                raise failures.dimension_mismatch(known, rows.shape[1])
            alone = mode == "add" and len(ids) == 1  # then the last step tells whether the id is there
            items = self._items(ids, [None]) if alone else self._looked_up(ids, mode, attempt)
            self._fix_dimension(rows.shape[1], attempt)
            adding = Adding(self.precision, self._places, self._rounds, attempt, replacing=mode == "upsert")
            for start, stop in pieces(len(items), rows.shape[1]):
                attempt.renew()
                fill(items[start:stop], rows[start:stop], self.precision, self._places)
                for run in _runs(items[start:stop]):
                    adding.add(run, items)
            return np.array([item.index for item in items], np.int64)

    def _looked_up(self, ids: list[str], mode: PutMode, attempt: Attempt) -> list[Item]:
        """Return items for the ids, or raise for the first that may not be added."""
        entries = self._reading(attempt).entries(ids)
        if mode == "add":
            seen = set[str]()
            for position, (text, entry) in enumerate(zip(ids, entries, strict=True)):
                if entry is not None or text in seen:
                    raise failures.duplicate_id(text, position, repeated=entry is None)
                seen.add(text)
        return self._items(ids, entries)

    def _items(self, ids: list[str], entries: list[Any]) -> list[Item]:
        items = []
        for position, (text, entry) in enumerate(zip(ids, entries, strict=True)):
            key = text.encode()
            item = Item(text, key, position, self._places.of_id(key))
            item.old = None if entry is None else entry_of(entry)
            items.append(item)
        return items

    def _entries(self, keys: list[bytes], attempt: Attempt) -> list[Any]:
        """Return the packed entries of ids; the store must still be there."""
        name = uid_call(self._settings.name)
        (uid,), entries = find_with([name], keys, self._places, self._rounds, attempt)
        if uid != self._meta.uid.encode():
            raise dropped(self._settings.name)
        return entries

    def _fix_dimension(self, dimension: int, attempt: Attempt) -> None:
        if self._dimension is None:
            name, uid = self._settings.name, self._meta.uid
            self._dimension = fix_dimension(name, uid, dimension, self._rounds, attempt)

    def _drop(self, ids: list[str] | None) -> int:
        with self._turn(ids):
            attempt = self._attempt()
            keys = self._every_id(attempt) if ids is None else [one.encode() for one in ids]
            starts = range(0, max(1, len(keys)), _MOST)  # a dropped store is noticed without a key, too
            return sum(self._drop_some(keys[at : at + _MOST], attempt) for at in starts)

    def _drop_some(self, pending: list[bytes], attempt: Attempt) -> int:
        attempt.renew()
        count = 0
        while True:
            entries = self._entries(pending, attempt)
            held = [(entry_of(one), key) for one, key in zip(entries, pending, strict=True) if one is not None]
            gone = unlink(held, self._places, self._rounds, attempt)
            mine = [one for one, went in zip(held, gone, strict=True) if went]
            release(mine, self._places, self._rounds, attempt)
            count += len(mine)
            # Another client gave the others new vectors between the two steps.
            pending = [key for (_, key), went in zip(held, gone, strict=True) if not went]
            if not pending:
                return count

    def _every_id(self, attempt: Attempt) -> list[bytes]:
        return [key for key, _ in self._reading(attempt).directory()]

    def _reading(self, attempt: Attempt) -> Reading:
        return Reading(self._places, self._rounds, attempt)

    def _find(self, ids: list[str]) -> NDArray[np.int64]:
        with self._turn(ids):
            return indices_of(self._reading(self._attempt()).entries(ids))

    def _rows(self, at: list[str] | NDArray[np.int64] | None) -> NDArray[np.float32]:
        if at is None:
            return self._scan(lambda state: state.vectors())
        with self._turn(at if isinstance(at, list) else None):
            reading = self._reading(self._attempt())
            rows = reading.rows_of(at) if isinstance(at, list) else reading.rows_at(at)
            return rows if len(at) else np.empty((0, self._known_dimension() or 0), np.float32)

    def _refcounts(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        with self._turns.alone():
            return self._reading(self._attempt()).refcounts(indices)

    def _scan(self, use: Callable[[State], T]) -> T:
        with self._turns.alone():
            reading = self._reading(self._attempt())
            return scan(reading, self._initial_capacity, self._known_dimension(), use)

    def _size(self) -> Size:
        with self._turns.alone():
            reading = self._reading(self._attempt())
            return reading.size(self._initial_capacity, self._known_dimension())

    def _known_dimension(self) -> int | None:
        """Return the dimension, which another client may have fixed."""
        if self._dimension is None:
            name, uid = self._settings.name, self._meta.uid
            self._dimension = dimension_now(name, uid, self._rounds, self._attempt())
        return self._dimension

    def _match(self, row: NDArray[np.float32]) -> int | None:
        with self._turns.alone():
            (key,) = identity_keys(row, self.precision)
            found = self._reading(self._attempt()).match(self._places.digest(key))
            if found is None or len(found[1]) != row.nbytes:
                return None
            stored = np.frombuffer(found[1], "<f4").astype(np.float32)[None]
            return found[0] if identity_keys(stored, self.precision)[0] == key else None

    def _search(
        self, queries: NDArray[np.float32], k: int, metric: Metric, within: list[str] | None, with_ids: bool
    ) -> Hits:
        while not self._mirror.filled and self._catch_up():  # piece by piece: others have their turns
            pass
        with self._turns.alone():
            dimension = self._known_dimension()
            check_query(queries, dimension)
            attempt = self._attempt()
            search = Search(self._mirror, self._reading(attempt), attempt, queries, k, metric)
            return search.run(within, with_ids, dimension)

    def _catch_up(self) -> bool:
        with self._turns.alone():
            attempt, dimension = self._attempt(), self._known_dimension()
            return dimension is not None and self._mirror.step(dimension, attempt)

    def ids_at(self, index: SupportsIndex) -> list[str]:
        """Return the ids that reference an active index, in the order of their clients' clocks."""
        self._require_open()
        return one_index(self._ids_at, index)

    def _ids_at(self, indices: NDArray[np.int64]) -> list[str]:
        with self._turns.alone():
            reading = self._reading(self._attempt())
            reading.refcounts(indices)
            ((_, ids),) = reading.members(indices.tolist()).values()
            return [one.decode() for one in ids]

    def _close(self) -> None:
        if self._gone:
            return
        ending = self._ending.detach() if self._settings.temporary else None
        if ending is not None and ending[2][0] == os.getpid():  # in a forked child it is the parent's
            with contextlib.suppress(RefvecError):
                self.drop()
        self._gone = True

    def drop(self) -> None:
        """Remove the store for all who have it open, and close this object."""
        self._require_open()
        with self._turns.alone():
            drop(self._settings.name, self._places, self._meta.uid, self._rounds, self._attempt())
            self._gone = self._closed = True

    def vacuum(self, min_age: float = 600.0) -> int:
        """Collect what clients left behind that died in the middle of a call."""
        self._require_open()
        with self._turns.alone():
            self._attempt()
            return sweep(self._places, self._rounds, self._settings.timeout, min_age)


def _runs(items: list[Item]) -> list[list[Item]]:
    """Cut a batch where an item's vector may be one that an earlier item frees: that comes first (UPSERT-2)."""
    runs: list[list[Item]] = [[]]
    leaving: set[bytes] = set()
    for item in items:
        if item.digest in leaving and (item.old is None or item.old.digest != item.digest):
            runs.append([])
            leaving = set()
        runs[-1].append(item)
        if item.old is not None and item.old.digest != item.digest:
            leaving.add(item.old.digest)
    return runs


def _drop_quietly(pid: int, settings: Settings, places: Places, uid: str) -> None:
    """Remove a temporary store that nobody closed; in a forked child it is the parent's."""
    if os.getpid() != pid:
        return
    with contextlib.suppress(RefvecError, OSError):
        attempt = Attempt(min(settings.timeout, 2.0))
        drop(settings.name, places, uid, Rounds(settings, attempt), attempt)
