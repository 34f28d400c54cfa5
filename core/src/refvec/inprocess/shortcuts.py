"""The methods of a single id, in the commonest form of their arguments: straight to the ledger.

Everything else goes the general way through the primitives, which also raises
what is to be raised.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from heapq import heappush
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import failures
from ..contract import VectorStore
from ..ids import ChunkId
from ..state import grown_capacity
from .digests import digest_of, long_digest_of
from .guarded import Guarded
from .journaled import Journaled
from .ledger import size_of
from .lines import empty, fill, join, leave
from .steps import commit
from .tokens import identical

Method = TypeVar("Method", bound=Callable[..., Any])
_FLOAT32 = np.dtype(np.float32)
_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()
# What each shortcut stands on, and the way around it.
_AROUND: dict[str, tuple[str, Any]] = {
    "_placing": ("_storing", Guarded),
    "_row": ("_reading", Guarded),
    "add_vector": ("_put", VectorStore),
    "get_vector": ("_rows", VectorStore),
    "get_index": ("_find", VectorStore),
    "remove_vector": ("_drop", VectorStore),
}


def go_around(cls: type[Guarded]) -> None:
    """Have a class that overrides a method asked for single ids too, unless it has the shortcut as well."""
    own = vars(cls)
    for shortcut, (method, general) in _AROUND.items():
        if method in own and shortcut not in own:
            setattr(cls, shortcut, getattr(general, shortcut))
    if cls._row is Guarded._row and "get_vector" not in own:
        setattr(cls, "get_vector", VectorStore.get_vector)  # noqa: B010  since `_reading` wants the lock


def _documented(method: Method) -> Method:
    """Have ``help`` show what the contract says of a method."""
    method.__doc__ = getattr(VectorStore, method.__name__).__doc__
    return method


class Shortcuts(Journaled, abstract=True):
    """Methods that are most often called, without the layers in between."""

    @_documented
    def add_vector(self, chunk_id: ChunkId, vector: ArrayLike) -> int:
        """Store a vector under a new id; see `VectorStore.add_vector`."""
        if (
            type(chunk_id) is str
            and chunk_id.isascii()
            and type(vector) is np.ndarray
            and vector.dtype is _FLOAT32
            and vector.shape == (self._ledger.dimension,)
        ):
            row = vector.copy()
            index = self._put_one(chunk_id, row, digest_of(row, self._spec.precision))
            if index is not None:
                return index
        return super().add_vector(chunk_id, vector)

    def _put_one(self, chunk_id: str, row: NDArray[np.float32], digest: int) -> int | None:
        """Put a new id; None leaves it to `_put`, as what moves a present one."""
        with self._lock.now:
            ledger = self._ledger
            turn = ledger.turns[-1]
            if self._closed or not turn:
                self._check_whole()
            if chunk_id in ledger.index or not ledger.complete or ledger.dimension != len(row):
                return None
            if digest in ledger.collided:
                digest = long_digest_of(row, self._spec.precision)
                if digest in ledger.tied:
                    return None
            index = ledger.by_token.get(digest)
            if index is None:
                return self._put_new(turn, chunk_id, row, digest)
            try:
                held = self._row(index)
            except Exception:
                return None  # where it is raised again, unless a step came in between
            same = row.tobytes() == held.tobytes() or identical(row[None], held[None], self._spec.precision)
            if same and join(ledger, turn, chunk_id, index, size_of(ledger.slots.get(index)) + 1):
                return index
            return None

    def _put_new(self, turn: int, chunk_id: str, row: NDArray[np.float32], token: int) -> int | None:
        """Store a new vector under a new id; return its index, or None if another step overtook this one."""
        ledger, limit = self._ledger, self.capabilities.max_vectors
        allocated, capacity = ledger.allocated, ledger.capacity
        index = next(ledger.reusable(), allocated) if ledger.free else allocated
        if limit is not None and index >= limit:
            raise failures.store_full(limit, index + 1)
        if index >= len(ledger.counts):
            ledger.reserve(index + 1)
        place = self._placing(index, row)
        if place is None:
            # The row first, as a step of its own: at an index without references nobody reads it.
            calls = self._storing(np.array([index]), row[None])
            if not commit(ledger.turns, turn, calls, lambda: None):
                return None
            place, turn = ({}, None), turn + 1
        if index >= allocated:
            allocated = index + 1
        if index >= capacity:
            capacity = grown_capacity(capacity, index)
        return index if fill(ledger, turn, chunk_id, index, token, place, allocated, capacity) else None

    @_documented
    def get_vector(self, chunk_id: ChunkId) -> NDArray[np.float32] | None:
        """Return the vector of an id, or None; see `VectorStore.get_vector`."""
        # Without the lock: if the turn stays the same, what was read is from one moment. Amid a step others
        # run only while the turn is 0, or while a row is written at an index without references.
        if _GIL and type(chunk_id) is str:
            ledger = self._ledger
            turns = ledger.turns
            turn = turns[-1]
            index = ledger.index.get(chunk_id)
            if index is not None and turn:
                try:
                    row = self._row(index)
                    if turns[-1] == turn and not self._closed:
                        return row
                except Exception:  # noqa: S110  raised again below, unless a step came in between
                    pass
        return super().get_vector(chunk_id)

    @_documented
    def get_index(self, chunk_id: ChunkId) -> int | None:
        """Return the index that an id references, or None; see `VectorStore.get_index`."""
        if type(chunk_id) is str and chunk_id.isascii():
            with self._lock.now:
                self._check_whole()
                return self._ledger.index.get(chunk_id)
        return super().get_index(chunk_id)

    @_documented
    def remove_vector(self, chunk_id: ChunkId) -> bool:
        """Remove an id, and say whether it was there; see `VectorStore.remove_vector`."""
        if type(chunk_id) is str:
            removed = self._drop_one(chunk_id)
            if removed is not None:
                return removed > 0
        return super().remove_vector(chunk_id)

    def _drop_one(self, chunk_id: str) -> int | None:
        """Remove an id; return how many were there, or None to leave it to `_drop`."""
        with self._lock.now:
            ledger = self._ledger
            turn = ledger.turns[-1]
            if self._closed or not turn:
                self._check_whole()
            if not ledger.complete:
                return None
            index = ledger.index.get(chunk_id)
            if index is None:
                return 0 if chunk_id.isascii() else None  # which may be no id, unlike one that is there
            slot = ledger.slots.get(index)
            if type(slot) is dict and len(slot) > 1:
                return 1 if leave(ledger, turn, chunk_id, index, len(slot) - 1) else None
            rows = self._erasable
            if ledger.journal is None:
                heappush(ledger.free, index)  # stale until the line below, and then not
            if not empty(ledger, turn, chunk_id, index, rows):
                return None
            if rows is None and (calls := list(self._erasing([index]))):
                # A step of its own: overtaken, the index may hold another row by now; else only memory stays.
                commit(ledger.turns, turn + 1, calls, lambda: None)
            return 1
