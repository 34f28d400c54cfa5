"""Other ideas of removing (REMOVE)."""

from __future__ import annotations

from typing import Any

from refvec import identity_keys
from refvec.ids import canonical_ids

from .catalogue import breaks, mutant
from .specimen import Specimen


@breaks("REMOVE-1")
class UnknownRaises(Specimen):
    """Removing an unknown id raises."""

    def remove_vector(self, chunk_id: Any) -> bool:
        if super().remove_vector(chunk_id):
            return True
        raise KeyError(chunk_id)


@breaks("REMOVE-1")
class CountsAsked(Specimen):
    """``remove_vectors`` counts the ids that it was given."""

    def remove_vectors(self, chunk_ids: Any) -> int:
        ids = canonical_ids(chunk_ids)
        super().remove_vectors(ids)
        return len(ids)


@breaks("REMOVE-1")
class CountsVectors(Specimen):
    """``remove_vectors`` counts the vectors that are gone."""

    def remove_vectors(self, chunk_ids: Any) -> int:
        before = len(self)
        super().remove_vectors(chunk_ids)
        return before - len(self)


@breaks("REMOVE-1")
class RemovesUntilWrong(Specimen):
    """``remove_vectors`` removes as it goes, until an id has a wrong type."""

    def remove_vectors(self, chunk_ids: Any) -> int:
        if isinstance(chunk_ids, str):
            return super().remove_vectors(chunk_ids)
        return sum(self.remove_vector(one) for one in chunk_ids)


mutant("REMOVE-1", "AlwaysTrue", "``remove_vector`` always says True.").does(remove_vector=lambda _found: True)


@breaks("REMOVE-2")
class FreedAtOne(Specimen):
    """The slot is freed while one reference is left."""

    def _release(self, index: int, chunk_id: str) -> None:
        super()._release(index, chunk_id)
        if len(self._slots.get(index, ())) == 1:
            (last,) = self._slots[index]
            self._index.pop(last, None)
            super()._release(index, last)


@breaks("REMOVE-2")
class NeverFreed(Specimen):
    """A slot without references stays."""

    def _release(self, index: int, chunk_id: str) -> None:
        self._slots[index].pop(chunk_id)


@breaks("REMOVE-2")
class Resurrects(Specimen):
    """A freed vector still deduplicates: adding it again brings its old slot back."""

    def _release(self, index: int, chunk_id: str) -> None:
        key, vector = self._keys[index], self._vectors[index]
        super()._release(index, chunk_id)
        if index not in self._slots:
            self.__dict__.setdefault("_ghosts", {})[key] = (index, vector)

    def _reference(self, chunk_id: str, row: Any, key: bytes) -> int:
        index, vector = self.__dict__.get("_ghosts", {}).pop(key, (None, None))
        if index in self._free and key not in self._by_key:
            self._free.remove(index)
            self._fill(index, row, key)
            self._vectors[index] = vector
        return super()._reference(chunk_id, row, key)


@breaks("REMOVE-2")
class StillFound(Specimen):
    """``find_vector`` finds a freed vector."""

    def _release(self, index: int, chunk_id: str) -> None:
        key = self._keys[index]
        super()._release(index, chunk_id)
        self.__dict__.setdefault("_ghosts", {})[key] = index

    def _match(self, row: Any) -> int | None:
        (key,) = identity_keys(row, self.precision)
        found = super()._match(row)
        return self.__dict__.get("_ghosts", {}).get(key) if found is None else found


@breaks("REMOVE-3")
class ClearKeepsTheFirst(Specimen):
    """``clear()`` leaves the oldest id."""

    def clear(self) -> None:
        self.remove_vectors(self.ids()[1:])


@breaks("REMOVE-3")
class ClearForgetsIndices(Specimen):
    """``clear()`` forgets that indices were allocated."""

    def clear(self) -> None:
        super().clear()
        self._allocated, self._free = 0, []


@breaks("REMOVE-3")
class ClearResetsCapacity(Specimen):
    """``clear()`` sets capacity back to the initial one."""

    def clear(self) -> None:
        super().clear()
        self._capacity = self._spec.initial_capacity
