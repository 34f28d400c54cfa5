"""Other ideas of looking up by id and by index (GET)."""

from __future__ import annotations

from typing import Any

import numpy as np
from refvec import InvalidIndexError, UnknownIdError
from refvec.ids import canonical_id, canonical_ids

from .catalogue import breaks, mutant, refuse, translated
from .specimen import Specimen

mutant("GET-1", "UnknownRaises", "``get_vector`` raises for an unknown id.").does(
    get_vector=lambda store, chunk_id: store.get_vectors([chunk_id])[0]
)
mutant("GET-1", "UnknownIsMinusOne", "``get_index`` is -1 for an unknown id.").does(
    get_index=lambda store, chunk_id: int(store.get_indices([chunk_id])[0])
)


@breaks("GET-1")
class MembershipRaises(Specimen):
    """``in`` raises for what is no id."""

    def __contains__(self, chunk_id: object) -> bool:
        self._require_open()
        return canonical_id(chunk_id) in self._index  # type: ignore[arg-type]


mutant("GET-1", "ReadsForgive", "``get_vector`` is None for what is no id.").does(
    get_vector=lambda store, call, chunk_id: call() if chunk_id in store else None
)
mutant("GET-2", "PlainKeyError", "A missing id is a KeyError of Python's.").does(
    get_vectors=lambda call: translated(call, UnknownIdError, lambda error: KeyError(error.chunk_id))
)


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


mutant("GET-3", "FreedIsServed", "A freed index gives zeros.").does(
    get_vector_by_index=lambda store, call, index: (
        np.zeros(store.dimension or 0, np.float32) if index in store._free else call()
    )
)


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


mutant("GET-3", "OutNotReturned", "``out`` is filled and another array returned.").does(
    get_vectors_by_indices=lambda found: found.copy()
)
mutant("GET-3", "EmptyFloatRefused", "An empty list of indices is refused for its dtype.").does(
    get_vectors_by_indices=lambda call, indices: (
        refuse(TypeError("indices must be integers")) if np.asarray(indices).dtype.kind == "f" else call()
    )
)
