"""Other ideas of looking up by id and by index (GET)."""

# ruff: noqa: D102 - each method is broken as its class says

from __future__ import annotations

from typing import Any

import numpy as np
from refvec import InvalidIndexError, UnknownIdError
from refvec.ids import canonical_id, canonical_ids

from .catalogue import answer, breaks
from .specimen import Specimen


@breaks("GET-1")
class UnknownRaises(Specimen):
    """``get_vector`` raises for an unknown id."""

    def get_vector(self, chunk_id: Any) -> Any:
        return self.get_vectors([chunk_id])[0]


@breaks("GET-1")
class UnknownIsMinusOne(Specimen):
    """``get_index`` is -1 for an unknown id."""

    def get_index(self, chunk_id: Any) -> int | None:
        return int(self.get_indices([chunk_id])[0])


@breaks("GET-1")
class MembershipRaises(Specimen):
    """``in`` raises for what is no id."""

    def __contains__(self, chunk_id: object) -> bool:
        self._require_open()
        return canonical_id(chunk_id) in self._index  # type: ignore[arg-type]


@breaks("GET-1")
class ReadsForgive(Specimen):
    """``get_vector`` is None for what is no id."""

    def get_vector(self, chunk_id: Any) -> Any:
        return super().get_vector(chunk_id) if chunk_id in self else None


@breaks("GET-2")
class PlainKeyError(Specimen):
    """A missing id is a KeyError of Python's."""

    def get_vectors(self, chunk_ids: Any) -> Any:
        try:
            return super().get_vectors(chunk_ids)
        except UnknownIdError as error:
            raise KeyError(error.chunk_id) from None


@breaks("GET-2")
class MissingIsZero(Specimen):
    """A missing id has a vector of zeros."""

    def get_vectors(self, chunk_ids: Any) -> Any:
        rows = [self.get_vector(one) for one in canonical_ids(chunk_ids)]
        zero = np.zeros(self.dimension or 0, np.float32)
        found = [zero if row is None else row for row in rows]
        return np.array(found, np.float32).reshape(len(rows), self.dimension or 0)


@breaks("GET-2")
class LastMissingNamed(Specimen):
    """Of several missing ids the last one is named."""

    def get_vectors(self, chunk_ids: Any) -> Any:
        ids = canonical_ids(chunk_ids)
        for position in reversed(range(len(ids))):
            if ids[position] not in self._index and not self.closed:
                raise UnknownIdError(f"no {ids[position]}", chunk_id=ids[position], position=position)
        return super().get_vectors(ids)


@breaks("GET-3")
class NegativeWraps(Specimen):
    """A negative index counts from the end."""

    def get_vector_by_index(self, index: Any) -> Any:
        if type(index) is int and -self._allocated <= index < 0:
            index += self._allocated
        return super().get_vector_by_index(index)


@breaks("GET-3")
class SortsIndices(Specimen):
    """Vectors come in ascending order of their indices, repeats once."""

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> Any:
        found = np.asarray(indices)
        return super().get_vectors_by_indices(np.unique(found) if found.dtype.kind == "i" else indices, out)


@breaks("GET-3")
class FreedIsInvalid(Specimen):
    """A freed index is not told from one never allocated."""

    def get_vector_by_index(self, index: Any) -> Any:
        try:
            return super().get_vector_by_index(index)
        except InvalidIndexError:
            raise InvalidIndexError(f"Invalid vector index: {index}", index=index) from None


@breaks("GET-3")
class FreedIsServed(Specimen):
    """A freed index gives zeros."""

    def get_vector_by_index(self, index: Any) -> Any:
        if index in self._free:
            return np.zeros(self.dimension or 0, np.float32)
        return super().get_vector_by_index(index)


@breaks("GET-3")
class OutTouched(Specimen):
    """``out`` is filled until the first bad index."""

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> Any:
        try:
            return super().get_vectors_by_indices(indices, out)
        except InvalidIndexError:
            if out is not None:
                out[:1] = 0
            raise


@breaks("GET-3")
class AnyOut(Specimen):
    """``out`` may have any dtype and layout."""

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> Any:
        found = super().get_vectors_by_indices(indices)
        if out is None:
            return found
        out[...] = found
        return out


answer(
    "GET-3",
    "OutNotReturned",
    "``out`` is filled and another array returned.",
    get_vectors_by_indices=lambda found: found.copy(),
)


@breaks("GET-3")
class EmptyFloatRefused(Specimen):
    """An empty list of indices is refused for its dtype."""

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> Any:
        if np.asarray(indices).dtype.kind == "f":
            raise TypeError("indices must be integers")
        return super().get_vectors_by_indices(indices, out)
