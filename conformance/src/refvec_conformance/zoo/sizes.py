"""Backends that are right while they are small: few rows, few components, few references."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from refvec.ids import canonical_ids

from .catalogue import breaks, mutant
from .identity import Keyed
from .searching import each
from .specimen import Specimen

MANY = 1000


def _narrowed(name: str, summary: str, looked_at: Callable[[int], slice]) -> None:
    """Put a backend into the zoo whose identity does not look at all components of a long vector."""
    mutant("DEDUP-1", name, summary, Keyed).does(
        _seen=lambda rows: np.ascontiguousarray(rows[:, looked_at(rows.shape[1])])
    )


_narrowed("First64", "Identity looks at the first 64 components only.", lambda _: slice(64))
_narrowed(
    "TailOfEight",
    "Above 64 components identity looks at whole groups of eight only.",
    lambda width: slice(width // 8 * 8 if width > 64 else None),
)
_narrowed(
    "TailOfSixteen",
    "A component that is alone behind groups of sixteen does not count for identity.",
    lambda width: slice(width - 1 if width > 16 and width % 16 == 1 else None),
)
_narrowed(
    "EveryOther",
    "From 512 components on identity looks at every other one.",
    lambda width: slice(None, None, 2 if width >= 512 else 1),
)
_narrowed(
    "WithoutTheLast",
    "From 1,024 components on the last one does not count for identity.",
    lambda width: slice(-1 if width >= 1024 else None),
)
mutant(
    "DEDUP-3", "SummedWhenLong", "From 256 components on vectors are identical when the sums of their keys are."
).does(
    _keys_of=lambda found: [
        key if len(key) < 4 * 256 else np.frombuffer(key, np.int32).sum().tobytes() for key in found
    ]
)
mutant("GET-8", "FindsInTheFirst", "``find_vector`` finds nothing beyond the first thousand slots.").does(
    find_vector=lambda found: None if found is None or found >= MANY else found
)


@breaks("GET-8")
class FindsByTheHead(Specimen):
    """``find_vector`` compares the first 32 components of a long vector."""

    def find_vector(self, vector: Any) -> int | None:
        found = super().find_vector(vector)
        if found is not None or (self.dimension or 0) <= 32:
            return found
        near = (self.get_all_vectors()[:, :32] == np.asarray(vector, np.float32)[:32]).all(axis=1)
        return int(self.indices()[near.argmax()]) if near.any() else None


mutant("GET-6", "ShortCounts", "References are counted in 16 bits.").does(
    get_refcount=lambda found: found & 0xFFFF
)
mutant("GET-6", "ShortManyCounts", "``get_refcounts`` counts in 16 bits.").does(
    get_refcounts=lambda found: found & 0xFFFF
)
mutant("COUNT-1", "ShortTotal", "The references of the store are counted in 16 bits.").does(
    _size=lambda found: found._replace(references=found.references & 0xFFFF)
)
mutant("GET-5", "CutIdsAt", "``ids_at`` ends after 65,535 ids.").does(ids_at=lambda found: found[:0xFFFF])
mutant("GET-5", "SortsManyIds", "More than a thousand ids come in alphabetical order.").does(
    ids=lambda found: sorted(found) if len(found) > MANY else found
)
mutant("GET-4", "ManyByAge", "More than a thousand indices are not sorted.").does(
    indices=lambda found: np.roll(found, 1) if len(found) > MANY else found
)
mutant("GET-7", "ManyInASnapshot", "A snapshot of more than a thousand ids sorts what they reference.").does(
    snapshot=lambda found: (
        found._replace(id_indices=np.sort(found.id_indices)) if len(found.ids) > MANY else found
    )
)
mutant("GET-8", "ManyIndicesShort", "``get_indices`` of more than a thousand ids is of 32 bits.").does(
    get_indices=lambda found: found.astype(np.int32) if len(found) > MANY else found
)
mutant(
    "COUNT-3", "RoughUtilization", "Above a thousand vectors the utilization is rounded to whole per cent."
).does(
    get_statistics=lambda found: (
        found
        if found["unique_vectors"] <= MANY
        else found | {"utilization": float(round(found["utilization"]))}
    )
)
mutant("SEARCH-1", "CutMembers", "A hit names at most a thousand ids.").does(
    _search=lambda found: (*found[:2], each(found[2], lambda hit: hit[:MANY]))
)


@breaks("GET-4")
class ManyVectorsByAge(Specimen):
    """More than a thousand vectors come by the age of their ids."""

    def get_all_vectors(self) -> Any:
        seen = self.snapshot()
        if len(seen.indices) <= MANY:
            return super().get_all_vectors()
        return self.get_vectors_by_indices(list(dict.fromkeys(seen.id_indices.tolist())))


@breaks("ADD-2")
class AddsInPieces(Specimen):
    """A batch of more than a thousand is added in pieces: a late failure leaves the first ones."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids = self._kept(chunk_ids)
        if len(ids) <= MANY or np.ndim(vectors) != 2 or len(ids) != len(vectors):
            return super().add_vectors(ids, vectors)
        starts = range(0, len(ids), MANY)
        parts = [
            super(AddsInPieces, self).add_vectors(ids[i : i + MANY], vectors[i : i + MANY]) for i in starts
        ]
        return np.concatenate(parts)


