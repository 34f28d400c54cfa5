"""Backends whose primitives are not what the contract's methods rest on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from refvec import (
    DuplicateIdError,
    InvalidIndexError,
    RefvecError,
    Size,
    State,
    StoreClosedError,
    failures,
)

from .catalogue import breaks, mutant
from .specimen import Specimen

T = TypeVar("T")


@breaks("ERR-1")
class PutNamesRepeatedFirst(Specimen):
    """A repeated id is named before one that is present and stands earlier."""

    def _check_new(self, ids: list[str]) -> None:
        seen: set[str] = set()
        for position, chunk_id in enumerate(ids):
            if chunk_id in seen:
                raise failures.duplicate_id(chunk_id, position, repeated=True)
            seen.add(chunk_id)
        super()._check_new(ids)


@breaks("ADD-2")
class PutTrustsTheBatch(Specimen):
    """``_put`` leaves it to its callers to look for ids repeated within a batch."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = self._batch(chunk_ids, vectors)
        super()._check_new(ids)
        return self._put(ids, rows, "add")

    def _check_new(self, ids: list[str]) -> None:
        for position, chunk_id in enumerate(ids):
            if chunk_id in self._index:
                raise failures.duplicate_id(chunk_id, position)


@breaks("ADD-1")
class PositionOfOne(Specimen):
    """``add_vector`` tells the position 0 of a batch that nobody passed."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        try:
            return super().add_vector(chunk_id, vector)
        except DuplicateIdError as error:
            error.position = 0
            raise


@breaks("VEC-2")
class TrustsTheWidth(Specimen):
    """The width of the rows is not looked at again in the step that stores them."""

    def _check_width(self, width: int) -> None:
        """Trust."""


@breaks("OPEN-7")
class NothingFixes(Specimen):
    """``_put`` of no rows fixes the dimension, and so does its look at a width."""

    def _put(self, ids: list[str], rows: Any, mode: str) -> Any:
        if not ids:
            self._dimension = rows.shape[1]
        return super()._put(ids, rows, mode)


@breaks("GET-3")
class RowsOfTheActive(Specimen):
    """``_rows`` at indices leaves out those that are not active, and leaves complaints to its callers."""

    def _rows(self, at: Any) -> Any:
        if isinstance(at, np.ndarray):
            at = at[np.isin(at, self.indices())]
        return super()._rows(at)

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> Any:
        self.get_refcounts(indices)
        return super().get_vectors_by_indices(indices, out)

    def get_vector_by_index(self, index: Any) -> Any:
        self.get_refcount(index)
        return super().get_vector_by_index(index)


@breaks("GET-6")
class LastBadIndex(Specimen):
    """``_refcounts`` names the last index that is not active."""

    def _refcounts(self, indices: Any) -> Any:
        try:
            return super()._refcounts(indices)
        except InvalidIndexError:
            for position in reversed(range(len(indices))):
                if int(indices[position]) not in self._slots:
                    raise failures.invalid_index(int(indices[position]), self._allocated, position) from None
            raise


@breaks("GET-7")
class ScanSwallows(Specimen):
    """``_scan`` returns None where `use` raises."""

    def _scan(self, use: Callable[[State], T]) -> T:
        with self._guard:
            self._require_open()
            try:
                return super()._scan(use)
            except (LookupError, RefvecError):
                raise
            except Exception:
                return None  # type: ignore[return-value]  # this is what is broken


mutant("GET-7", "BlocksBackwards", "``_scan`` hands over the last block first, where there are several.").does(
    _blocks=lambda call: reversed(list(call()))
)


@breaks("COUNT-3")
class SizeOfTwoMoments(Specimen):
    """``get_statistics`` asks twice, and puts together what it was told."""

    def get_statistics(self) -> dict[str, Any]:
        return {**super().get_statistics(), "unique_vectors": self._size().unique}

    def _size(self) -> Size:
        self._asked = getattr(self, "_asked", 0) + 1
        size = super()._size()
        return size._replace(dimension=None) if self._asked == 1 else size


@breaks("DUR-2")
class ClosedPrimitives(Specimen):
    """Primitives of a closed store answer: only the public methods look whether it is open."""

    def _find(self, ids: list[str]) -> Any:
        try:
            return super()._find(ids)
        except StoreClosedError:
            return np.full(len(ids), -1)


@breaks("DUR-2")
class CloseDrops(Specimen):
    """``close`` removes all that is in the store, wherever that is."""

    def close(self, *, flush: bool = True) -> None:
        if not self.closed:
            self._drop(None)
        super().close(flush=flush)


@breaks("SEARCH-1")
class OwnTuples(Specimen):
    """Every hit gets a tuple of its own: memory grows with queries and references."""

    def _search(self, *args: Any) -> Any:
        indices, scores, members = super()._search(*args)
        return indices, scores, members and [[tuple([*ids]) for ids in row] for row in members]  # noqa: C409 - a copy


mutant("SEARCH-1", "AlwaysIds", "``with_ids=False`` gives the ids all the same.").does(
    _search=lambda call, queries, with_ids: call(with_ids=with_ids or queries.shape[0] > 1)
)
