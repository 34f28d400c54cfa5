"""Vectors that do not fit, or do not come back as they went in (VEC)."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from .catalogue import breaks
from .specimen import Specimen
from .vectors import Converting


class Storing(Specimen, abstract=True):
    """Changes rows before they are stored, and keeps their keys."""

    @staticmethod
    def _stored(row: Any) -> Any:
        return row

    def _fill(self, index: int, row: Any, key: bytes) -> None:
        super()._fill(index, self._stored(row), key)


@breaks("VEC-1")
class NanPayloadLost(Storing):
    """Every NaN becomes the canonical one."""

    @staticmethod
    def _stored(row: Any) -> Any:
        return np.where(np.isnan(row), np.float32("nan"), row)


@breaks("VEC-2")
class Flattens(Converting):
    """A vector of the wrong shape is flattened."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        """Add."""
        found = np.asanyarray(vector)
        fits = found.ndim != 1 and found.size == self.dimension
        return super().add_vector(chunk_id, found.ravel() if fits else vector)


@breaks("VEC-2")
class Pads(Converting):
    """A vector that is too short is filled with zeros."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        """Add."""
        found = np.asanyarray(vector)
        if found.ndim == 1 and found.dtype.kind in "iuf" and self.dimension:
            vector = np.pad(found, (0, max(0, self.dimension - len(found))))
        return super().add_vector(chunk_id, vector)


@breaks("VEC-2")
class PlainMismatch(Specimen):
    """A wrong length is a plain ValueError."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        """Add."""
        try:
            return super().add_vector(chunk_id, vector)
        except ValueError as error:
            if "mismatch" in str(error):
                raise ValueError(str(error)) from None
            raise


@breaks("VEC-3")
class OverflowStored(Converting):
    """A number beyond float32 is stored as infinity."""

    @staticmethod
    def _converted(vectors: Any) -> Any:
        found = np.asanyarray(vectors)
        with np.errstate(all="ignore"):
            return found.astype(np.float32) if found.dtype.kind == "f" and found.ndim else vectors


@breaks("VEC-3")
class NanRefused(Converting):
    """NaN is refused."""

    @staticmethod
    def _converted(vectors: Any) -> Any:
        found = np.asanyarray(vectors)
        if found.dtype.kind == "f" and np.isnan(found).any():
            raise ValueError("vector holds NaN")
        return vectors


@breaks("VEC-3")
class InfinityRefused(Converting):
    """Infinities are refused."""

    @staticmethod
    def _converted(vectors: Any) -> Any:
        found = np.asanyarray(vectors)
        if found.dtype.kind == "f" and np.isinf(found).any():
            raise ValueError("vector holds an infinity")
        return vectors


@breaks("VEC-3")
class UnderflowRefused(Converting):
    """A number too small for float32 is refused."""

    @staticmethod
    def _converted(vectors: Any) -> Any:
        found = np.asanyarray(vectors)
        if found.dtype == np.float64 and ((found != 0) & (found.astype(np.float32) == 0)).any():
            raise ValueError("underflow")
        return vectors


@breaks("VEC-4")
class AliasKept(Specimen):
    """The store keeps the caller's own float32 array."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        """Add."""
        index = super().add_vector(chunk_id, vector)
        if type(vector) is np.ndarray and vector.dtype == np.float32 and self.get_refcount(index) == 1:
            self._vectors[index] = vector  # type: ignore[assignment]
        return index


@breaks("VEC-4")
class BatchAliasKept(Specimen):
    """The store keeps views into the caller's batch."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        """Add."""
        found = super().add_vectors(chunk_ids, vectors)
        if type(vectors) is np.ndarray and vectors.dtype == np.float32:
            for index, row in zip(found.tolist(), vectors, strict=True):
                self._vectors[index] = row
        return found


@breaks("VEC-4")
class ViewReturned(Specimen):
    """``get_vector`` returns the store's own memory."""

    def get_vector(self, chunk_id: Any) -> Any:
        """Look up."""
        index = self.get_index(chunk_id)
        return None if index is None else np.frombuffer(self._vectors[index], np.float32)


@breaks("VEC-4")
class ReadOnlyReturned(Specimen):
    """What ``get_vector_by_index`` returns cannot be written to."""

    def get_vector_by_index(self, index: Any) -> Any:
        """Look up."""
        found = super().get_vector_by_index(index)
        found.flags.writeable = False
        return found


@breaks("VEC-4")
class DoubleReturned(Specimen):
    """``get_vectors`` returns float64."""

    def get_vectors(self, chunk_ids: Any) -> Any:
        """Look up."""
        return super().get_vectors(chunk_ids).astype(np.float64)


@breaks("VEC-4")
class FortranReturned(Specimen):
    """``get_all_vectors`` returns a Fortran-ordered array."""

    def get_all_vectors(self) -> Any:
        """Look up."""
        return np.asfortranarray(super().get_all_vectors())


@breaks("VEC-5")
class ZeroSignLost(Storing):
    """-0.0 is stored as 0.0."""

    @staticmethod
    def _stored(row: Any) -> Any:
        return row + np.float32(0)


@breaks("VEC-5")
class StoredRounded(Storing):
    """What is stored is rounded to the precision of the keys."""

    @staticmethod
    def _stored(row: Any) -> Any:
        return np.where(np.abs(row) < 4, np.round(row.astype(np.float64), 6), row).astype(np.float32)


@breaks("VEC-5")
class SubnormalsFlushed(Storing):
    """Subnormal numbers are stored as zero."""

    @staticmethod
    def _stored(row: Any) -> Any:
        return np.where(np.abs(row) < np.finfo(np.float32).tiny, np.float32(0), row)


@breaks("VEC-5")
class LastMemberKept(Specimen):
    """Adding an identical vector replaces the bits of the first."""

    def _reference(self, chunk_id: str, row: Any, key: bytes) -> int:
        index = super()._reference(chunk_id, row, key)
        self._vectors[index] = array("f", row.tobytes())
        return index
