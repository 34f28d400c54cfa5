"""Other ideas of adding (ADD)."""

from __future__ import annotations

from typing import Any

import numpy as np
from refvec import DuplicateIdError
from refvec.ids import canonical_ids

from .catalogue import breaks, mutant, refuse, translated
from .specimen import Specimen

mutant("ADD-1", "Overwrites", "Adding an id that is present replaces its vector.").does(
    add_vector=lambda store, chunk_id, vector: store.upsert_vector(chunk_id, vector)
)


@breaks("ADD-1")
class KeepsTheOld(Specimen):
    """Adding an id that is present does nothing and returns its index."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        index = self.get_index(chunk_id)
        return super().add_vector(chunk_id, vector) if index is None else index


mutant("ADD-1", "PlainKeyError", "An id that is present is a KeyError.").does(
    add_vector=lambda call: translated(call, DuplicateIdError, lambda error: KeyError(str(error)))
)
mutant("ADD-1", "NumpyIndex", "The index is a numpy integer.").does(add_vector=lambda found: np.int64(found))


@breaks("ADD-2")
class Backwards(Specimen):
    """A batch is added from its end."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = self._batch(chunk_ids, vectors)
        return super().add_vectors(ids[::-1], rows[::-1])[::-1]


mutant("ADD-2", "RepeatSkipped", "An id repeated in a batch with an equal vector is let pass.").does(
    _check_new=lambda call, ids: call(ids=list(dict.fromkeys(ids)))
)
mutant("ADD-2", "NarrowIndices", "The indices of a batch come as int32.").does(
    add_vectors=lambda found: found.astype(np.int32)
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


mutant("ADD-3", "EmptyWidthUnchecked", "An empty batch may have any number of columns.").does(
    add_vectors=lambda call, vectors: call(vectors=vectors if len(vectors) else [])
)
mutant("ADD-3", "EmptyRefused", "An empty batch without columns is refused.").does(
    add_vectors=lambda call, vectors: (
        refuse(ValueError("Expected 2D vectors, got shape (0,)")) if np.shape(vectors) == (0,) else call()
    )
)


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


mutant("ADD-4", "TextIsIterable", "A single str is taken for the ids of its characters.").does(
    add_vectors=lambda call, chunk_ids: call(chunk_ids=list(chunk_ids))
)
