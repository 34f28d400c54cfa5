"""The numpy backend: one growing block, batches in whole-array operations."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from refvec import (
    Capabilities,
    Layout,
    OpenSpec,
    Size,
    State,
    VectorStore,
    grown_capacity,
    identity_keys,
    ranking,
)
from refvec.contract.search import Members, Metric, members_of

_FIRST_ROWS = 64


class NumpyVectorStore(VectorStore):
    """Rows of one float32 block, found through dicts of ids and identity keys."""

    backend = "numpy"
    capabilities: ClassVar[Capabilities] = Capabilities(
        search=True, thread_safe=True, dense_indices=True, ordered_ids=True, atomic_batch=True
    )

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        self._index: dict[str, int] = {}  # id -> index, in the order of arrival
        self._members: dict[int, dict[str, None]] = {}  # index -> its ids, in the order of arrival
        self._by_key: dict[bytes, int] = {}  # identity key -> index
        self._keys: dict[int, bytes] = {}  # index -> identity key
        self._free: list[int] = []  # a heap
        self._allocated = 0
        self._capacity = spec.initial_capacity
        self._block = np.empty((0, spec.dimension or 0), np.float32)
        self._counts = np.zeros(0, np.int64)  # references of every row of the block
        if state is not None:
            self._restore_state(state)

    def _restore_state(self, state: State) -> None:
        layout, start = state.layout, 0
        self._reserve(layout.allocated, layout.dimension or 0)
        for block in state.blocks:
            part = layout.indices[start : start + len(block)]
            self._block[part] = block
            self._keys.update(zip(part.tolist(), identity_keys(block, self.precision), strict=True))
            start += len(block)
        self._by_key = {key: index for index, key in self._keys.items()}
        self._members = {index: dict.fromkeys(ids) for index, ids in layout.slots().items()}
        self._index = dict(zip(layout.ids, layout.id_indices.tolist(), strict=True))
        np.add.at(self._counts, layout.id_indices, 1)
        self._free = layout.free().tolist()  # ascending, hence a heap
        self._allocated, self._capacity = layout.allocated, layout.capacity

    def _reserve(self, rows: int, dimension: int) -> None:
        held = len(self._block)
        if rows <= held and self._block.shape[1] == dimension:
            return
        size = max(rows, held + held // 2, _FIRST_ROWS)
        block = np.empty((size, dimension), np.float32)
        block[:held] = self._block if held else 0
        counts = np.zeros(size, np.int64)
        counts[:held] = self._counts
        self._block, self._counts = block, counts

    def _put(self, ids: list[str], rows: NDArray[np.float32], replace: bool) -> NDArray[np.int64]:
        keys = identity_keys(rows, self.precision)
        fresh = len({key for key in keys if key not in self._by_key})
        self._reserve(self._allocated + max(0, fresh - len(self._free)), rows.shape[1])
        written: dict[int, int] = {}  # index -> the row that it now holds; of two, the later counts
        found = np.empty(len(ids), np.int64)
        for position, (chunk_id, key) in enumerate(zip(ids, keys, strict=True)):
            index = self._by_key.get(key)
            if index is None:
                index = self._take(key)
                written[index] = position
            self._refer(chunk_id, index)
            found[position] = index
        self._block[list(written)] = rows[list(written.values())]
        return found

    def _take(self, key: bytes) -> int:
        index = heapq.heappop(self._free) if self._free else self._allocated
        self._allocated = max(self._allocated, index + 1)
        self._capacity = grown_capacity(self._capacity, index)
        self._by_key[key] = index
        self._keys[index] = key
        self._members[index] = {}
        return index

    def _refer(self, chunk_id: str, index: int) -> None:
        old = self._index.get(chunk_id)
        if index == old:
            return
        self._members[index][chunk_id] = None
        self._counts[index] += 1
        self._index[chunk_id] = index
        if old is not None:
            self._release(old, chunk_id)

    def _release(self, index: int, chunk_id: str) -> None:
        del self._members[index][chunk_id]
        self._counts[index] -= 1
        if not self._members[index]:
            del self._members[index], self._by_key[self._keys.pop(index)]
            heapq.heappush(self._free, index)

    def _drop(self, ids: Iterable[str] | None) -> int:
        if ids is None:
            return self._drop_all()
        present = [chunk_id for chunk_id in ids if chunk_id in self._index]
        for chunk_id in present:
            self._release(self._index.pop(chunk_id), chunk_id)
        return len(present)

    def _drop_all(self) -> int:
        count = len(self._index)
        for held in (self._index, self._members, self._by_key, self._keys):
            held.clear()
        self._free = list(range(self._allocated))
        self._block = np.empty((0, self._block.shape[1]), np.float32)
        self._counts = np.zeros(0, np.int64)
        return count

    def _find(self, ids: list[str]) -> NDArray[np.int64]:
        return np.array([self._index.get(chunk_id, -1) for chunk_id in ids], np.int64)

    def _refcounts(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        inside = (indices >= 0) & (indices < len(self._counts))
        counts = np.zeros(len(indices), np.int64)
        counts[inside] = self._counts[indices[inside]]
        return counts

    def _rows(self, indices: NDArray[np.int64], out: NDArray[np.float32]) -> None:
        # mode="clip" only spares numpy a buffer: all indices are active.
        np.take(self._block, indices, axis=0, out=out, mode="clip")

    def _scan(self) -> Layout:
        return Layout.from_dicts(self._index, self._members, self._allocated, self._capacity)

    def _size(self) -> Size:
        return Size(len(self._members), len(self._index), self._allocated, self._capacity)

    def _indices(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._counts).astype(np.int64, copy=False)

    def _ids_at(self, index: int) -> list[str]:
        return list(self._members[index])

    def _match(self, row: NDArray[np.float32]) -> int | None:
        return self._by_key.get(identity_keys(row, self.precision)[0])

    def _search(
        self, queries: NDArray[np.float32], k: int, metric: Metric, within: list[str] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], Members]:
        with self._guard:
            self._require_open()
            self._check_query(queries)
            if within is None:
                indices, scores = ranking.rank(self._all_blocks(), queries, k, metric)
                return indices, scores, members_of(indices, self._members)
            slots = self._narrowed(within)
            blocks = self._blocks(np.array(sorted(slots), np.int64))
            indices, scores = ranking.rank(blocks, queries, k, metric)
            return indices, scores, members_of(indices, slots)

    def _narrowed(self, within: list[str]) -> dict[int, list[str]]:
        allowed = set(within)
        wanted = {self._index[chunk_id] for chunk_id in within if chunk_id in self._index}
        return {index: [one for one in self._members[index] if one in allowed] for index in wanted}

    def _all_blocks(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        for start in range(0, len(self._counts), ranking.BLOCK_ROWS):
            active = start + np.flatnonzero(self._counts[start : start + ranking.BLOCK_ROWS])
            whole = len(active) and active[-1] - active[0] + 1 == len(active)
            yield active, self._block[active[0] : active[-1] + 1] if whole else self._block[active]
