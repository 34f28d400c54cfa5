"""A whole refvec backend: eight primitives on two dicts; everything else is inherited."""

import numpy as np
from refvec import (
    BackendPlugin,
    Capabilities,
    Layout,
    Size,
    VectorStore,
    grown_capacity,
    hookimpl,
    identity_keys,
)


class DictVectorStore(VectorStore):
    backend = "dict"
    capabilities = Capabilities(search=True, thread_safe=True, dense_indices=True, atomic_batch=True)

    def _open(self, spec, state):
        self.index, self.rows = {}, {}  # id -> index; index -> (identity key, vector)
        self.allocated, self.capacity = 0, spec.initial_capacity
        if state is not None:
            layout, keys = state.layout, identity_keys(state.vectors, spec.precision)
            self.index = dict(zip(layout.ids, layout.id_indices.tolist()))
            self.rows = dict(zip(layout.indices.tolist(), zip(keys, state.vectors.copy())))
            self.allocated, self.capacity = layout.allocated, layout.capacity

    def _put(self, ids, rows, replace):
        return np.array([self._put_one(*item) for item in zip(ids, rows, identity_keys(rows, self.precision))])

    def _put_one(self, chunk_id, row, key):
        index = next((i for i, (held, _) in self.rows.items() if held == key), None)
        if index is None:  # the lowest free one
            index = next(i for i in range(len(self.rows) + 1) if i not in self.rows)
            self.rows[index] = key, row.copy()
            self.allocated, self.capacity = max(self.allocated, index + 1), grown_capacity(self.capacity, index)
        old, self.index[chunk_id] = self.index.get(chunk_id), index
        self._free(old)
        return index

    def _free(self, index):
        if index is not None and index not in self.index.values():
            del self.rows[index]

    def _drop(self, ids):
        present = [chunk_id for chunk_id in (self.index if ids is None else ids) if chunk_id in self.index]
        for chunk_id in present:
            self._free(self.index.pop(chunk_id))
        return len(present)

    def _find(self, ids):
        return np.array([self.index.get(chunk_id, -1) for chunk_id in ids], np.int64)

    def _refcounts(self, indices):
        return np.array([list(self.index.values()).count(index) for index in indices.tolist()], np.int64)

    def _rows(self, indices, out):
        out[:] = [self.rows[index][1] for index in indices.tolist()]

    def _scan(self):
        indices = np.array(list(self.index.values()), np.int64)
        return Layout(list(self.index), indices, None, self.allocated, self.capacity)

    def _size(self):
        return Size(len(self.rows), len(self.index), self.allocated, self.capacity)


@hookimpl
def refvec_backend():
    return BackendPlugin(DictVectorStore)
