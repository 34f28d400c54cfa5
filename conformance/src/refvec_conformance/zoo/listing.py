"""Other ideas of listing what is there (GET)."""

# ruff: noqa: D102 - each method is broken as its class says

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from refvec import UnknownIdError

from .catalogue import answer, breaks
from .specimen import Specimen

answer(
    "GET-4",
    "OrderOfArrival",
    "``get_all_vectors`` goes in the order of ids.",
    get_all_vectors=lambda store, _: store._gather(dict.fromkeys(store._index.values())),
)
answer(
    "GET-4",
    "IndicesUnsorted",
    "``indices()`` goes in the order of ids.",
    indices=lambda store, _: np.array(list(dict.fromkeys(store._index.values())), np.int64),
)
answer("GET-4", "IndicesNarrow", "``indices()`` is int32.", indices=lambda found: found.astype(np.int32))


answer("GET-5", "IdsSorted", "``ids()`` is sorted.", ids=lambda found: sorted(found))


answer("GET-5", "IdsAtSorted", "``ids_at()`` is sorted.", ids_at=lambda found: sorted(found))


answer(
    "GET-5",
    "IdsAtByAge",
    "``ids_at()`` goes in the order of ``ids()``.",
    ids_at=lambda store, found: [one for one in store._index if one in found],
)


@breaks("GET-5")
class SameList(Specimen):
    """``ids()`` returns the same list every time."""

    def ids(self) -> list[str]:
        found: list[str] = self.__dict__.setdefault("_listed", [])
        found[:] = super().ids()
        return found


answer(
    "GET-6",
    "OffByOne",
    "``get_refcount`` is one too high from the second reference on.",
    get_refcount=lambda found: found + (found > 1),
)


@breaks("GET-6")
class FreedCountsZero(Specimen):
    """A freed index has 0 references."""

    def get_refcount(self, index: Any) -> int:
        return 0 if index in self._free else super().get_refcount(index)


answer(
    "GET-6", "CountsNarrow", "``get_refcounts`` is int32.", get_refcounts=lambda found: found.astype(np.int32)
)
answer(
    "GET-7",
    "SnapshotByAge",
    "The vectors of a snapshot go in the order of ids, its indices do not.",
    snapshot=lambda store, found: found._replace(
        vectors=store._gather(dict.fromkeys(found.id_indices.tolist()))
    ),
)
answer(
    "GET-7",
    "SnapshotUnaligned",
    "The ids of a snapshot are sorted, their indices are not.",
    snapshot=lambda found: found._replace(ids=sorted(found.ids)),
)


@breaks("GET-8")
class UnknownStops(Specimen):
    """``get_indices`` raises for an unknown id."""

    def get_indices(self, chunk_ids: Any) -> Any:
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


answer(
    "GET-9",
    "IncludesRemoved",
    "``iter_batches`` yields what was removed meanwhile.",
    iter_batches=lambda found: iter(list(found)),
)


@breaks("GET-9")
class IncludesAdded(Specimen):
    """``iter_batches`` yields what was added meanwhile."""

    def iter_batches(self, batch_size: Any = 1024) -> Any:
        super().iter_batches(batch_size)
        return self._growing(int(batch_size))

    def _growing(self, size: int) -> Iterator[Any]:
        done = 0
        while done < len(self.indices()):
            part = self.indices()[done : done + size]
            done += size
            yield part, self.get_vectors_by_indices(part)


@breaks("GET-9")
class OneBatch(Specimen):
    """``iter_batches`` yields everything at once."""

    def iter_batches(self, batch_size: Any = 1024) -> Any:
        super().iter_batches(batch_size)
        return super().iter_batches(2**40)


@breaks("GET-9")
class OneTooMany(Specimen):
    """A batch holds one vector more than asked for."""

    def iter_batches(self, batch_size: Any = 1024) -> Any:
        super().iter_batches(batch_size)
        return super().iter_batches(int(batch_size) + 1)
