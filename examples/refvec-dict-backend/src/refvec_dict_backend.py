"""A whole refvec backend: how rows are kept in a dict; everything else is inherited."""

import operator

import numpy as np
from refvec import BackendPlugin, Capabilities, InProcessVectorStore, hookimpl


class DictVectorStore(InProcessVectorStore):
    backend = "dict"
    capabilities = Capabilities(
        search=True,
        durable=True,
        thread_safe=True,
        dense_indices=True,
        ordered_ids=True,
        atomic_batch=True,
        interrupt_safe=True,
    )

    def _empty(self, dimension):
        self.rows = {}  # index -> vector

    # What is to be done is returned as calls: they are made later, in one go, when nothing can fail any more.

    def _storing(self, indices, rows):
        return [(operator.ior, self.rows, dict(zip(indices.tolist(), rows.copy())))]

    def _erasing(self, indices):
        gone = list(self.rows) if indices is None else indices
        return [(operator.delitem, self.rows, index) for index in gone]

    def _reading(self, indices):
        return np.array([self.rows[index] for index in indices.tolist()])


@hookimpl
def refvec_backend():
    return BackendPlugin(DictVectorStore)
