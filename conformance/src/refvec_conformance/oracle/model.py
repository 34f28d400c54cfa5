"""A naive model of the whole contract: lists and dicts, everything O(n), readable in one sitting.

It shares no code with the stores that it judges: arguments come through
`canonical`, identity and rounding through exact fractions in `rounding`.
"""

# ruff: noqa: D102 - each method does what that of VectorStore promises

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from refvec import DuplicateIdError, SearchResult, Snapshot, StoreClosedError, UnknownIdError, VectorError

from . import canonical, scoring
from .rounding import vector_key


@dataclass
class Slot:
    """A stored vector, and the ids that reference it in the order in which they came."""

    vector: bytes
    key: Any
    ids: list[str] = field(default_factory=list)


class Model:
    """The contract, executed: the methods of ``VectorStore`` with the same names."""

    def __init__(
        self,
        dimension: int | None = None,
        initial_capacity: int = 1000,
        *,
        backend: str = "model",
        precision: Any = None,
    ) -> None:
        self.backend = backend
        self.dimension = dimension
        self.precision = 6 if precision is None else precision
        self.closed = False
        self._capacity = initial_capacity
        self._allocated = 0
        self._slots: dict[int, Slot] = {}
        self._index: dict[str, int] = {}

    # Changing

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        self._require_open()
        text = canonical.the_id(chunk_id)
        row = canonical.the_vector(vector, self.dimension)
        if text in self._index:
            raise DuplicateIdError("present", chunk_id=text)
        return self._reference(text, row)

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> NDArray[np.int64]:
        texts, rows = self._batch(chunk_ids, vectors)
        for position, text in enumerate(texts):
            if text in self._index or text in texts[:position]:
                raise DuplicateIdError("present or repeated", chunk_id=text, position=position)
        return np.array([self._reference(*pair) for pair in zip(texts, rows, strict=True)], np.int64)

    def upsert_vector(self, chunk_id: Any, vector: Any) -> int:
        self._require_open()
        text = canonical.the_id(chunk_id)
        return self._reference(text, canonical.the_vector(vector, self.dimension))

    def upsert_vectors(self, chunk_ids: Any, vectors: Any) -> NDArray[np.int64]:
        texts, rows = self._batch(chunk_ids, vectors)
        for text, row in dict(zip(texts, rows, strict=True)).items():
            self._reference(text, row)
        return np.array([self._index[text] for text in texts], np.int64)

    def remove_vector(self, chunk_id: Any) -> bool:
        self._require_open()
        return self._remove(canonical.the_id(chunk_id))

    def remove_vectors(self, chunk_ids: Any) -> int:
        self._require_open()
        return sum([self._remove(text) for text in canonical.the_ids(chunk_ids)])

    def clear(self) -> None:
        self._require_open()
        for text in list(self._index):
            self._remove(text)

    def _batch(self, chunk_ids: Any, vectors: Any) -> tuple[list[str], list[bytes]]:
        self._require_open()
        texts = canonical.the_ids(chunk_ids)
        rows, _width = canonical.the_vectors(vectors, self.dimension)
        if len(texts) != len(rows):
            raise VectorError("differing lengths")
        return texts, rows

    def _reference(self, text: str, row: bytes) -> int:
        """Add the new reference first, drop the old one after it (UPSERT-1)."""
        self.dimension = len(row) // 4
        key, old = vector_key(row, self.precision), self._index.get(text)
        index = next((i for i, slot in self._slots.items() if slot.key == key), None)
        if index is None:
            index = next(i for i in range(self._allocated + 1) if i not in self._slots)
            self._slots[index] = Slot(row, key)
            self._allocate(index)
        if index != old:
            self._slots[index].ids.append(text)
            self._index[text] = index
            if old is not None:
                self._release(old, text)
        return index

    def _allocate(self, index: int) -> None:
        self._allocated = max(self._allocated, index + 1)
        if index >= self._capacity:
            self._capacity = max(index + 1, self._capacity + self._capacity // 2)

    def _remove(self, text: str) -> bool:
        if text not in self._index:
            return False
        self._release(self._index.pop(text), text)
        return True

    def _release(self, index: int, text: str) -> None:
        self._slots[index].ids.remove(text)
        if not self._slots[index].ids:
            del self._slots[index]

    # Looking up

    def __contains__(self, chunk_id: object) -> bool:
        self._require_open()
        try:
            return canonical.the_id(chunk_id) in self._index
        except (TypeError, ValueError):
            return False

    def __len__(self) -> int:
        self._require_open()
        return len(self._slots)

    @property
    def count(self) -> int:
        return len(self)

    @property
    def total_references(self) -> int:
        self._require_open()
        return len(self._index)

    def get_vector(self, chunk_id: Any) -> NDArray[np.float32] | None:
        self._require_open()
        index = self._index.get(canonical.the_id(chunk_id))
        return None if index is None else self._rows([index])[0]

    def get_index(self, chunk_id: Any) -> int | None:
        self._require_open()
        return self._index.get(canonical.the_id(chunk_id))

    def get_indices(self, chunk_ids: Any) -> NDArray[np.int64]:
        self._require_open()
        return np.array([self._index.get(text, -1) for text in canonical.the_ids(chunk_ids)], np.int64)

    def get_vectors(self, chunk_ids: Any) -> NDArray[np.float32]:
        self._require_open()
        texts = canonical.the_ids(chunk_ids)
        for position, text in enumerate(texts):
            if text not in self._index:
                raise UnknownIdError("unknown", chunk_id=text, position=position)
        return self._rows([self._index[text] for text in texts])

    def get_vector_by_index(self, index: Any) -> NDArray[np.float32]:
        return self._rows([self._one(index)]).reshape(-1)

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> NDArray[np.float32]:
        self._require_open()
        wanted = canonical.the_ints(indices)
        if out is not None:
            canonical.the_out(out, (len(wanted), self.dimension or 0))
        rows = self._rows(self._many(wanted))
        if out is None:
            return rows
        out[...] = rows
        return out  # type: ignore[no-any-return]

    def get_all_vectors(self) -> NDArray[np.float32]:
        self._require_open()
        return self._rows(sorted(self._slots))

    def indices(self) -> NDArray[np.int64]:
        self._require_open()
        return np.array(sorted(self._slots), np.int64)

    def ids(self) -> list[str]:
        self._require_open()
        return list(self._index)

    def ids_at(self, index: Any) -> list[str]:
        return list(self._slots[self._one(index)].ids)

    def get_refcount(self, index: Any) -> int:
        return len(self._slots[self._one(index)].ids)

    def get_refcounts(self, indices: Any) -> NDArray[np.int64]:
        self._require_open()
        active = self._many(canonical.the_ints(indices))
        return np.array([len(self._slots[index].ids) for index in active], np.int64)

    def find_vector(self, vector: Any) -> int | None:
        self._require_open()
        key = vector_key(canonical.the_vector(vector, self.dimension), self.precision)
        return next((index for index, slot in self._slots.items() if slot.key == key), None)

    def snapshot(self) -> Snapshot:
        self._require_open()
        id_indices = np.array(list(self._index.values()), np.int64)
        return Snapshot(self.ids(), id_indices, self.indices(), self.get_all_vectors())

    def iter_batches(self, batch_size: Any = 1024) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        self._require_open()
        size = canonical.the_int(batch_size)
        if size < 1:
            raise ValueError("no batch size")
        active = sorted(self._slots)
        parts = [active[start : start + size] for start in range(0, len(active), min(size, 1 << 30))]
        return iter([(np.array(part, np.int64), self._rows(part)) for part in parts])

    def get_statistics(self) -> dict[str, Any]:
        self._require_open()
        return {
            "type": self.backend,
            "unique_vectors": len(self._slots),
            "total_references": len(self._index),
            "capacity": self._capacity,
            "utilization": round(100 * len(self._slots) / self._capacity, 2),
            "free_indices": self._allocated - len(self._slots),
            "dimension": self.dimension,
            "storage_type": "in-memory",
        }

    def _one(self, index: Any) -> int:
        self._require_open()
        wanted = canonical.the_int(index)
        if wanted not in self._slots:
            raise canonical.missing_index(wanted, None)
        return wanted

    def _many(self, wanted: list[int]) -> list[int]:
        for position, index in enumerate(wanted):
            if index not in self._slots:
                raise canonical.missing_index(index, position)
        return wanted

    def _rows(self, indices: list[int]) -> NDArray[np.float32]:
        blob = b"".join(self._slots[index].vector for index in indices)
        return np.frombuffer(blob, np.float32).reshape(len(indices), self.dimension or 0).copy()

    # Searching

    def search(self, query: Any, k: Any = 10, *, metric: str = "cosine", within: Any = None) -> SearchResult:
        self._require_open()
        wanted = canonical.the_int(k)
        if wanted < 1 or metric not in scoring.METRICS:
            raise ValueError("no such k or metric")
        allowed = None if within is None else canonical.the_ids(within)
        queries, single = canonical.the_queries(query, self.dimension)
        slots = self.candidates(allowed)
        vectors = {index: self._slots[index].vector for index in slots}
        hits = [scoring.nearest(one, vectors, wanted, metric) for one in queries]
        return scoring.as_result(hits, slots, min(wanted, len(slots)), single)

    def candidates(self, within: list[str] | None) -> dict[int, tuple[str, ...]]:
        """Return the slots that compete, each with the ids to report (SEARCH-4)."""
        allowed = list(self._index) if within is None else within
        found = {
            index: tuple(text for text in self._slots[index].ids if text in allowed)
            for index in sorted(self._slots)
        }
        return {index: ids for index, ids in found.items() if ids}

    # The end

    def flush(self) -> None:
        self._require_open()

    def close(self, *, flush: bool = True) -> None:
        self.closed = True

    def _require_open(self) -> None:
        if self.closed:
            raise StoreClosedError("closed")
