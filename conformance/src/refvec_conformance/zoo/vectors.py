"""Other ideas of what a vector is (VEC-1)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .catalogue import breaks, mutant
from .specimen import Specimen


class Converting(Specimen):
    """Changes vectors on their way in."""

    def _converted(self, vectors: Any) -> Any:
        return vectors

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        self._require_open()
        return super().add_vector(chunk_id, self._converted(vector))

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        self._require_open()
        return super().upsert_vector(chunk_id, self._converted(vector))

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        self._require_open()
        return super().add_vectors(chunk_ids, self._converted(vectors))

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        self._require_open()
        return super().upsert_vectors(chunk_ids, self._converted(vectors))


mutant("VEC-1", "BoolAccepted", "Booleans are numbers.", Converting).does(
    _converted=lambda found: np.asarray(found, np.float32) if np.asarray(found).dtype == bool else found
)
mutant("VEC-1", "ObjectAccepted", "Objects and strings are converted to floats.", Converting).does(
    _converted=lambda found: np.asarray(found, np.float64) if np.asarray(found).dtype.kind in "OSU" else found
)
mutant("VEC-1", "ComplexAccepted", "The imaginary part is dropped.", Converting).does(
    _converted=lambda found: np.asarray(found).real if np.asarray(found).dtype.kind == "c" else found
)
mutant("VEC-1", "MaskIgnored", "A masked array is read as if it had no mask.", Converting).does(
    _converted=lambda found: found.data if isinstance(found, np.ma.MaskedArray) else found
)


@breaks("VEC-1")
class OrderIgnored(Converting):
    """Big-endian components are read as little-endian."""

    def _converted(self, vectors: Any) -> Any:
        foreign = isinstance(vectors, np.ndarray) and not vectors.dtype.isnative
        return vectors.view(vectors.dtype.newbyteorder("=")) if foreign else vectors


@breaks("VEC-1")
class StridesIgnored(Converting):
    """A strided vector is read as if it were contiguous."""

    def _converted(self, vectors: Any) -> Any:
        if isinstance(vectors, np.ndarray) and vectors.ndim == 1 and isinstance(vectors.base, np.ndarray):
            strided = abs(vectors.strides[0]) > vectors.itemsize
            return vectors.base.ravel()[: len(vectors)] if strided else vectors
        return vectors


@breaks("VEC-1")
class FortranMisread(Converting):
    """A Fortran-ordered batch is read in C order."""

    def _converted(self, vectors: Any) -> Any:
        if isinstance(vectors, np.ndarray) and vectors.ndim == 2 and not vectors.flags.c_contiguous:
            return vectors.ravel("K").reshape(vectors.shape)
        return vectors


@breaks("VEC-1")
class ReadOnlyRefused(Converting):
    """A read-only array is refused."""

    def _converted(self, vectors: Any) -> Any:
        if isinstance(vectors, np.ndarray) and not vectors.flags.writeable:
            raise ValueError("buffer source array is read-only")
        return vectors


@breaks("VEC-1")
class Truncates(Converting):
    """A float64 is cut to float32, not rounded."""

    def _converted(self, vectors: Any) -> Any:
        found = np.asanyarray(vectors)
        if found.dtype != np.float64 or isinstance(found, np.ma.MaskedArray):
            return vectors
        with np.errstate(all="ignore"):
            near = found.astype(np.float32)
            over = np.abs(near.astype(np.float64)) > np.abs(found)
            return np.where(over & np.isfinite(near), np.nextafter(near, np.float32(0)), found)


@breaks("VEC-1")
class WarningsLeak(Converting):
    """Rounding to float32 warns of underflow and NaN."""

    def _converted(self, vectors: Any) -> Any:
        found = np.asanyarray(vectors)
        if found.dtype.kind == "f" and found.size and (np.isnan(found).any() or (abs(found) < 1e-40).any()):
            warnings.warn("invalid value encountered in cast", RuntimeWarning, stacklevel=3)
        return vectors
