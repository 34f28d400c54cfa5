"""Looking up (GET, COUNT)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import failures
from ..identity import identity_keys
from ..ids import ChunkId, canonical_id, canonical_ids
from ..integers import canonical_indices, canonical_int
from ..state import Size, Snapshot, State
from ..vectors import canonical_row
from .lifecycle import Lifecycle

_SCAN_ROWS = 4096


class Reading(Lifecycle):
    """The methods that look something up; arrays that they return are the caller's own."""

    def __contains__(self, chunk_id: object) -> bool:
        """Return whether the id is present; False for anything that is no id."""
        self._require_open()
        try:
            key = canonical_id(chunk_id)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return False
        return self._index_of(key) >= 0

    def get_vector(self, chunk_id: ChunkId) -> NDArray[np.float32] | None:
        """Return the vector of an id, shape (dimension,), or None if the id is unknown."""
        self._require_open()
        key = canonical_id(chunk_id)
        with self._guard:
            index = self._index_of(key)
            return None if index < 0 else self._row(index)

    def get_index(self, chunk_id: ChunkId) -> int | None:
        """Return the index that an id references, or None if the id is unknown."""
        self._require_open()
        index = self._index_of(canonical_id(chunk_id))
        return None if index < 0 else index

    def get_indices(self, chunk_ids: Iterable[ChunkId]) -> NDArray[np.int64]:
        """Return the index that every id references, -1 where an id is unknown."""
        self._require_open()
        ids = canonical_ids(chunk_ids)
        with self._guard:
            self._require_open()
            return self._find(ids)

    def get_vectors(self, chunk_ids: Iterable[ChunkId]) -> NDArray[np.float32]:
        """Return the vectors of the ids, shape (n, dimension), in their order.

        Raises
        ------
        UnknownIdError
            For the first id that is not in the store; its ``position`` says where.
        """
        self._require_open()
        ids = canonical_ids(chunk_ids)
        with self._guard:
            self._require_open()
            indices = self._find(ids)
            absent = np.flatnonzero(indices < 0)
            if absent.size:
                position = int(absent[0])
                raise failures.unknown_id(ids[position], position)
            return self._gather(indices)

    def get_vector_by_index(self, index: SupportsIndex) -> NDArray[np.float32]:
        """Return the vector at an active index, shape (dimension,).

        Raises
        ------
        InvalidIndexError
            If the index was never allocated, or has been freed.
        """
        self._require_open()
        wanted = canonical_int(index, "index")
        with self._guard:
            self._active([wanted], batch=False)
            return self._row(wanted)

    def get_vectors_by_indices(
        self,
        indices: Sequence[SupportsIndex] | NDArray[np.integer[Any]],
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Return the vectors at active indices, in the order of the indices.

        Parameters
        ----------
        indices : sequence of int or 1-D integer ndarray
            Repeats are allowed.
        out : ndarray of float32, shape (n, dimension), optional
            Writable, aligned and C-contiguous; filled and returned, and
            untouched if the call raises.

        Raises
        ------
        InvalidIndexError
            For the first index that is not active; its ``position`` says where.
        ValueError
            If `out` is anything else.
        """
        self._require_open()
        found, given = canonical_indices(indices)
        filled = None if out is None else plain_out(out)
        with self._guard:
            self._require_open()
            if filled is not None:
                check_out(filled, (len(found), self.dimension or 0))
            self._active(given, found)
            rows = self._gather(found, filled)
        return rows if out is None else out

    def get_all_vectors(self) -> NDArray[np.float32]:
        """Return every stored vector, shape (count, dimension), by ascending index."""
        with self._guard:
            self._require_open()
            return self._gather(self._indices())

    def indices(self) -> NDArray[np.int64]:
        """Return the active indices, ascending."""
        with self._guard:
            self._require_open()
            return self._indices()

    def ids(self) -> list[str]:
        """Return the ids in the order in which they were added; an upsert keeps the place."""
        with self._guard:
            self._require_open()
            return self._scan().ids

    def ids_at(self, index: SupportsIndex) -> list[str]:
        """Return the ids that reference an active index, in the order in which they came to it."""
        self._require_open()
        wanted = canonical_int(index, "index")
        with self._guard:
            self._active([wanted], batch=False)
            return self._ids_at(wanted)

    def get_refcount(self, index: SupportsIndex) -> int:
        """Return the number of ids that reference an active index."""
        self._require_open()
        wanted = canonical_int(index, "index")
        with self._guard:
            return int(self._active([wanted], batch=False)[0])

    def get_refcounts(self, indices: Sequence[SupportsIndex] | NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Return the number of ids that reference each of the active indices."""
        self._require_open()
        found, given = canonical_indices(indices)
        with self._guard:
            return self._active(given, found)

    def find_vector(self, vector: ArrayLike) -> int | None:
        """Return the index of the stored vector that is identical to this one, or None."""
        self._require_open()
        row = canonical_row(vector, self.dimension)
        with self._guard:
            self._require_open()
            return None if self.dimension is None else self._match(row[None])

    def snapshot(self) -> Snapshot:
        """Return one consistent state of the whole store."""
        state = self._stated()
        layout, vectors = state.layout, state.vectors
        return Snapshot(layout.ids, layout.id_indices, layout.indices, vectors)

    def iter_batches(
        self, batch_size: SupportsIndex = 1024
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Iterate over the vectors active now, without holding them all at once.

        Parameters
        ----------
        batch_size : int
            The most vectors in one batch.

        Yields
        ------
        indices : ndarray of int64, shape (b,)
            Ascending; those removed meanwhile are left out.
        vectors : ndarray of float32, shape (b, dimension)
            Each batch is consistent in itself.
        """
        self._require_open()
        size = canonical_int(batch_size, "batch_size")
        if size < 1:
            raise ValueError(f"batch_size must be positive, got {failures.shown(size)}")
        indices = self.indices()
        size = min(size, max(len(indices), 1))
        return self._batches(indices, size)

    def _batches(
        self, indices: NDArray[np.int64], size: int
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        for start in range(0, len(indices), size):
            active, vectors = self._survivors(indices[start : start + size])
            if len(active):
                yield active, vectors

    def _survivors(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        with self._guard:
            self._require_open()
            active = indices[self._refcounts(indices) > 0]
            return active, self._gather(active)

    def _stated(self) -> State:
        layout, blocks = self._dump()
        if isinstance(blocks, np.ndarray):
            layout.dimension, blocks = blocks.shape[1] or None, [blocks]
        return State(layout, blocks)

    def _dump(self) -> State:
        with self._guard:
            self._require_open()
            layout = self._scan()
            layout.dimension = self.dimension
            parts = np.array_split(layout.indices, max(1, len(layout.indices) // 128))
            return State(layout, (self._gather(part) for part in parts if len(part)))

    def _index_of(self, key: str) -> int:
        with self._guard:
            self._require_open()
            return int(self._find([key])[0])

    def _row(self, index: int) -> NDArray[np.float32]:
        row = np.empty(self.dimension or 0, np.float32)
        self._rows(np.array([index], np.int64), row[None])
        return row

    def _gather(
        self, indices: NDArray[np.int64], out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        if out is None:
            out = np.empty((len(indices), self.dimension or 0), np.float32)
        if len(indices):
            self._rows(indices, out)
        return out

    def _active(
        self, given: Sequence[int], found: NDArray[np.int64] | None = None, *, batch: bool = True
    ) -> NDArray[np.int64]:
        self._require_open()
        if found is None:
            found = canonical_indices(given)[0]
        counts = self._refcounts(found)
        bad = np.flatnonzero(counts == 0)
        if bad.size:
            position = int(bad[0])
            allocated = Size._make(self._size()).allocated
            raise failures.invalid_index(given[position], allocated, position if batch else None)
        return counts

    # What follows is worth overriding where it can be had without a scan.

    def _indices(self) -> NDArray[np.int64]:
        return self._scan().indices

    def _ids_at(self, index: int) -> list[str]:
        return self._scan().slots()[index]

    def _match(self, row: NDArray[np.float32]) -> int | None:
        wanted = identity_keys(row, self.precision)[0]
        indices = self._indices()
        for start in range(0, len(indices), _SCAN_ROWS):
            part = indices[start : start + _SCAN_ROWS]
            for index, key in zip(
                part.tolist(), identity_keys(self._gather(part), self.precision), strict=True
            ):
                if key == wanted:
                    return int(index)
        return None


def plain_out(out: object) -> NDArray[Any]:
    """Return `out` as a plain array, so that no code of a subclass runs inside the guard."""
    if not issubclass(type(out), np.ndarray):
        raise ValueError(f"out must be a float32 ndarray, got {type(out).__name__}")
    return np.asarray(out)


def check_out(out: object, shape: tuple[int, int]) -> None:
    """Raise ``ValueError`` unless `out` can be filled with `shape` rows (GET-3)."""
    out = plain_out(out)
    flags = out.flags
    if out.dtype != np.float32 or not out.dtype.isnative or out.shape != shape:
        raise ValueError(f"out must be native float32 of shape {shape}, got {out.dtype.str} of {out.shape}")
    if not (flags.writeable and flags.aligned and flags.c_contiguous):
        raise ValueError("out must be writable, aligned and C-contiguous")
