"""Backends that are right while they are small: few rows, few components, few references."""

from __future__ import annotations

from typing import Any

import numpy as np
from refvec import SearchResult, Snapshot
from refvec.ids import canonical_ids

from .catalogue import breaks
from .identity import Keyed
from .specimen import Specimen

MANY = 1000


class Narrow(Keyed):
    """Identity does not look at all components of a long vector."""

    def _looked_at(self, dimension: int) -> Any:
        raise NotImplementedError

    def _keys_of(self, rows: Any) -> list[bytes]:
        return super()._keys_of(np.ascontiguousarray(rows[:, self._looked_at(rows.shape[1])]))


@breaks("DEDUP-1")
class First64(Narrow):
    """Identity looks at the first 64 components only."""

    def _looked_at(self, dimension: int) -> Any:
        return slice(64)


@breaks("DEDUP-1")
class TailOfEight(Narrow):
    """Identity looks at whole groups of eight components only, once there are more than eight groups."""

    def _looked_at(self, dimension: int) -> Any:
        return slice(dimension // 8 * 8 if dimension > 64 else None)


@breaks("DEDUP-1")
class TailOfSixteen(Narrow):
    """The last component of a group of sixteen that is not full does not count for identity."""

    def _looked_at(self, dimension: int) -> Any:
        return slice(dimension - 1 if dimension > 16 and dimension % 16 == 1 else None)


@breaks("DEDUP-1")
class EveryOther(Narrow):
    """From 512 components on identity looks at every other one."""

    def _looked_at(self, dimension: int) -> Any:
        return slice(None, None, 2 if dimension >= 512 else 1)


@breaks("DEDUP-1")
class WithoutTheLast(Narrow):
    """From 1,024 components on the last one does not count for identity."""

    def _looked_at(self, dimension: int) -> Any:
        return slice(-1 if dimension >= 1024 else None)


@breaks("DEDUP-3")
class SummedWhenLong(Keyed):
    """From 256 components on vectors are identical when the sums of their keys are."""

    def _keys_of(self, rows: Any) -> list[bytes]:
        keys = super()._keys_of(rows)
        return keys if rows.shape[1] < 256 else [np.frombuffer(key, np.int32).sum().tobytes() for key in keys]


@breaks("GET-8")
class FindsInTheFirst(Specimen):
    """``find_vector`` finds nothing beyond the first thousand slots."""

    def find_vector(self, vector: Any) -> int | None:
        """Look up."""
        index = super().find_vector(vector)
        return None if index is None or index >= MANY else index


@breaks("GET-8")
class FindsByTheHead(Specimen):
    """``find_vector`` compares the first 32 components of a long vector."""

    def find_vector(self, vector: Any) -> int | None:
        """Look up."""
        found = super().find_vector(vector)
        if found is not None or (self.dimension or 0) <= 32:
            return found
        near = (self.get_all_vectors()[:, :32] == np.asarray(vector, np.float32)[:32]).all(axis=1)
        return int(self.indices()[near.argmax()]) if near.any() else None


@breaks("GET-6")
class ShortCounts(Specimen):
    """References are counted in 16 bits."""

    def get_refcount(self, index: Any) -> int:
        """Count."""
        return super().get_refcount(index) & 0xFFFF


@breaks("GET-6")
class ShortManyCounts(Specimen):
    """``get_refcounts`` counts in 16 bits."""

    def get_refcounts(self, indices: Any) -> Any:
        """Count."""
        return super().get_refcounts(indices).astype(np.uint16).astype(np.int64)


@breaks("COUNT-1")
class ShortTotal(Specimen):
    """The references of the store are counted in 16 bits."""

    @property
    def total_references(self) -> int:
        """Count."""
        return super().total_references & 0xFFFF


@breaks("GET-5")
class CutIdsAt(Specimen):
    """``ids_at`` ends after 65,535 ids."""

    def ids_at(self, index: Any) -> list[str]:
        """See."""
        return super().ids_at(index)[:0xFFFF]


@breaks("SEARCH-1")
class CutMembers(Specimen):
    """A hit names at most a thousand ids."""

    def search(
        self, query: Any, k: Any = 10, *, metric: Any = "cosine", within: Any = None, with_ids: Any = True
    ) -> SearchResult:
        """Search."""
        found = super().search(query, k, metric=metric, within=within)
        if found.indices.ndim == 2 or not with_ids:
            return found
        return found._replace(ids=[hit[:MANY] for hit in found.ids])


@breaks("GET-5")
class SortsManyIds(Specimen):
    """More than a thousand ids come in alphabetical order."""

    def ids(self) -> list[str]:
        """See."""
        found = super().ids()
        return sorted(found) if len(found) > MANY else found


@breaks("GET-4")
class ManyByAge(Specimen):
    """More than a thousand indices are not sorted."""

    def indices(self) -> Any:
        """See."""
        found = super().indices()
        return found if len(found) <= MANY else np.roll(found, 1)


@breaks("GET-4")
class ManyVectorsByAge(Specimen):
    """More than a thousand vectors come by the age of their ids."""

    def get_all_vectors(self) -> Any:
        """See."""
        seen = self.snapshot()
        if len(seen.indices) <= MANY:
            return super().get_all_vectors()
        return self.get_vectors_by_indices(list(dict.fromkeys(seen.id_indices.tolist())))


@breaks("GET-7")
class ManyInASnapshot(Specimen):
    """A snapshot of more than a thousand ids sorts what they reference."""

    def snapshot(self) -> Snapshot:
        """See."""
        found = super().snapshot()
        return found._replace(id_indices=np.sort(found.id_indices)) if len(found.ids) > MANY else found


@breaks("ADD-2")
class AddsInPieces(Specimen):
    """A batch of more than a thousand is added in pieces: a late failure leaves the first ones."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        """Add."""
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
        """Upsert."""
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
        """Add."""
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
        """Look up."""
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


@breaks("GET-8")
class ManyIndicesShort(Specimen):
    """``get_indices`` of more than a thousand ids is of 32 bits."""

    def get_indices(self, chunk_ids: Any) -> Any:
        """Look up."""
        found = super().get_indices(chunk_ids)
        return found.astype(np.int32) if len(found) > MANY else found


@breaks("GET-3")
class ManySorted(Specimen):
    """More than a thousand indices are read in ascending order, and the rows left in it."""

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> Any:
        """Look up."""
        found = super().get_vectors_by_indices(indices, out)
        if len(found) > MANY:
            found[:] = found[np.argsort(np.asarray(indices), kind="stable")]
        return found


@breaks("REMOVE-1")
class ManyRemoved(Specimen):
    """Of a batch of more than a thousand ids to remove repeats count twice."""

    def remove_vectors(self, chunk_ids: Any) -> int:
        """Remove."""
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
        """See."""
        given = batch_size if type(batch_size) is not int else min(batch_size, 1024)
        return super().iter_batches(given)


@breaks("SAVE-1")
class ManySavedSorted(Specimen):
    """A saved store of more than a thousand ids has forgotten their order."""

    def save(self, path: Any) -> None:
        """Save."""
        ids = [] if self.closed else self.ids()
        if len(ids) <= MANY or ids == sorted(ids):
            return super().save(path)
        other = type(self)(self.dimension, precision=self.precision, backend=self.backend)
        other.add_vectors(sorted(ids), self.get_vectors(sorted(ids)))
        return other.save(path)


@breaks("COUNT-3")
class SampledUtilization(Specimen):
    """Above a thousand vectors the utilization is rounded to whole per cent."""

    def get_statistics(self) -> dict[str, Any]:
        """See."""
        found = super().get_statistics()
        if found["unique_vectors"] > MANY:
            found["utilization"] = float(round(found["utilization"]))
        return found
