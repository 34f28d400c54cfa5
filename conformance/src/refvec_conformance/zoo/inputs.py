"""Other ideas of columns, nulls and what an error says (VEC-1, VEC-2, ERR-1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from refvec import DimensionMismatchError, RefvecError

from .catalogue import breaks, mutant, refuse
from .specimen import Specimen
from .vectors import Converting


def _is_column(vectors: Any) -> bool:
    return isinstance(vectors, np.ndarray) and vectors.dtype == object and vectors.ndim == 1


def _is_row(row: Any) -> bool:
    return isinstance(row, np.ndarray) and row.ndim == 1


mutant("VEC-1", "ColumnsRefused", "An object array of vectors is refused.", Converting).does(
    _converted=lambda vectors: (
        refuse(TypeError("object arrays are not supported")) if _is_column(vectors) else vectors
    )
)


@breaks("VEC-1")
class ColumnsPromoted(Converting):
    """The rows of a column are brought to one dtype before they are rounded."""

    def _converted(self, vectors: Any) -> Any:
        rows = list(vectors) if _is_column(vectors) else []
        alike = all(map(_is_row, rows)) and len({len(row) for row in rows}) == 1
        return np.stack(rows) if alike else vectors


mutant("VEC-1", "NullsRead", "What ``is_null()`` marks is read as NaN.", Converting).does(
    _converted=lambda vectors: np.asarray(vectors) if hasattr(vectors, "is_null") else vectors
)
mutant("VEC-1", "NullsOfPandasRead", "What ``isna()`` marks is read as NaN.", Converting).does(
    _converted=lambda vectors: np.asarray(vectors) if hasattr(vectors, "isna") else vectors
)


@breaks("VEC-1")
class NullsOfRowsRead(Converting):
    """Nulls in the rows of a list are read as NaN."""

    def _converted(self, vectors: Any) -> Any:
        rows = isinstance(vectors, list) and any(hasattr(row, "is_null") for row in vectors)
        return np.array([np.asarray(row) for row in vectors]) if rows else vectors


@breaks("VEC-1")
class NanIsMissing(Converting):
    """A NaN in an array that could mark nulls is refused."""

    def _converted(self, vectors: Any) -> Any:
        if hasattr(vectors, "is_null") and np.isnan(np.asarray(vectors)).any():
            raise TypeError("vector has missing values")
        return vectors


@breaks("VEC-1")
class NoneIsNan(Converting):
    """A None among numbers is read as NaN."""

    def _converted(self, vectors: Any) -> Any:
        if isinstance(vectors, list) and any(isinstance(row, list) and None in row for row in vectors):
            return np.array(vectors, np.float64)
        return vectors


@breaks("VEC-1")
class RowsOfMasksRead(Converting):
    """The masks of the rows of a list are ignored."""

    def _converted(self, vectors: Any) -> Any:
        masked = isinstance(vectors, list) and any(isinstance(row, np.ma.MaskedArray) for row in vectors)
        return np.asarray(vectors) if masked else vectors


@breaks("VEC-2")
class RaggedPadded(Converting):
    """Short rows are filled up with zeros."""

    def _converted(self, vectors: Any) -> Any:
        rows = isinstance(vectors, list) and all(map(_is_row, vectors))
        if not rows or not vectors or len({row.dtype for row in vectors}) > 1:
            return vectors
        width = max(map(len, vectors))
        return np.array([np.pad(row, (0, width - len(row))) for row in vectors])


class Telling(Specimen, abstract=True):
    """Changes the errors of batches."""

    _told: Callable[[RefvecError], BaseException]

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        try:
            return super().add_vectors(chunk_ids, vectors)
        except RefvecError as error:
            raise self._told(error) from None

    def get_vectors(self, chunk_ids: Any) -> Any:
        try:
            return super().get_vectors(chunk_ids)
        except RefvecError as error:
            raise self._told(error) from None


@breaks("VEC-2")
class RaggedNotNamed(Telling):
    """A row of another length raises what numpy raises."""

    @staticmethod
    def _told(error: RefvecError) -> BaseException:
        ragged = isinstance(error, DimensionMismatchError) and error.position is not None
        return ValueError("the requested array has an inhomogeneous shape") if ragged else error


@breaks("ERR-1")
class WrongRowsNotNamed(Telling):
    """A row that is no vector is not named."""

    @staticmethod
    def _told(error: RefvecError) -> BaseException:
        if isinstance(error, TypeError) and error.chunk_id is None:
            error.position = None
        return error


@breaks("ERR-1")
class WholeIdsQuoted(Telling):
    """An error quotes the whole id."""

    @staticmethod
    def _told(error: RefvecError) -> BaseException:
        if isinstance(error.chunk_id, str):
            error.args = (f"{error.args[0]}: {error.chunk_id}",)
        return error


@breaks("ERR-1")
class PositionsNotSaid(Telling):
    """The text of an error does not name the position."""

    @staticmethod
    def _told(error: RefvecError) -> BaseException:
        kind = type(error)
        error.__class__ = type(kind.__name__, (kind,), {"__str__": lambda self: str(self.args[0])})
        return error


@breaks("ERR-1")
class ShortRowsFirst(Converting):
    """A row of the wrong length is found before one that is no vector."""

    def _converted(self, vectors: Any) -> Any:
        lengths = [len(row) for row in vectors if _is_row(row)] if isinstance(vectors, list) else []
        if len(set(lengths)) > 1:
            raise DimensionMismatchError("Vector dimension mismatch", position=lengths.index(min(lengths)))
        return vectors
