"""Other ideas of indices, counts and capacity (INDEX, COUNT)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from refvec import Layout, OpenSpec, State

from .catalogue import breaks, mutant
from .specimen import Specimen


@breaks("INDEX-1")
class HighestFirst(Specimen):
    """The highest free index is taken first."""

    def _reference(self, chunk_id: str, row: Any, key: bytes) -> int:
        self._free.sort(reverse=True)
        return super()._reference(chunk_id, row, key)


@breaks("INDEX-1")
class NoReuse(Specimen):
    """A freed index is never used again."""

    def _reference(self, chunk_id: str, row: Any, key: bytes) -> int:
        free, self._free = self._free, []
        index = super()._reference(chunk_id, row, key)
        self._free += free
        return index


@breaks("INDEX-1")
class LastFreedFirst(Specimen):
    """The index freed last is taken first."""

    def _release(self, index: int, chunk_id: str) -> None:
        super()._release(index, chunk_id)
        if index not in self._slots:
            self._free.remove(index)
            self._free.insert(0, index)


@breaks("INDEX-1")
class FromOne(Specimen):
    """The first index is 1."""

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        super()._open(spec, state)
        self._allocated = max(self._allocated, 1)


@breaks("INDEX-2")
class Compacts(Specimen):
    """Removing the last reference moves the last vector into the hole."""

    def _drop(self, ids: Any) -> int:
        count = super()._drop(ids)
        while self._free and self._slots and max(self._slots) > min(self._free):
            self._move(max(self._slots), self._free.pop(self._free.index(min(self._free))))
        return count

    def _move(self, old: int, new: int) -> None:
        parts: tuple[dict[int, Any], ...] = (self._slots, self._vectors, self._keys)
        for held in parts:
            held[new] = held.pop(old)
        self._by_key[self._keys[new]] = new
        self._index.update(dict.fromkeys(self._slots[new], new))
        self._free.append(old)


@breaks("INDEX-2")
class UpsertSwaps(Specimen):
    """An upsert moves a shared vector to a new index."""

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        old = self.get_index(chunk_id)
        index = super().upsert_vector(chunk_id, vector)
        if old is not None and old != index and old in self._slots:
            Compacts._move(self, old, self._allocated)  # type: ignore[arg-type]
            self._allocated += 1
        return index


@breaks("INDEX-3")
class CopyReorders(Specimen):
    """A copy has its ids sorted."""

    def __copy__(self) -> Any:
        found = super().__copy__()
        found._index = dict(sorted(found._index.items()))
        return found


def _without_free(store: Specimen, found: Layout) -> Layout:
    allocated = max(store._slots, default=-1) + 1
    return Layout(found.ids, found.id_indices, found.slot_order, allocated, found.capacity, found.dimension)


mutant("INDEX-3", "RestoreForgetsFree", "What is saved has no freed indices above the last vector.").does(
    _layout=_without_free
)


@breaks("INDEX-3")
class RestoreForgetsCapacity(Specimen):
    """What is loaded has the capacity that it needs."""

    def _restore_state(self, state: State) -> None:
        super()._restore_state(state)
        self._capacity = max(self._allocated, self._spec.initial_capacity)


@breaks("INDEX-3")
class SlotOrderLost(Specimen):
    """What is loaded has the ids of a vector in the order of ``ids()``."""

    def _restore_state(self, state: State) -> None:
        super()._restore_state(state)
        for index, ids in self._slots.items():
            self._slots[index] = {one: None for one in self._index if one in ids}


mutant("COUNT-1", "CountsIds", "``len(store)`` counts ids.").does(
    __len__=lambda store, _found: store.total_references
)


@breaks("COUNT-1")
class ReferencesAreVectors(Specimen):
    """``total_references`` counts vectors."""

    @property
    def total_references(self) -> int:
        return len(self)


mutant("COUNT-1", "CountsByWalking", "Counting walks over everything.").does(
    _size=lambda store, found: found._replace(references=sum(len(ids) for ids in store._slots.values()))
)
mutant("COUNT-1", "CountsByCopying", "Counting makes a list of everything.").does(
    _size=lambda store, found: found._replace(references=len(sorted(store._index)))
)


@breaks("COUNT-2")
class Doubles(Specimen):
    """Capacity doubles."""

    def _put(self, ids: list[str], rows: Any, mode: str) -> Any:
        before = self._capacity
        found = super()._put(ids, rows, mode)
        if self._capacity > before:
            self._capacity = max(before * 2, self._allocated)
        return found


@breaks("COUNT-2")
class GrowsAtOnce(Specimen):
    """A batch grows capacity once, not vector by vector."""

    def _put(self, ids: list[str], rows: Any, mode: str) -> Any:
        before = self._capacity
        found = super()._put(ids, rows, mode)
        if self._capacity > before:
            self._capacity = max(self._allocated, before + before // 2)
        return found


@breaks("COUNT-2")
class Shrinks(Specimen):
    """Capacity shrinks when the store is half empty."""

    def _drop(self, ids: Any) -> int:
        count = super()._drop(ids)
        if ids is not None and len(self._slots) < self._capacity // 2:
            self._capacity = max(self._spec.initial_capacity, self._allocated)
        return count


@breaks("COUNT-2")
class Promises(Specimen):
    """Capacity is allocated, up to 64 MB of it."""

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        super()._open(spec, state)
        self._reserved = np.ones(min(spec.initial_capacity * 4, 2**26), np.uint8)


@breaks("COUNT-2")
class AtLeastSixteen(Specimen):
    """Capacity is at least 16."""

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        super()._open(spec, state)
        self._capacity = max(self._capacity, 16)


mutant("COUNT-3", "Fraction", "``utilization`` is a fraction, not per cent.").does(
    get_statistics=lambda found: {**found, "utilization": found["utilization"] / 100}
)
mutant("COUNT-3", "Unrounded", "``utilization`` is not rounded.").does(
    get_statistics=lambda found: {**found, "utilization": 100 * found["unique_vectors"] / found["capacity"]}
)
mutant("COUNT-3", "FreeIsCapacity", "``free_indices`` counts what capacity is left.").does(
    get_statistics=lambda found: {**found, "free_indices": found["capacity"] - found["unique_vectors"]}
)
mutant("COUNT-3", "TypeIsClass", "``type`` names the class.").does(
    get_statistics=lambda store, found: {**found, "type": type(store).__name__}
)
mutant("COUNT-3", "KeyMissing", "``total_references`` is missing.").does(
    get_statistics=lambda found: {name: found[name] for name in found if name != "total_references"}
)


@breaks("COUNT-3")
class HidesFreed(NoReuse):
    """``dense_indices`` is not declared, and ``free_indices`` leaves out what is not taken again."""

    capabilities = replace(Specimen.capabilities, dense_indices=False)

    def get_statistics(self) -> dict[str, Any]:
        return {**super().get_statistics(), "free_indices": 0}
