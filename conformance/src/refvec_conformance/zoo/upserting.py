"""Other ideas of replacing (UPSERT)."""

from __future__ import annotations

from typing import Any

import numpy as np
from refvec.ids import canonical_ids

from .catalogue import breaks
from .specimen import Specimen


@breaks("UPSERT-1")
class DropsFirst(Specimen):
    """The old reference is dropped before the new one is added."""

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        place = self.ids()
        super().find_vector(vector)
        self.remove_vector(chunk_id)
        index = self.add_vector(chunk_id, vector)
        self._index = {one: self._index[one] for one in dict.fromkeys([*place, *self._index])}
        return index


@breaks("UPSERT-1")
class MovesToTheEnd(Specimen):
    """An upserted id moves to the end of ``ids()``."""

    def _reference(self, chunk_id: str, row: Any, key: bytes) -> int:
        index = super()._reference(chunk_id, row, key)
        self._index[chunk_id] = self._index.pop(chunk_id)
        return index


@breaks("UPSERT-1")
class RewritesBits(Specimen):
    """Upserting an identical vector stores its bits."""

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        index = super().upsert_vector(chunk_id, vector)
        self._vectors[index] = np.array(vector, np.float32)
        return index


@breaks("UPSERT-1")
class OldReferenceKept(Specimen):
    """The old reference is never dropped."""

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        old = self.get_index(chunk_id)
        index = super().upsert_vector(chunk_id, vector)
        if old is not None and old in self._slots:
            self._slots[old][f"{chunk_id}"] = None
        return index


@breaks("UPSERT-1")
class SharedOverwritten(Specimen):
    """Upserting an id that shares its vector changes it for all."""

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        index = self.get_index(chunk_id)
        if index is None or self.get_refcount(index) == 1 or self.find_vector(vector) is not None:
            return super().upsert_vector(chunk_id, vector)
        self._vectors[index] = np.array(vector, np.float32)
        return index


@breaks("UPSERT-2")
class LosersStored(Specimen):
    """Of a repeated id every vector takes its turn."""

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = self._batch(chunk_ids, vectors)
        for chunk_id, row in zip(ids, rows, strict=True):
            self._put([chunk_id], row[None], "upsert")
        return self.get_indices(ids)


@breaks("UPSERT-2")
class LosersUnchecked(Specimen):
    """The losing vectors of a repeated id are not looked at."""

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids = canonical_ids(chunk_ids)
        if len(ids) != len(vectors):
            return super().upsert_vectors(ids, vectors)
        last = {chunk_id: vector for chunk_id, vector in zip(ids, vectors, strict=True)}  # noqa: C416
        super().upsert_vectors(list(last), list(last.values()))
        return self.get_indices(ids)


@breaks("UPSERT-2")
class FirstWins(Specimen):
    """Of a repeated id the first vector counts."""

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = self._batch(chunk_ids, vectors)
        first = {one: position for position, one in reversed(list(enumerate(ids)))}
        order = sorted(first.values())
        super().upsert_vectors([ids[position] for position in order], rows[order])
        return self.get_indices(ids)


@breaks("UPSERT-2")
class OneResultAnId(Specimen):
    """The result has one index for each distinct id."""

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids = canonical_ids(chunk_ids)
        super().upsert_vectors(ids, vectors)
        return self.get_indices(dict.fromkeys(ids))


@breaks("UPSERT-2")
class LastPlace(Specimen):
    """A repeated id takes the place of its last position."""

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = self._batch(chunk_ids, vectors)
        last = sorted({one: position for position, one in enumerate(ids)}.values())
        super().upsert_vectors([ids[position] for position in last], rows[last])
        return self.get_indices(ids)
