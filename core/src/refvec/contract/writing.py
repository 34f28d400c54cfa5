"""Adding, replacing and removing (ADD, UPSERT, REMOVE)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import failures
from ..ids import ChunkId, canonical_id, canonical_ids
from ..vectors import canonical_row, canonical_rows
from .lifecycle import Lifecycle


class Writing(Lifecycle):
    """The methods that change a store; each is one step, wholly or not at all."""

    def add_vector(self, chunk_id: ChunkId, vector: ArrayLike) -> int:
        """Store a vector under a new id.

        Parameters
        ----------
        chunk_id : str or uuid.UUID
            An id that is not in the store. A UUID is the same id as its canonical text.
        vector : array_like, shape (dimension,)
            Integers or floats, rounded once to the nearest float32.

        Returns
        -------
        int
            The index of the vector: that of the identical vector if one is
            stored (which gains a reference), else the lowest free one.

        Raises
        ------
        DuplicateIdError
            If the id is present; use `upsert_vector` to replace its vector.
        DimensionMismatchError, VectorError, VectorTypeError
            If the vector does not fit; nothing is stored.

        Examples
        --------
        >>> from refvec import VectorStore
        >>> store = VectorStore(3, backend="python")
        >>> store.add_vector("a", [1, 2, 3]), store.add_vector("b", [1, 2, 3])
        (0, 0)
        """
        self._require_open()
        ids = [canonical_id(chunk_id)]
        row = canonical_row(vector, self.dimension)
        return int(self._store(ids, row[None], replace=False, batch=False)[0])

    def add_vectors(self, chunk_ids: Iterable[ChunkId], vectors: ArrayLike) -> NDArray[np.int64]:
        """Store a batch under new ids: `add_vector` for each pair in order, all or nothing.

        Parameters
        ----------
        chunk_ids : iterable of str or uuid.UUID
            Distinct ids that are not in the store; generators are welcome.
        vectors : array_like, shape (n, dimension)
            One row for each id.

        Returns
        -------
        ndarray of int64, shape (n,)
            The index of every id; equal vectors share one.

        Raises
        ------
        DuplicateIdError
            For the first id that is present or repeated; its ``position`` says where.
        ValueError
            If the lengths differ.
        """
        ids, rows = self._batch(chunk_ids, vectors)
        return self._store(ids, rows, replace=False)

    def upsert_vector(self, chunk_id: ChunkId, vector: ArrayLike) -> int:
        """Store a vector under an id, new or present.

        The new reference is added before the old one is dropped: an identical
        vector changes nothing, and a new vector never takes the slot that the
        id itself frees. The id keeps its place in `ids`. Parameters, result
        and errors are those of `add_vector`, without `DuplicateIdError`.
        """
        self._require_open()
        ids = [canonical_id(chunk_id)]
        row = canonical_row(vector, self.dimension)
        return int(self._store(ids, row[None], replace=True, batch=False)[0])

    def upsert_vectors(self, chunk_ids: Iterable[ChunkId], vectors: ArrayLike) -> NDArray[np.int64]:
        """Store a batch under ids, new or present, all or nothing.

        Equals `upsert_vector` for each item of ``dict(zip(chunk_ids, vectors))``
        in order: of a repeated id, the last vector counts.

        Returns
        -------
        ndarray of int64, shape (n,)
            For every position the index that its id ends with.
        """
        ids, rows = self._batch(chunk_ids, vectors)
        last = {chunk_id: position for position, chunk_id in enumerate(ids)}
        if len(last) == len(ids):
            return self._store(ids, rows, replace=True)
        found = self._store(list(last), rows[list(last.values())], replace=True)
        ends = dict(zip(last, found.tolist(), strict=True))
        return np.array([ends[chunk_id] for chunk_id in ids], np.int64)

    def remove_vector(self, chunk_id: ChunkId) -> bool:
        """Remove an id; the slot of its vector is freed with the last reference.

        Returns
        -------
        bool
            Whether the id was there.
        """
        self._require_open()
        return bool(self._remove([canonical_id(chunk_id)]))

    def remove_vectors(self, chunk_ids: Iterable[ChunkId]) -> int:
        """Remove ids in one step and return how many distinct ones were there."""
        self._require_open()
        return self._remove(dict.fromkeys(canonical_ids(chunk_ids)))

    def clear(self) -> None:
        """Remove every id in one step; capacity and dimension stay."""
        self._remove(None)

    def _batch(self, chunk_ids: Iterable[ChunkId], vectors: ArrayLike) -> tuple[list[str], NDArray[np.float32]]:
        self._require_open()
        ids = canonical_ids(chunk_ids)
        rows = canonical_rows(vectors, self.dimension)
        if len(ids) != len(rows):
            raise failures.length_mismatch(len(ids), len(rows))
        return ids, rows

    def _store(
        self, ids: list[str], rows: NDArray[np.float32], *, replace: bool, batch: bool = True
    ) -> NDArray[np.int64]:
        with self._guard:
            self._require_open()
            if not ids:
                return np.empty(0, np.int64)
            self._check_width(rows.shape[1])
            if not replace:
                self._check_new(ids, batch)
            indices = self._put(ids, rows, replace)
            self._dimension = rows.shape[1]
            return indices

    def _check_width(self, width: int) -> None:
        # Again, inside the guard: another thread may have fixed the dimension.
        if self._dimension is None:
            self._check_dimension(width)
        elif width != self._dimension:
            raise failures.dimension_mismatch(self._dimension, width)

    def _check_new(self, ids: list[str], batch: bool) -> None:
        seen: set[str] = set()
        for position, (chunk_id, index) in enumerate(zip(ids, self._find(ids).tolist(), strict=True)):
            if index >= 0 or chunk_id in seen:
                raise failures.duplicate_id(chunk_id, position if batch else None, repeated=index < 0)
            seen.add(chunk_id)

    def _remove(self, ids: Iterable[str] | None) -> int:
        with self._guard:
            self._require_open()
            return self._drop(ids)
