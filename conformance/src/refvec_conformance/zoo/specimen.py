"""What the broken backends of the zoo are made of: a store that is naive, correct, and easy to break."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar, TypeVar

import numpy as np
from refvec import (
    Capabilities,
    Changes,
    Layout,
    OpenSpec,
    RefvecError,
    Size,
    State,
    VectorStore,
    failures,
    grown_capacity,
    identity_keys,
)
from refvec.inprocess.locking import StoreLock

from .ranking import nearest

T = TypeVar("T")
_BLOCK = 1024


class Specimen(VectorStore):
    """Dicts that are changed in place, with one lock around each primitive; the mutants break one thing of it.

    It shares no bookkeeping with the backends that are to be judged, so that
    a mutant stays broken in just what it says, however those are written.
    """

    backend = "zoo"
    capabilities: ClassVar[Capabilities] = Capabilities(
        search=True, thread_safe=True, dense_indices=True, ordered_ids=True, atomic_batch=True
    )

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        self._lock = StoreLock()
        self._empty()
        self._free: list[int] = []  # a heap: what may be taken again
        self._allocated = 0
        self._capacity = spec.initial_capacity
        self._journal: list[tuple[str | None, int]] | None = [] if spec.journaled else None
        self._written: set[int] = set()
        self._held: set[int] = set()  # freed, and not to be taken again yet
        if state is not None:
            self._restore_state(state)

    def _empty(self) -> None:
        self._index: dict[str, int] = {}  # id -> index, in the order of arrival
        self._slots: dict[int, dict[str, None]] = {}  # index -> its ids, in the order of arrival
        self._vectors: dict[int, Any] = {}  # index -> vector
        self._keys: dict[int, bytes] = {}  # index -> identity key
        self._by_key: dict[bytes, int] = {}  # identity key -> index

    @property
    def _guard(self) -> AbstractContextManager[Any]:
        return self._lock.now

    def _restore_state(self, state: State) -> None:
        layout = state.layout
        active = iter(layout.indices.tolist())
        for block in state.blocks:
            for row, key in zip(block, self._keys_of(block), strict=True):
                self._fill(next(active), row, key)
        for index, ids in layout.slots().items():
            self._slots[index] = dict.fromkeys(ids)
        self._index = dict(zip(layout.ids, layout.id_indices.tolist(), strict=True))
        free = layout.free().tolist()  # ascending, hence a heap
        self._held, self._free = (set(free), []) if state.held else (set(), free)
        self._allocated, self._capacity = layout.allocated, layout.capacity

    # Changing

    def _put(self, ids: list[str], rows: Any, mode: str) -> Any:
        with self._guard:
            self._require_open()
            return self._store(ids, rows, mode)

    def _store(self, ids: list[str], rows: Any, mode: str) -> Any:
        if ids:
            self._check_width(rows.shape[1])
        if mode == "add":
            self._check_new(ids)
        if ids:
            self._dimension = rows.shape[1]
        items = zip(ids, rows, self._keys_of(rows), strict=True)
        return np.array([self._reference(*item) for item in items], np.int64)

    def _check_width(self, width: int) -> None:
        limit = self.capabilities.max_dimension
        if self._dimension is None and width > limit:
            raise failures.dimension_out_of_range(width, limit)
        if self._dimension not in (None, width):
            raise failures.dimension_mismatch(self._dimension or 0, width)

    def _check_new(self, ids: list[str]) -> None:
        seen: set[str] = set()
        for position, chunk_id in enumerate(ids):
            if chunk_id in self._index or chunk_id in seen:
                raise failures.duplicate_id(chunk_id, position, repeated=chunk_id not in self._index)
            seen.add(chunk_id)

    def _keys_of(self, rows: Any) -> list[bytes]:
        return identity_keys(rows, self.precision)

    def _reference(self, chunk_id: str, row: Any, key: bytes) -> int:
        """Add the new reference, then drop the old one (UPSERT-1)."""
        old = self._index.get(chunk_id)
        index = self._by_key.get(key)
        if index is None:
            index = self._next_index()
            self._allocated = max(self._allocated, index + 1)
            self._capacity = grown_capacity(self._capacity, index)
            self._fill(index, row, key)
        if index != old:
            self._slots[index][chunk_id] = None
            self._index[chunk_id] = index
            self._note(chunk_id, index)
            if old is not None:
                self._release(old, chunk_id)
        return index

    def _next_index(self) -> int:
        return heapq.heappop(self._free) if self._free else self._allocated

    def _fill(self, index: int, row: Any, key: bytes) -> None:
        self._vectors[index] = np.array(row)
        self._keys[index] = key
        self._by_key[key] = index
        self._slots[index] = {}
        self._written.add(index)

    def _release(self, index: int, chunk_id: str) -> None:
        del self._slots[index][chunk_id]
        if not self._slots[index]:
            del self._slots[index], self._vectors[index], self._by_key[self._keys.pop(index)]
            self._let_go(index)

    def _let_go(self, index: int) -> None:
        if self._journal is None:
            heapq.heappush(self._free, index)
        else:
            self._held.add(index)

    def _drop(self, ids: list[str] | None) -> int:
        with self._guard:
            self._require_open()
            present = [one for one in (self._index if ids is None else ids) if one in self._index]
            for chunk_id in present:
                self._release(self._index.pop(chunk_id), chunk_id)
                self._note(chunk_id, -1)
            return len(present)

    # Looking

    def _find(self, ids: list[str]) -> Any:
        with self._guard:
            self._require_open()
            return np.array([self._index.get(chunk_id, -1) for chunk_id in ids], np.int64)

    def _rows(self, at: Any) -> Any:
        with self._guard:
            self._require_open()
            if at is None:
                return self._gather(sorted(self._slots))
            return self._gather(self._of_ids(at) if isinstance(at, list) else self._active(at))

    def _of_ids(self, ids: list[str]) -> list[int]:
        for position, chunk_id in enumerate(ids):
            if chunk_id not in self._index:
                raise failures.unknown_id(chunk_id, position)
        return [self._index[chunk_id] for chunk_id in ids]

    def _active(self, indices: Any) -> list[int]:
        found: list[int] = indices.tolist()
        for position, index in enumerate(found):
            if index not in self._slots:
                raise failures.invalid_index(index, self._allocated, position)
        return found

    def _gather(self, indices: Iterable[int]) -> Any:
        rows = [self._vectors[index] for index in indices]
        return np.array(rows, np.float32).reshape(len(rows), self._dimension or 0)

    def _refcounts(self, indices: Any) -> Any:
        with self._guard:
            self._require_open()
            return np.array([len(self._slots[index]) for index in self._active(indices)], np.int64)

    def _size(self) -> Size:
        with self._guard:
            self._require_open()
            return Size(len(self._slots), len(self._index), self._allocated, self._capacity, self._dimension)

    def _scan(self, use: Callable[[State], T]) -> T:
        with self._guard:
            self._require_open()
            return use(State(self._layout(), self._blocks(sorted(self._slots))))

    def _listed(self, ids: Iterable[str]) -> list[str]:
        return list(ids)

    def _blocks(self, indices: list[int]) -> Iterator[Any]:
        for start in range(0, len(indices), _BLOCK):
            yield self._gather(indices[start : start + _BLOCK])

    def _layout(self) -> Layout:
        place = {chunk_id: position for position, chunk_id in enumerate(self._listed(self._index))}
        order = [place[one] for index in sorted(self._slots) for one in self._listed(self._slots[index])]
        indices = np.array([self._index[chunk_id] for chunk_id in place], np.int64)
        slot_order = np.array(order, np.int64)
        return Layout(list(place), indices, slot_order, self._allocated, self._capacity, self._dimension)

    def _match(self, row: Any) -> int | None:
        with self._guard:
            self._require_open()
            self._check_width(row.shape[1])
            return self._by_key.get(self._keys_of(row)[0])

    def _search(self, queries: Any, k: int, metric: Any, within: list[str] | None, with_ids: bool) -> Any:
        with self._guard:
            self._require_open()
            if self._dimension not in (None, queries.shape[1]):
                raise failures.dimension_mismatch(self._dimension or 0, queries.shape[1])
            slots = self._slots if within is None else self._narrowed(within)
            hits = [heapq.nsmallest(k, self._ranked(query, metric, slots)) for query in queries]
            sharing = {index: tuple(slots[index]) for index in {index for row in hits for _, index, _ in row}}
            members = [[sharing[index] for _, index, _ in row] for row in hits]
            shape = len(queries), min(k, len(slots))
        indices = np.array([[index for _, index, _ in row] for row in hits], np.int64).reshape(shape)
        scores = np.array([[score for _, _, score in row] for row in hits], np.float32).reshape(shape)
        return indices, scores, members if with_ids else None

    def _narrowed(self, within: list[str]) -> dict[int, Any]:
        allowed = set(within)
        wanted = {self._index[one] for one in within if one in self._index}
        return {index: [one for one in self._slots[index] if one in allowed] for index in wanted}

    def _ranked(self, query: Any, metric: Any, slots: Iterable[int]) -> Iterator[Any]:
        """Yield (what sorts the better first, index, score) for every candidate."""
        return nearest(query, metric, ((index, self._vectors[index]) for index in slots))

    # Ending, and what a durable store asks for

    def _close(self) -> None:
        with self._guard:
            self._closed = True
            self._empty()

    def _note(self, chunk_id: str, index: int) -> None:
        if self._journal is not None:
            self._journal.append((chunk_id, index))

    def _changes(self, use: Callable[[Changes], T]) -> T:
        with self._guard:
            self._require_open()
            if self._journal is None:
                raise RefvecError("The store keeps no journal")
            events, written = self._journal, self._written
            active, held = sorted(written & self._slots.keys()), sorted(self._held)
            told = Changes(
                events, np.array(active, np.int64), self._blocks(active), np.array(held, np.int64), self._size()
            )
            self._journal, self._written = [], set()  # what `use` itself changes is told next time
            try:
                return use(told)
            except BaseException:
                self._journal, self._written = events + self._journal, written | self._written
                raise

    def _reclaim(self, indices: Any) -> None:
        with self._guard:
            self._require_open()
            for index in self._held & set(indices.tolist()):
                self._held.remove(index)
                heapq.heappush(self._free, index)

    # For those who break it

    def _kept(self, things: Any) -> Any:
        """Return what may be gone through more than once, with the same items; what is refused as it is."""
        return things if self.closed or isinstance(things, str | bytes) or things is None else list(things)
