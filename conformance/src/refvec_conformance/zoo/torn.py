"""Reads and writes put together from steps between which others may write (THREAD-1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from refvec import SearchResult, Snapshot
from refvec.ids import canonical_ids

from ..probes.concurrency import give_way
from .catalogue import breaks, mutant
from .specimen import Specimen


def _later(call: Callable[[], Any]) -> Any:
    """Call, but let others in first."""
    give_way()
    return call()


def _in_two(call: Callable[[], Any]) -> Any:
    """Return the first of what there is at one moment, and the others as they are at another."""
    first = call()
    return first if len(first) < 2 else np.concatenate([first[:1], _later(call)[1:]])


@breaks("THREAD-1")
class TornVectors(Specimen):
    """``get_vectors`` looks up the indices, lets go, and then reads the slots."""

    def get_vectors(self, chunk_ids: Any) -> Any:
        ids = self._kept(chunk_ids)
        found = self.get_indices(ids)
        if not len(found) or (found < 0).any():
            return super().get_vectors(ids)
        give_way()
        try:
            return self.get_vectors_by_indices(found)
        except IndexError:
            return super().get_vectors(ids)


mutant("THREAD-1", "TornOneByOne", "``get_vectors`` reads one vector after the other.").does(
    get_vectors=lambda store, call, chunk_ids: _in_two(partial(call, chunk_ids=store._kept(chunk_ids)))
)


@breaks("THREAD-1")
class TornByIndices(Specimen):
    """``get_vectors_by_indices`` reads in two halves."""

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> Any:
        found = super().get_vectors_by_indices(indices, out)
        if len(found) > 1:
            give_way()
            found[1:] = super().get_vectors_by_indices(indices)[1:]
        return found


@breaks("THREAD-1")
class TornAll(Specimen):
    """``get_all_vectors`` learns which slots there are, lets go, and then reads them."""

    def get_all_vectors(self) -> Any:
        found = self.indices()
        give_way()
        try:
            return self.get_vectors_by_indices(found)
        except IndexError:
            return super().get_all_vectors()


mutant(
    "THREAD-1", "TornStatistics", "The statistics count vectors at one moment and references at another."
).does(get_statistics=lambda store, found: found | {"total_references": _later(lambda: store.total_references)})
mutant(
    "THREAD-1",
    "StatisticsTooEarly",
    "The statistics show a dimension that was fixed after the vectors were counted.",
).does(get_statistics=lambda store, found: found | {"dimension": _later(lambda: store.dimension)})


@breaks("THREAD-1")
class TornRepr(Specimen):
    """The repr counts vectors at one moment and references at another."""

    def __repr__(self) -> str:
        vectors = "" if self.closed else f"vectors={len(self)},"
        give_way()
        text = super().__repr__()
        start = text.find("vectors=")
        return text if start < 0 or not vectors else text[:start] + vectors + text[text.index(",", start) + 1 :]


mutant(
    "THREAD-1", "ReprTooEarly", "The repr shows a dimension that was fixed after the vectors were counted."
).does(
    __repr__=lambda store, found: found.replace(
        "dimension=None", f"dimension={_later(lambda: store.dimension)}"
    )
)


@breaks("THREAD-1")
class TornIteration(Specimen):
    """A batch of an iteration has the indices of one moment and the vectors of another."""

    def iter_batches(self, batch_size: Any = 1024) -> Iterator[Any]:
        return self._later(super().iter_batches(batch_size))

    def _later(self, batches: Iterator[Any]) -> Iterator[Any]:
        for indices, vectors in batches:
            give_way()
            for position, index in enumerate(indices.tolist()):
                try:
                    vectors[position] = self.get_vector_by_index(index)
                except (IndexError, ValueError):
                    continue
                break  # the first that is still there is enough to contradict the others
            yield indices, vectors


mutant(
    "THREAD-1",
    "TornReferences",
    "``get_refcounts`` counts the first index at one moment and the others at another.",
).does(get_refcounts=_in_two)
mutant(
    "THREAD-1", "TornIndices", "``get_indices`` looks up the first id at one moment and the others at another."
).does(get_indices=lambda store, call, chunk_ids: _in_two(partial(call, chunk_ids=store._kept(chunk_ids))))
mutant("THREAD-1", "TornIds", "``ids`` reads its first half at one moment and the rest at another.").does(
    ids=lambda found, call: [*found[: len(found) // 2], *_later(call)[len(found) // 2 :]]
)


@breaks("THREAD-1")
class TornReferencing(Specimen):
    """``snapshot`` has ids of one moment, and what they reference of another."""

    def snapshot(self) -> Snapshot:
        first = super().snapshot()
        give_way()
        second = super().snapshot()
        return second._replace(ids=first.ids) if len(first.ids) == len(second.ids) else second


@breaks("THREAD-1")
class TornFind(Specimen):
    """``find_vector`` finds the vector, lets go, and then says where a later state has it."""

    def find_vector(self, vector: Any) -> int | None:
        index = super().find_vector(vector)
        if index is None:
            return None
        held = self.ids_at(index) if not self.closed else []
        give_way()
        later = self.get_index(held[0]) if held and not self.closed else None
        return index if later is None else later


@breaks("THREAD-1")
class TornMembership(Specimen):
    """``search`` has hits of one moment and their ids of another."""

    def search(
        self, query: Any, k: Any = 10, *, metric: Any = "cosine", within: Any = None, with_ids: Any = True
    ) -> SearchResult:
        found = super().search(query, k, metric=metric, within=within, with_ids=with_ids)
        if found.indices.ndim == 2 or within is not None or not with_ids:
            return found
        give_way()
        try:
            return found._replace(ids=[tuple(self.ids_at(index)) for index in found.indices.tolist()])
        except (IndexError, ValueError):
            return found


@breaks("THREAD-1")
class TornQueries(Specimen):
    """The queries of a batch are answered at different moments."""

    def search(
        self, query: Any, k: Any = 10, *, metric: Any = "cosine", within: Any = None, with_ids: Any = True
    ) -> SearchResult:
        kept = self._kept(within)
        found = super().search(query, k, metric=metric, within=kept, with_ids=with_ids)
        if found.indices.ndim == 1 or len(found.indices) < 2:
            return found
        give_way()
        later = super().search(query, k, metric=metric, within=kept, with_ids=with_ids)
        if later.indices.shape != found.indices.shape:
            return found
        for mine, theirs in ((found.indices, later.indices), (found.scores, later.scores)):
            mine[1:] = theirs[1:]
        return found._replace(ids=[found.ids[0], *later.ids[1:]] if found.ids and later.ids else None)


@breaks("THREAD-1")
class TornRemoval(Specimen):
    """``remove_vectors`` removes one id after the other."""

    def remove_vectors(self, chunk_ids: Any) -> int:
        if self.closed:
            return super().remove_vectors(chunk_ids)
        removed = 0
        for chunk_id in canonical_ids(chunk_ids):
            removed += super().remove_vectors([chunk_id])
            give_way()
        return removed


@breaks("THREAD-1")
class TornIndexOfUpsert(Specimen):
    """``upsert_vector`` returns the index that its id has a moment later."""

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        index = super().upsert_vector(chunk_id, vector)
        give_way()
        later = None if self.closed else self.get_index(chunk_id)
        return index if later is None else later


@breaks("THREAD-1")
class TornIndicesOfUpsert(Specimen):
    """``upsert_vectors`` returns the indices that its ids have a moment later."""

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids = self._kept(chunk_ids)
        found = super().upsert_vectors(ids, vectors)
        give_way()
        later = found if self.closed else self.get_indices(ids)
        return found if (later < 0).any() else later


@breaks("THREAD-1")
class TornRemove(Specimen):
    """``remove_vector`` says whether the id was there before it was its turn."""

    def remove_vector(self, chunk_id: Any) -> bool:
        there = not self.closed and self.get_index(chunk_id) is not None
        give_way()
        removed = super().remove_vector(chunk_id)
        return removed or there


@breaks("THREAD-1")
class TornCopy(Specimen):
    """A copy has the ids of one moment and the vectors of another."""

    def __copy__(self) -> Any:
        found = super().__copy__()
        give_way()
        for one in found.ids()[1:]:
            vector = None if self.closed else self.get_vector(one)
            if vector is not None:
                found.upsert_vector(one, vector)
        return found


@breaks("THREAD-1")
class TornSave(Specimen):
    """A saved file has the ids of one moment and the vectors of another."""

    def save(self, path: Any) -> None:
        first = None if self.closed else self.snapshot()
        give_way()
        if first is None or not len(first.ids):
            return super().save(path)
        seen = self.snapshot()
        if seen.ids != first.ids or np.array_equal(seen.vectors, first.vectors):
            return super().save(path)
        other = type(self)(self.dimension, precision=self.precision, backend=self.backend)
        place = {index: row for row, index in enumerate(first.indices.tolist())}
        later = dict(zip(seen.ids, seen.id_indices.tolist(), strict=True))
        rows = first.vectors[[place[index] for index in first.id_indices.tolist()]]
        rows[0] = seen.vectors[seen.indices.tolist().index(later[seen.ids[0]])]
        other.add_vectors(first.ids, rows)
        return other.save(path)
