"""Other ideas of listing what is there (GET)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from refvec import UnknownIdError

from .catalogue import breaks, mutant, refuse
from .specimen import Specimen

mutant("GET-4", "OrderOfArrival", "``get_all_vectors`` goes in the order of ids.").does(
    get_all_vectors=lambda store, _found: store._gather(dict.fromkeys(store._index.values()))
)
mutant("GET-4", "IndicesUnsorted", "``indices()`` goes in the order of ids.").does(
    indices=lambda store, _found: np.array(list(dict.fromkeys(store._index.values())), np.int64)
)
mutant("GET-4", "IndicesNarrow", "``indices()`` is int32.").does(indices=lambda found: found.astype(np.int32))
mutant("GET-5", "IdsSorted", "``ids()`` is sorted.").does(ids=lambda found: sorted(found))
mutant("GET-5", "IdsAtSorted", "``ids_at()`` is sorted.").does(ids_at=lambda found: sorted(found))
mutant("GET-5", "IdsAtByAge", "``ids_at()`` goes in the order of ``ids()``.").does(
    ids_at=lambda store, found: [one for one in store._index if one in found]
)


@breaks("GET-5")
class SameList(Specimen):
    """``ids()`` returns the same list every time."""

    def ids(self) -> list[str]:
        found: list[str] = self.__dict__.setdefault("_listed", [])
        found[:] = super().ids()
        return found


mutant("GET-6", "OffByOne", "``get_refcount`` is one too high from the second reference on.").does(
    get_refcount=lambda found: found + (found > 1)
)
mutant("GET-6", "FreedCountsZero", "A freed index has 0 references.").does(
    get_refcount=lambda store, call, index: 0 if index in store._free else call()
)
mutant("GET-6", "CountsNarrow", "``get_refcounts`` is int32.").does(
    get_refcounts=lambda found: found.astype(np.int32)
)
mutant("GET-7", "SnapshotByAge", "The vectors of a snapshot go in the order of ids, its indices do not.").does(
    snapshot=lambda store, found: found._replace(
        vectors=store._gather(dict.fromkeys(found.id_indices.tolist()))
    )
)
mutant("GET-7", "SnapshotUnaligned", "The ids of a snapshot are sorted, their indices are not.").does(
    snapshot=lambda found: found._replace(ids=sorted(found.ids))
)
mutant("GET-8", "UnknownStops", "``get_indices`` raises for an unknown id.").does(
    get_indices=lambda found: refuse(UnknownIdError("unknown")) if (found < 0).any() else found
)


@breaks("GET-8")
class FindsBits(Specimen):
    """``find_vector`` compares bits, not keys."""

    def _match(self, row: Any) -> int | None:
        bits = row.tobytes()
        return next((index for index, one in self._vectors.items() if one.tobytes() == bits), None)


mutant("GET-8", "FindsNearest", "``find_vector`` finds what is near.").does(
    _match=lambda store, row: next(
        ((index for index, one in store._vectors.items() if np.allclose(row[0], one, atol=1e-2))), None
    )
)
mutant("GET-9", "IncludesRemoved", "``iter_batches`` yields what was removed meanwhile.").does(
    iter_batches=lambda found: iter(list(found))
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


mutant("GET-9", "OneBatch", "``iter_batches`` yields everything at once.").does(
    iter_batches=lambda call, _found: call(batch_size=2**40)
)
mutant("GET-9", "OneTooMany", "A batch holds one vector more than asked for.").does(
    iter_batches=lambda call, _found, batch_size: call(batch_size=int(batch_size) + 1)
)
