"""Integers, names and the order of errors (INT, NAME, ERR)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from refvec import DuplicateIdError, VectorStore, failures
from refvec.ids import canonical_ids
from refvec.vectors import canonical_rows

from .catalogue import breaks, mutant, refuse
from .specimen import Specimen

mutant("INT-1", "BoolIsInteger", "True is the index 1.").does(
    get_vector_by_index=lambda call, index: call(
        index=int(index) if isinstance(index, bool | np.bool_) else index
    )
)


@breaks("INT-1")
class OverflowLeaks(Specimen):
    """An index beyond 64 bits raises OverflowError."""

    def get_vector_by_index(self, index: Any) -> Any:
        np.int64(index)
        return super().get_vector_by_index(index)


mutant("INT-1", "OnlyInt", "Only int counts as an integer: not what has ``__index__``.").does(
    get_refcount=lambda call, index: (
        refuse(TypeError("index must be an int")) if type(index) is not int else call()
    )
)
mutant("INT-1", "FloatIsInteger", "2.0 is taken for 2.").does(
    search=lambda call, k: call(k=int(k) if isinstance(k, float) else k)
)


@breaks("NAME-1")
class OtherNames(Specimen):
    """``add_vector`` calls its first parameter ``id``."""

    def add_vector(self, id: Any, vector: Any) -> int:  # noqa: A002
        return super().add_vector(id, vector)


@breaks("NAME-1")
class PositionalOnly(Specimen):
    """``get_vector`` takes no keyword."""

    def get_vector(self, chunk_id: Any, /) -> Any:
        return super().get_vector(chunk_id)


mutant("NAME-2", "OtherRepr", "The repr tells no storage.").does(
    __repr__=lambda found: found.replace(", storage='in-memory'", "")
)


@breaks("NAME-2")
class Iterates(Specimen):
    """A store can be iterated over."""

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return iter(self.ids())


@breaks("NAME-2")
class AlwaysTrue(Specimen):
    """An empty store is true."""

    def __bool__(self) -> bool:
        return True


@breaks("ERR-1")
class LengthsFirst(Specimen):
    """Differing lengths are found before wrong ids and vectors."""

    def _batch(self, chunk_ids: Any, vectors: Any) -> Any:
        self._require_open()
        ids = chunk_ids if isinstance(chunk_ids, str) else list(chunk_ids)
        if not isinstance(ids, str) and len(ids) != len(vectors):
            raise failures.length_mismatch(len(ids), len(vectors))
        return super()._batch(ids, vectors)


@breaks("ERR-1")
class VectorsFirst(Specimen):
    """Wrong vectors are found before wrong ids."""

    def _batch(self, chunk_ids: Any, vectors: Any) -> Any:
        self._require_open()
        rows = canonical_rows(vectors, self.dimension)
        return super()._batch(chunk_ids, rows)


mutant("ERR-1", "DuplicatesFirst", "An id that is present is found before a wrong vector.").does(
    add_vector=lambda store, call, chunk_id: (
        refuse(failures.duplicate_id(str(chunk_id), None)) if not store.closed and chunk_id in store else call()
    )
)
mutant("ERR-1", "ClosedLast", "A closed store looks at the ids first.").does(
    remove_vectors=lambda call, chunk_ids: call(chunk_ids=canonical_ids(chunk_ids))
)


@breaks("ERR-1")
class NoPosition(Specimen):
    """Errors of a batch do not say where."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        try:
            return super().add_vectors(chunk_ids, vectors)
        except DuplicateIdError as error:
            error.position = None
            raise


@breaks("ERR-1")
class LastDuplicate(Specimen):
    """The last id that is present is reported, not the first."""

    def _check_new(self, ids: list[str]) -> None:
        for position in reversed(range(len(ids))):
            if ids[position] in self._index or ids[position] in ids[:position]:
                raise failures.duplicate_id(ids[position], position)


@breaks("ERR-1")
class Wraps(Specimen):
    """An exception of the caller's own iterable comes out as another one."""

    def _batch(self, chunk_ids: Any, vectors: Any) -> Any:
        try:
            return VectorStore._batch(self, chunk_ids, vectors)
        except (TypeError, ValueError):
            raise
        except Exception as error:
            raise ValueError("the batch cannot be read") from error
