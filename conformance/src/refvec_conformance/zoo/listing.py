"""Other ideas of listing what is there (GET)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from refvec import Snapshot, UnknownIdError

from .catalogue import breaks
from .specimen import Specimen


@breaks("GET-4")
class OrderOfArrival(Specimen):
    """``get_all_vectors`` goes in the order of ids."""

    def get_all_vectors(self) -> Any:
        """Look up."""
        order = list(dict.fromkeys(self._index.values()))
        return super().get_all_vectors() if self.closed else self._gather(np.array(order, np.int64))


@breaks("GET-4")
class IndicesUnsorted(Specimen):
    """``indices()`` goes in the order of ids."""

    def indices(self) -> Any:
        """List."""
        super().indices()
        return np.array(list(dict.fromkeys(self._index.values())), np.int64)


@breaks("GET-4")
class IndicesNarrow(Specimen):
    """``indices()`` is int32."""

    def indices(self) -> Any:
        """List."""
        return super().indices().astype(np.int32)


@breaks("GET-5")
class IdsSorted(Specimen):
    """``ids()`` is sorted."""

    def ids(self) -> list[str]:
        """List."""
        return sorted(super().ids())


@breaks("GET-5")
class IdsAtSorted(Specimen):
    """``ids_at()`` is sorted."""

    def _ids_at(self, index: int) -> list[str]:
        return sorted(super()._ids_at(index))


@breaks("GET-5")
class IdsAtByAge(Specimen):
    """``ids_at()`` goes in the order of ``ids()``."""

    def _ids_at(self, index: int) -> list[str]:
        return [one for one, at in self._index.items() if at == index]


@breaks("GET-5")
class SameList(Specimen):
    """``ids()`` returns the same list every time."""

    def ids(self) -> list[str]:
        """List."""
        found: list[str] = self.__dict__.setdefault("_listed", [])
        found[:] = super().ids()
        return found


@breaks("GET-6")
class OffByOne(Specimen):
    """``get_refcount`` is one too high from the second reference on."""

    def get_refcount(self, index: Any) -> int:
        """Count."""
        found = super().get_refcount(index)
        return found + (found > 1)


@breaks("GET-6")
class FreedCountsZero(Specimen):
    """A freed index has 0 references."""

    def get_refcount(self, index: Any) -> int:
        """Count."""
        return 0 if index in self._free else super().get_refcount(index)


@breaks("GET-6")
class CountsNarrow(Specimen):
    """``get_refcounts`` is int32."""

    def get_refcounts(self, indices: Any) -> Any:
        """Count."""
        return super().get_refcounts(indices).astype(np.int32)


@breaks("GET-7")
class SnapshotByAge(Specimen):
    """The vectors of a snapshot go in the order of ids, its indices do not."""

    def snapshot(self) -> Snapshot:
        """See."""
        found = super().snapshot()
        order = np.array(list(dict.fromkeys(found.id_indices.tolist())), np.int64)
        return found._replace(vectors=self._gather(order))


@breaks("GET-7")
class SnapshotUnaligned(Specimen):
    """The ids of a snapshot are sorted, their indices are not."""

    def snapshot(self) -> Snapshot:
        """See."""
        found = super().snapshot()
        return found._replace(ids=sorted(found.ids))


@breaks("GET-8")
class UnknownStops(Specimen):
    """``get_indices`` raises for an unknown id."""

    def get_indices(self, chunk_ids: Any) -> Any:
        """Look up."""
        found = super().get_indices(chunk_ids)
        if (found < 0).any():
            raise UnknownIdError("unknown")
        return found


@breaks("GET-8")
class FindsBits(Specimen):
    """``find_vector`` compares bits, not keys."""

    def _match(self, row: Any) -> int | None:
        bits = row.tobytes()
        return next((index for index, one in self._vectors.items() if one.tobytes() == bits), None)


@breaks("GET-8")
class FindsNearest(Specimen):
    """``find_vector`` finds what is near."""

    def _match(self, row: Any) -> int | None:
        near = (index for index, one in self._vectors.items() if np.allclose(row[0], one, atol=1e-2))
        return next(near, None)


@breaks("GET-9")
class IncludesRemoved(Specimen):
    """``iter_batches`` yields what was removed meanwhile."""

    def _batches(self, indices: Any, size: int) -> Iterator[Any]:
        return iter(list(super()._batches(indices, size)))


@breaks("GET-9")
class IncludesAdded(Specimen):
    """``iter_batches`` yields what was added meanwhile."""

    def _batches(self, indices: Any, size: int) -> Iterator[Any]:
        done = 0
        while done < len(self.indices()):
            part = self.indices()[done : done + size]
            done += size
            yield part, self.get_vectors_by_indices(part)


@breaks("GET-9")
class OneBatch(Specimen):
    """``iter_batches`` yields everything at once."""

    def _batches(self, indices: Any, size: int) -> Iterator[Any]:
        return super()._batches(indices, max(size, len(indices)))


@breaks("GET-9")
class OneTooMany(Specimen):
    """A batch holds one vector more than asked for."""

    def _batches(self, indices: Any, size: int) -> Iterator[Any]:
        return super()._batches(indices, size + 1)
