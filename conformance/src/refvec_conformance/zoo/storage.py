"""Vectors that do not fit, or do not come back as they went in (VEC)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .catalogue import breaks, mutant, refuse
from .specimen import Specimen
from .vectors import Converting


class Storing(Specimen):
    """Changes rows before they are stored, and keeps their keys."""

    def _stored(self, row: Any) -> Any:
        return row

    def _fill(self, index: int, row: Any, key: bytes) -> None:
        super()._fill(index, self._stored(row), key)


mutant("VEC-1", "NanPayloadLost", "Every NaN becomes the canonical one.", Storing).does(
    _stored=lambda found: np.where(np.isnan(found), np.float32("nan"), found)
)


@breaks("VEC-2")
class Flattens(Converting):
    """A vector of the wrong shape is flattened."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        found = np.asanyarray(vector)
        fits = found.ndim != 1 and found.size == self.dimension
        return super().add_vector(chunk_id, found.ravel() if fits else vector)


@breaks("VEC-2")
class Pads(Converting):
    """A vector that is too short is filled with zeros."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        found = np.asanyarray(vector)
        if found.ndim == 1 and found.dtype.kind in "iuf" and self.dimension:
            vector = np.pad(found, (0, max(0, self.dimension - len(found))))
        return super().add_vector(chunk_id, vector)


@breaks("VEC-2")
class PlainMismatch(Specimen):
    """A wrong length is a plain ValueError."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        try:
            return super().add_vector(chunk_id, vector)
        except ValueError as error:
            if "mismatch" in str(error):
                raise ValueError(str(error)) from None
            raise


@breaks("VEC-3")
class OverflowStored(Converting):
    """A number beyond float32 is stored as infinity."""

    def _converted(self, vectors: Any) -> Any:
        found = np.asanyarray(vectors)
        with np.errstate(all="ignore"):
            return found.astype(np.float32) if found.dtype.kind == "f" and found.ndim else vectors


def _holds(odd: Callable[[Any], Any], vectors: Any) -> bool:
    found = np.asanyarray(vectors)
    return found.dtype.kind == "f" and bool(odd(found).any())


mutant("VEC-3", "NanRefused", "NaN is refused.", Converting).does(
    _converted=lambda vectors: refuse(ValueError("vector holds NaN")) if _holds(np.isnan, vectors) else vectors
)
mutant("VEC-3", "InfinityRefused", "Infinities are refused.", Converting).does(
    _converted=lambda vectors: (
        refuse(ValueError("vector holds an infinity")) if _holds(np.isinf, vectors) else vectors
    )
)


@breaks("VEC-3")
class UnderflowRefused(Converting):
    """A number too small for float32 is refused."""

    def _converted(self, vectors: Any) -> Any:
        found = np.asanyarray(vectors)
        if found.dtype == np.float64 and ((found != 0) & (found.astype(np.float32) == 0)).any():
            raise ValueError("underflow")
        return vectors


@breaks("VEC-4")
class AliasKept(Specimen):
    """The store keeps the caller's own float32 array."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        index = super().add_vector(chunk_id, vector)
        if type(vector) is np.ndarray and vector.dtype == np.float32 and self.get_refcount(index) == 1:
            self._vectors[index] = vector
        return index


@breaks("VEC-4")
class BatchAliasKept(Specimen):
    """The store keeps views into the caller's batch."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        found = super().add_vectors(chunk_ids, vectors)
        if type(vectors) is np.ndarray and vectors.dtype == np.float32:
            for index, row in zip(found.tolist(), vectors, strict=True):
                self._vectors[index] = row
        return found


def _reread(store: Specimen, index: int, vector: Any) -> None:
    """Copy the caller's float32 array once more, after its row was looked up."""
    if type(vector) is np.ndarray and vector.dtype == np.float32 and store.get_refcount(index) == 1:
        store._vectors[index] = vector.copy()


@breaks("VEC-4")
class CopiedAfterHashing(Specimen):
    """A row is hashed in the caller's array, and copied from there later."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        index = super().add_vector(chunk_id, vector)
        _reread(self, index, vector)
        return index


@breaks("VEC-4")
class BatchCopiedAfterHashing(Specimen):
    """The rows of an upserted batch are hashed in the caller's array, and copied from there later."""

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        found = super().upsert_vectors(chunk_ids, vectors)
        if type(vectors) is np.ndarray:
            for index, row in zip(found.tolist(), vectors, strict=True):
                _reread(self, index, row)
        return found


@breaks("VEC-4")
class ViewReturned(Specimen):
    """``get_vector`` returns the store's own memory."""

    def get_vector(self, chunk_id: Any) -> Any:
        index = self.get_index(chunk_id)
        return None if index is None else self._vectors[index]


mutant("VEC-4", "ReadOnlyReturned", "What ``get_vector_by_index`` returns cannot be written to.").does(
    get_vector_by_index=lambda found: np.frombuffer(found.tobytes(), np.float32)
)
mutant("VEC-4", "DoubleReturned", "``get_vectors`` returns float64.").does(
    get_vectors=lambda found: found.astype(np.float64)
)
mutant("VEC-4", "FortranReturned", "``get_all_vectors`` returns a Fortran-ordered array.").does(
    get_all_vectors=lambda found: np.asfortranarray(found)
)
mutant("VEC-5", "ZeroSignLost", "-0.0 is stored as 0.0.", Storing).does(
    _stored=lambda found: found + np.float32(0)
)
mutant("VEC-5", "StoredRounded", "What is stored is rounded to the precision of the keys.", Storing).does(
    _stored=lambda found: np.where(np.abs(found) < 4, np.round(found.astype(np.float64), 6), found).astype(
        np.float32
    )
)
mutant("VEC-5", "SubnormalsFlushed", "Subnormal numbers are stored as zero.", Storing).does(
    _stored=lambda found: np.where(np.abs(found) < np.finfo(np.float32).tiny, np.float32(0), found)
)


@breaks("VEC-5")
class LastMemberKept(Specimen):
    """Adding an identical vector replaces the bits of the first."""

    def _reference(self, chunk_id: str, row: Any, key: bytes) -> int:
        index = super()._reference(chunk_id, row, key)
        self._vectors[index] = np.array(row)
        return index
