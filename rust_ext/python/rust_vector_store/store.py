"""The class of the backend ``rust``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from refvec import Capabilities, State, VectorStore
from refvec.primitives import PutMode
from refvec.state import Changes, Event, Layout

from ._native import MAX_VECTORS, NativeStore
from ._native import Events as NativeEvents
from .events import Events

T = TypeVar("T")


class RustVectorStore(NativeStore, VectorStore):
    """A store in native memory, with its own lock.

    The methods that are worth it for speed are `NativeStore`'s, which comes first
    in the order of resolution, and so are the steps behind the primitives; the
    rest is inherited from `refvec.VectorStore`.

    Rows of a durable store are read from its file, through a memory map: they
    take no memory but the system's page cache, and each is compared with its
    checksum when it is read for the first time. What a search keeps of them, a
    quarter of their size, is kept only where that is at most a quarter of the
    memory that was available when the store was opened.
    """

    backend = "rust"
    checks_state = True
    maps_rows = True
    capabilities = Capabilities(
        search=True,
        durable=True,
        thread_safe=True,
        dense_indices=True,
        ordered_ids=True,
        atomic_batch=True,
        interrupt_safe=True,
        max_vectors=MAX_VECTORS,
    )

    # The first event that `_changes` told, and its number. In a slot, since copies have none of it.
    __slots__ = ("_first",)
    _first: tuple[int, Event]

    # By the class, for a subclass may override the methods.

    def _find(self, ids: list[str]) -> NDArray[np.int64]:
        return NativeStore.get_indices(self, ids)

    def _refcounts(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        return NativeStore.get_refcounts(self, indices)

    def _put(self, ids: list[str], rows: NDArray[np.float32], mode: PutMode) -> NDArray[np.int64]:
        put = NativeStore.upsert_vectors if mode == "upsert" else NativeStore.add_vectors
        return put(self, ids, rows)

    def _drop(self, ids: list[str] | None) -> int:
        return self._clear() if ids is None else NativeStore.remove_vectors(self, ids)

    def _rows(self, at: list[str] | NDArray[np.int64] | None) -> NDArray[np.float32]:
        if at is None:
            return NativeStore.get_all_vectors(self)
        if isinstance(at, list):
            return NativeStore.get_vectors(self, at)
        return NativeStore.get_vectors_by_indices(self, at)

    def _scan(self, use: Callable[[State], T]) -> T:
        layout, blocks = self._state()
        try:
            return use(State(Layout(*layout), blocks))
        finally:
            blocks.end()

    def _changes(self, use: Callable[[Changes], T]) -> T:
        (events, written, blocks, freed, size, fingerprints, sums), number, upto = self._pending()
        named = self._told(events, number)
        try:
            told = use(Changes(named, written, blocks, freed, size, fingerprints, sums))
        finally:
            blocks.end()
        self._forget(upto)
        return told

    def _told(self, events: NativeEvents, number: int) -> Sequence[Event]:
        if not len(events):
            return []
        # By the first event, the very object, the writer knows what it has committed already and is told again.
        if getattr(self, "_first", (-1,))[0] != number:
            self._first = number, events.first()
        return Events(events, self._first[1])

    def _exchange(self, other: Self) -> None:
        self._adopt(other)
        vars(self).update(vars(other))
