"""Backends that work until threads meet (THREAD)."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from refvec import Size, Snapshot

from ..probes.concurrency import give_way
from .catalogue import breaks, mutant
from .specimen import Specimen


@breaks("THREAD-1")
class Unlocked(Specimen):
    """There is no lock."""

    @property
    def _guard(self) -> AbstractContextManager[Any]:
        return nullcontext()


@breaks("THREAD-1")
class LostUpdate(Specimen):
    """Looking whether an id is present and adding it are two steps."""

    def _put(self, ids: list[str], rows: Any, mode: str) -> Any:
        if mode == "add":
            with self._guard:
                self._require_open()
                self._check_width(rows.shape[1])
                self._check_new(ids)
            give_way()
        return super()._put(ids, rows, "upsert")


@breaks("THREAD-1")
class TornBatch(Specimen):
    """A batch is added item by item, and others may look in between."""

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = self._batch(chunk_ids, vectors)
        for chunk_id, row in zip(ids, rows, strict=True):
            self._put([chunk_id], row[None], "upsert")
            give_way()
        return self.get_indices(ids)


@breaks("THREAD-1")
class TornUpsert(Specimen):
    """An upsert removes, and adds in a second step."""

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        old = self.get_index(chunk_id)
        if old is not None and self.find_vector(vector) != old:
            self.remove_vector(chunk_id)
            give_way()
        return super().upsert_vector(chunk_id, vector)


@breaks("THREAD-1")
class TornSnapshot(Specimen):
    """A snapshot takes its ids at one moment and its vectors at another."""

    def snapshot(self) -> Snapshot:
        first = super().snapshot()
        give_way()
        second = super().snapshot()
        at = dict(zip(second.indices.tolist(), second.vectors, strict=True))
        zero = np.zeros(first.vectors.shape[1], np.float32)
        rows = [at.get(index, zero) for index in first.indices.tolist()]
        return first._replace(vectors=np.array(rows, np.float32).reshape(first.vectors.shape))


@breaks("THREAD-1")
class StaleRead(Specimen):
    """``get_vector`` looks up the index, lets go, and then reads the slot."""

    def get_vector(self, chunk_id: Any) -> Any:
        index = self.get_index(chunk_id)
        give_way()
        vector = None if index is None else self._vectors.get(index)
        return None if vector is None else np.array(vector, np.float32)


@breaks("THREAD-1")
class StaleCount(Specimen):
    """Counts are remembered for a while."""

    def _size(self) -> Size:
        found = super()._size()
        kept = self.__dict__.setdefault("_kept", [])
        kept.append(found)
        return found if len(kept) < 3 else found._replace(unique=kept.pop(0).unique)


@breaks("THREAD-1")
class TornClear(Specimen):
    """``clear()`` removes the ids one by one."""

    def clear(self) -> None:
        self._require_open()
        for chunk_id in self.ids():
            self.remove_vector(chunk_id)
            give_way()


mutant("THREAD-1", "DimensionRace", "Whether a vector fits is not looked at again inside the lock.").does(
    _check_width=lambda store, call: call() if store._dimension is None else None
)


@breaks("THREAD-2")
class HoldsTheInterpreter(Specimen):
    """No other thread runs while a search does."""

    def _search(self, *args: Any) -> Any:
        before = sys.getswitchinterval()
        sys.setswitchinterval(1000)
        try:
            return super()._search(*args)
        finally:
            sys.setswitchinterval(before)
