"""Integers, names and the order of errors (INT, NAME, ERR)."""

# ruff: noqa: D102 - each method is broken as its class says

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from refvec import DuplicateIdError, VectorStore, failures
from refvec.ids import canonical_ids
from refvec.vectors import canonical_rows

from .catalogue import answer, breaks
from .specimen import Specimen


@breaks("INT-1")
class BoolIsInteger(Specimen):
    """True is the index 1."""

    def get_vector_by_index(self, index: Any) -> Any:
        return super().get_vector_by_index(int(index) if isinstance(index, bool | np.bool_) else index)


@breaks("INT-1")
class OverflowLeaks(Specimen):
    """An index beyond 64 bits raises OverflowError."""

    def get_vector_by_index(self, index: Any) -> Any:
        np.int64(index)
        return super().get_vector_by_index(index)


@breaks("INT-1")
class OnlyInt(Specimen):
    """Only int counts as an integer: not what has ``__index__``."""

    def get_refcount(self, index: Any) -> int:
        if type(index) is not int:
            raise TypeError("index must be an int")
        return super().get_refcount(index)


@breaks("INT-1")
class FloatIsInteger(Specimen):
    """2.0 is taken for 2."""

    def search(self, query: Any, k: Any = 10, **kwargs: Any) -> Any:
        return super().search(query, int(k) if isinstance(k, float) else k, **kwargs)


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


answer(
    "NAME-2",
    "OtherRepr",
    "The repr tells no storage.",
    __repr__=lambda found: found.replace(", storage='in-memory'", ""),
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


@breaks("ERR-1")
class DuplicatesFirst(Specimen):
    """An id that is present is found before a wrong vector."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        if not self.closed and chunk_id in self:
            raise failures.duplicate_id(str(chunk_id), None)
        return super().add_vector(chunk_id, vector)


@breaks("ERR-1")
class ClosedLast(Specimen):
    """A closed store looks at the ids first."""

    def remove_vectors(self, chunk_ids: Any) -> int:
        return super().remove_vectors(canonical_ids(chunk_ids))


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
