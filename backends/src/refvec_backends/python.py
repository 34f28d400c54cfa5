"""The reference backend: the standard library inside, readable before fast."""

from __future__ import annotations

import heapq
import math
from array import array
from collections.abc import Iterable, Iterator
from operator import mul
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from refvec import Capabilities, Layout, OpenSpec, Size, State, VectorStore, grown_capacity, identity_keys
from refvec.contract.search import Members, Metric


class PythonVectorStore(VectorStore):
    """Dicts of ids, identity keys and slots; each vector an ``array("f")``."""

    backend = "python"
    capabilities: ClassVar[Capabilities] = Capabilities(
        search=True, thread_safe=True, dense_indices=True, ordered_ids=True, atomic_batch=True
    )

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        self._index: dict[str, int] = {}  # id -> index, in the order of arrival
        self._slots: dict[int, dict[str, None]] = {}  # index -> its ids, in the order of arrival
        self._vectors: dict[int, array[float]] = {}  # index -> vector
        self._keys: dict[int, bytes] = {}  # index -> identity key
        self._by_key: dict[bytes, int] = {}  # identity key -> index
        self._free: list[int] = []  # a heap
        self._allocated = 0
        self._capacity = spec.initial_capacity
        if state is not None:
            self._restore_state(state)

    def _restore_state(self, state: State) -> None:
        layout, start = state.layout, 0
        for block in state.blocks:
            part = layout.indices[start : start + len(block)].tolist()
            for index, row, key in zip(part, block, identity_keys(block, self.precision), strict=True):
                self._fill(index, row, key)
            start += len(block)
        for index, ids in layout.slots().items():
            self._slots[index] = dict.fromkeys(ids)
        self._index = dict(zip(layout.ids, layout.id_indices.tolist(), strict=True))
        self._free = layout.free().tolist()  # ascending, hence a heap
        self._allocated, self._capacity = layout.allocated, layout.capacity

    def _put(self, ids: list[str], rows: NDArray[np.float32], replace: bool) -> NDArray[np.int64]:
        keys = identity_keys(rows, self.precision)
        found = [self._reference(*item) for item in zip(ids, rows, keys, strict=True)]
        return np.array(found, np.int64)

    def _reference(self, chunk_id: str, row: NDArray[np.float32], key: bytes) -> int:
        old = self._index.get(chunk_id)
        index = self._by_key.get(key)
        if index is None:
            index = heapq.heappop(self._free) if self._free else self._allocated
            self._allocated = max(self._allocated, index + 1)
            self._capacity = grown_capacity(self._capacity, index)
            self._fill(index, row, key)
        if index != old:
            self._slots[index][chunk_id] = None
            self._index[chunk_id] = index
            if old is not None:
                self._release(old, chunk_id)
        return index

    def _fill(self, index: int, row: NDArray[np.float32], key: bytes) -> None:
        self._vectors[index] = array("f", row.tobytes())
        self._keys[index] = key
        self._by_key[key] = index
        self._slots[index] = {}

    def _release(self, index: int, chunk_id: str) -> None:
        del self._slots[index][chunk_id]
        if not self._slots[index]:
            del self._slots[index], self._vectors[index], self._by_key[self._keys.pop(index)]
            heapq.heappush(self._free, index)

    def _drop(self, ids: Iterable[str] | None) -> int:
        present = [chunk_id for chunk_id in (self._index if ids is None else ids) if chunk_id in self._index]
        for chunk_id in present:
            self._release(self._index.pop(chunk_id), chunk_id)
        return len(present)

    def _find(self, ids: list[str]) -> NDArray[np.int64]:
        return np.array([self._index.get(chunk_id, -1) for chunk_id in ids], np.int64)

    def _refcounts(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.array([len(self._slots.get(index, ())) for index in indices.tolist()], np.int64)

    def _rows(self, indices: NDArray[np.int64], out: NDArray[np.float32]) -> None:
        for position, index in enumerate(indices.tolist()):
            out[position] = self._vectors[index]

    def _scan(self) -> Layout:
        return Layout.from_dicts(self._index, self._slots, self._allocated, self._capacity)

    def _size(self) -> Size:
        return Size(len(self._slots), len(self._index), self._allocated, self._capacity)

    def _indices(self) -> NDArray[np.int64]:
        return np.array(sorted(self._slots), np.int64)

    def _ids_at(self, index: int) -> list[str]:
        return list(self._slots[index])

    def _match(self, row: NDArray[np.float32]) -> int | None:
        return self._by_key.get(identity_keys(row, self.precision)[0])

    def _search(
        self, queries: NDArray[np.float32], k: int, metric: Metric, within: list[str] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], Members]:
        with self._guard:
            self._require_open()
            self._check_query(queries)
            slots = self._slots if within is None else self._narrowed(within)
            hits = [self._nearest(query.tolist(), k, metric, slots) for query in queries]
            members = [[tuple(slots[index]) for _, index, _ in row] for row in hits]
            width = min(k, len(slots))
        indices = np.array([[index for _, index, _ in row] for row in hits], np.int64)
        scores = np.array([[score for _, _, score in row] for row in hits], np.float32)
        return indices.reshape(len(queries), width), scores.reshape(len(queries), width), members

    def _narrowed(self, within: list[str]) -> dict[int, dict[str, None]]:
        allowed = set(within)
        wanted = {self._index[chunk_id] for chunk_id in within if chunk_id in self._index}
        return {
            index: {chunk_id: None for chunk_id in self._slots[index] if chunk_id in allowed}
            for index in wanted
        }

    def _nearest(
        self, query: list[float], k: int, metric: Metric, slots: Iterable[int]
    ) -> list[tuple[tuple[bool, float], int, float]]:
        return heapq.nsmallest(k, self._ranked(query, metric, slots))

    def _ranked(
        self, query: list[float], metric: Metric, slots: Iterable[int]
    ) -> Iterator[tuple[tuple[bool, float], int, float]]:
        """Yield ((NaN last, lower is better), index, score as float32) for every candidate."""
        norm = math.sqrt(sum(map(mul, query, query)))
        for index in slots:
            score = array("f", [_score(query, norm, self._vectors[index], metric)])[0] + 0.0
            order = score if metric == "euclidean" else -score
            yield (math.isnan(score), 0.0 if math.isnan(score) else order), index, score


def _score(query: list[float], norm: float, vector: array[float], metric: Metric) -> float:
    if metric == "euclidean":
        return math.sqrt(sum((q - v) * (q - v) for q, v in zip(query, vector, strict=True)))
    product: float = sum(map(mul, query, vector))
    if metric == "dot":
        return product
    length = math.sqrt(sum(map(mul, vector, vector)))
    if norm == 0 or length == 0:
        return 0.0
    cosine = product / (norm * length)
    return cosine if math.isnan(cosine) else max(-1.0, min(1.0, cosine))
