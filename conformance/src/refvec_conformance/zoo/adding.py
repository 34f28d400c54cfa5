"""Other ideas of adding (ADD)."""

# ruff: noqa: D102 - each method is broken as its class says

from __future__ import annotations

from typing import Any

import numpy as np
from refvec import DuplicateIdError
from refvec.ids import canonical_ids

from .catalogue import answer, breaks
from .specimen import Specimen


@breaks("ADD-1")
class Overwrites(Specimen):
    """Adding an id that is present replaces its vector."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        return self.upsert_vector(chunk_id, vector)


@breaks("ADD-1")
class KeepsTheOld(Specimen):
    """Adding an id that is present does nothing and returns its index."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        index = self.get_index(chunk_id)
        return super().add_vector(chunk_id, vector) if index is None else index


@breaks("ADD-1")
class PlainKeyError(Specimen):
    """An id that is present is a KeyError."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        try:
            return super().add_vector(chunk_id, vector)
        except DuplicateIdError as error:
            raise KeyError(str(error)) from None


answer("ADD-1", "NumpyIndex", "The index is a numpy integer.", add_vector=lambda found: np.int64(found))


@breaks("ADD-2")
class Backwards(Specimen):
    """A batch is added from its end."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = self._batch(chunk_ids, vectors)
        return super().add_vectors(ids[::-1], rows[::-1])[::-1]


@breaks("ADD-2")
class RepeatSkipped(Specimen):
    """An id repeated in a batch with an equal vector is let pass."""

    def _check_new(self, ids: list[str]) -> None:
        super()._check_new(list(dict.fromkeys(ids)))


answer(
    "ADD-2",
    "NarrowIndices",
    "The indices of a batch come as int32.",
    add_vectors=lambda found: found.astype(np.int32),
)


@breaks("ADD-2")
class PresentSkipped(Specimen):
    """Of a batch, the ids that are present are skipped."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = self._batch(chunk_ids, vectors)
        new = [position for position, one in enumerate(ids) if one not in self._index]
        super().add_vectors([ids[position] for position in new], rows[new])
        return self.get_indices(ids)


@breaks("ADD-3")
class ZipsShortest(Specimen):
    """Of differing lengths, the shorter one counts."""

    def _batch(self, chunk_ids: Any, vectors: Any) -> Any:
        ids = canonical_ids(chunk_ids)
        count = min(len(ids), len(vectors))
        return super()._batch(ids[:count], vectors[:count])


@breaks("ADD-3")
class EmptyWidthUnchecked(Specimen):
    """An empty batch may have any number of columns."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        return super().add_vectors(chunk_ids, vectors if len(vectors) else [])


@breaks("ADD-3")
class EmptyRefused(Specimen):
    """An empty batch without columns is refused."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        if np.shape(vectors) == (0,):
            raise ValueError("Expected 2D vectors, got shape (0,)")
        return super().add_vectors(chunk_ids, vectors)


@breaks("ADD-4")
class SequencesOnly(Specimen):
    """``chunk_ids`` must have a length."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        len(chunk_ids)
        return super().add_vectors(chunk_ids, vectors)


@breaks("ADD-4")
class ReadTwice(Specimen):
    """``chunk_ids`` is iterated over twice."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        canonical_ids(chunk_ids)
        return super().add_vectors(chunk_ids, vectors)


@breaks("ADD-4")
class TextIsIterable(Specimen):
    """A single str is taken for the ids of its characters."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        return super().add_vectors(list(chunk_ids), vectors)
