"""Calls that leave traces when they fail, and other violence (ATOM)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from refvec import RefvecError
from refvec.ids import canonical_id, canonical_ids

from .catalogue import breaks, mutant
from .specimen import Specimen


@breaks("ATOM-1")
class PartialBatch(Specimen):
    """A batch with an id that is present is added up to it."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = self._batch(chunk_ids, vectors)
        return np.array([self.add_vector(*item) for item in zip(ids, rows, strict=True)], np.int64)


@breaks("ATOM-1")
class GrowsOnError(Specimen):
    """A batch that fails has grown the capacity."""

    def _check_new(self, ids: list[str]) -> None:
        try:
            super()._check_new(ids)
        except RefvecError:
            self._capacity += 1
            raise


@breaks("ATOM-1")
class AllocatesOnError(Specimen):
    """A duplicate that is refused has used up an index."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        try:
            return super().add_vector(chunk_id, vector)
        except RefvecError:
            if not self.closed:
                self._free.append(self._allocated)
                self._allocated += 1
            raise


@breaks("ATOM-1")
class RemovesOnError(Specimen):
    """An upsert with a wrong vector has removed the id."""

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        try:
            return super().upsert_vector(chunk_id, vector)
        except ValueError:
            if not self.closed:
                self.remove_vector(chunk_id)
            raise


@breaks("ATOM-1")
class ReordersOnError(Specimen):
    """An add that fails has moved the id to the end."""

    def _check_new(self, ids: list[str]) -> None:
        for chunk_id in ids:
            if chunk_id in self._index:
                self._index[chunk_id] = self._index.pop(chunk_id)
        super()._check_new(ids)


@breaks("ATOM-2")
class AllocatesK(Specimen):
    """A search allocates room for k hits, however few candidates there are."""

    def _search(self, queries: Any, k: int, metric: Any, within: Any, with_ids: bool) -> Any:
        try:
            np.empty((len(queries), k), np.int64)
        except ValueError as error:
            raise MemoryError(str(error)) from None
        return super()._search(queries, k, metric, within, with_ids)


@breaks("ATOM-2")
class AllocatesBatch(Specimen):
    """``iter_batches`` allocates a whole batch, however few vectors there are."""

    def iter_batches(self, batch_size: Any = 1024) -> Any:
        found = super().iter_batches(batch_size)
        np.empty(min(int(batch_size), 2**44), np.uint8)
        return found


def _locked(store: Specimen, call: Callable[[], Any]) -> Any:
    with store._guard:
        return call()


mutant("ATOM-3", "LockedIteration", "The lock is held while the caller's ids are iterated over.").does(
    add_vectors=_locked
)
mutant("ATOM-3", "LockedConversion", "The lock is held while the caller's vector is converted.").does(
    upsert_vector=_locked
)
mutant("ATOM-3", "LockedIndex", "The lock is held while ``__index__`` is called.").does(
    get_vector_by_index=_locked
)
mutant("ATOM-3", "LockedReading", "The lock is held while ``get_vectors`` reads the ids.").does(
    get_vectors=lambda store, call, chunk_ids: _locked(store, lambda: call(chunk_ids=canonical_ids(chunk_ids)))
)
mutant("ATOM-3", "LockedSearch", "The lock is held while a search converts its arguments.").does(search=_locked)


@breaks("ATOM-3")
class ComparesAsGiven(Specimen):
    """Ids are looked up as they were given: their own ``__hash__`` and ``__eq__`` run."""

    def __contains__(self, chunk_id: object) -> bool:
        self._require_open()
        try:
            canonical_id(chunk_id)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return False
        with self._guard:
            return chunk_id in self._index or super().__contains__(chunk_id)