@breaks("UPSERT-2")
class UpsertsInPieces(Specimen):
    """A batch of more than a thousand is upserted in pieces: losing vectors of earlier pieces are stored."""

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids = self._kept(chunk_ids)
        if len(ids) <= MANY or np.ndim(vectors) != 2 or len(ids) != len(vectors):
            return super().upsert_vectors(ids, vectors)
        for i in range(0, len(ids), MANY):
            super().upsert_vectors(ids[i : i + MANY], vectors[i : i + MANY])
        return self.get_indices(ids)


@breaks("ERR-1")
class PositionInThePiece(Specimen):
    """The position of an error in a long batch is that in its piece of a thousand."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        try:
            return super().add_vectors(chunk_ids, vectors)
        except ValueError as error:
            if (getattr(error, "position", None) or 0) >= MANY:
                error.position %= MANY  # type: ignore[attr-defined]
            raise


@breaks("GET-2")
class ManyMissing(Specimen):
    """Of a batch of more than a thousand ids those that are missing have the vector before."""

    def get_vectors(self, chunk_ids: Any) -> Any:
        if self.closed:
            return super().get_vectors(chunk_ids)
        ids = canonical_ids(chunk_ids)
        present = [one for one in ids if one in self]
        if len(ids) <= MANY or len(present) == len(ids) or not present:
            return super().get_vectors(ids)
        last, filled = present[0], []
        for one in ids:
            last = one if one in self else last
            filled.append(last)
        return super().get_vectors(filled)


@breaks("GET-3")
class ManySorted(Specimen):
    """More than a thousand indices are read in ascending order, and the rows left in it."""

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> Any:
        found = super().get_vectors_by_indices(indices, out)
        if len(found) > MANY:
            found[:] = found[np.argsort(np.asarray(indices), kind="stable")]
        return found


@breaks("REMOVE-1")
class ManyRemoved(Specimen):
    """Of a batch of more than a thousand ids to remove repeats count twice."""

    def remove_vectors(self, chunk_ids: Any) -> int:
        if self.closed:
            return super().remove_vectors(chunk_ids)
        ids = canonical_ids(chunk_ids)
        present = sum(one in self for one in ids)
        removed = super().remove_vectors(ids)
        return present if len(ids) > MANY else removed


@breaks("GET-9")
class CutBatches(Specimen):
    """No batch of an iteration holds more than 1,024 vectors, whatever was asked for."""

    def iter_batches(self, batch_size: Any = 1024) -> Any:
        given = batch_size if type(batch_size) is not int else min(batch_size, 1024)
        return super().iter_batches(given)


@breaks("SAVE-1")
class ManySavedSorted(Specimen):
    """A saved store of more than a thousand ids has forgotten their order."""

    def save(self, path: Any) -> None:
        ids = [] if self.closed else self.ids()
        if len(ids) <= MANY or ids == sorted(ids):
            return super().save(path)
        other = type(self)(self.dimension, precision=self.precision, backend=self.backend)
        other.add_vectors(sorted(ids), self.get_vectors(sorted(ids)))
        return other.save(path)
