"""Calls that leave traces when they fail, and other violence (ATOM)."""

from __future__ import annotations

from typing import Any

import numpy as np
from refvec import RefvecError
from refvec.ids import canonical_id, canonical_ids

from .catalogue import breaks
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


@breaks("ATOM-3")
class LockedIteration(Specimen):
    """The lock is held while the caller's ids are iterated over."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        with self._guard:
            return super().add_vectors(chunk_ids, vectors)


@breaks("ATOM-3")
class LockedConversion(Specimen):
    """The lock is held while the caller's vector is converted."""

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        with self._guard:
            return super().upsert_vector(chunk_id, vector)


@breaks("ATOM-3")
class LockedIndex(Specimen):
    """The lock is held while ``__index__`` is called."""

    def get_vector_by_index(self, index: Any) -> Any:
        with self._guard:
            return super().get_vector_by_index(index)


@breaks("ATOM-3")
class LockedReading(Specimen):
    """The lock is held while ``get_vectors`` reads the ids."""

    def get_vectors(self, chunk_ids: Any) -> Any:
        with self._guard:
            return super().get_vectors(canonical_ids(chunk_ids))


@breaks("ATOM-3")
class LockedSearch(Specimen):
    """The lock is held while a search converts its arguments."""

    def search(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        with self._guard:
            return super().search(query, *args, **kwargs)


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
