"""The table that this project began with: five operations on 10,000 x 384, and their total.

The seed published how much faster its Rust class was than its Python class;
the dashboard shows those ratios beside ours, so names and sizes stay as they are.
"""

from __future__ import annotations

import numpy as np

from .common import BACKENDS, DIMENSION, Changing, add_each, filled, fresh, ids, opened, rows, size

COUNT = size(10_000)
DUPLICATES = size(100)
SOME = size(1_000)
TIMES = size(100)


class SeedTable(Changing):
    """One method for each line of the table; parametrised by backend."""

    params = (BACKENDS,)
    param_names = ("backend",)
    rounds = 2  # two processes for each figure: where memory happens to lie differs between processes


def some_indices() -> list[int]:
    """Return the indices that batches get: 1,000 of 10,000, in no order."""
    return np.random.default_rng(3).permutation(COUNT)[:SOME].tolist()


class Add(SeedTable):
    """Into an empty store."""

    def setup(self, backend):
        self.store = opened(backend, DIMENSION)
        self.ids, self.rows = ids(COUNT), rows(COUNT, DIMENSION)

    def time_add_10000(self, backend):
        add_each(self.store, self.ids, self.rows)


class AddDuplicates(SeedTable):
    """Of a vector that the full store has already."""

    def setup(self, backend):
        self.store = fresh(backend, COUNT, DIMENSION)
        self.vector = rows(COUNT, DIMENSION)[0]
        self.ids = [f"duplicate-{number}" for number in range(DUPLICATES)]

    def time_add_100_duplicates(self, backend):
        for chunk_id in self.ids:
            self.store.add_vector(chunk_id, self.vector)


class Get(SeedTable):
    """From a full store."""

    warmup_time = 0.02

    def setup(self, backend):
        self.store = filled(backend, COUNT, DIMENSION)
        self.ids = ids(COUNT)[:SOME]
        self.indices = some_indices()

    def time_get_1000(self, backend):
        for chunk_id in self.ids:
            self.store.get_vector(chunk_id)

    def time_batch_get_1000_x100(self, backend):
        for _ in range(TIMES):
            self.store.get_vectors_by_indices(self.indices)

    def time_batch_get_1000_x100_by_ids(self, backend):
        for _ in range(TIMES):
            self.store.get_vectors(self.ids)


class Remove(SeedTable):
    """From a full store."""

    def setup(self, backend):
        self.store = fresh(backend, COUNT, DIMENSION)
        self.ids = ids(COUNT)[:SOME]

    def time_remove_1000(self, backend):
        for chunk_id in self.ids:
            self.store.remove_vector(chunk_id)


class Total(SeedTable):
    """All five, one after the other, on one store."""

    def setup(self, backend):
        self.store = opened(backend, DIMENSION)
        self.ids, self.rows = ids(COUNT), rows(COUNT, DIMENSION)
        self.more = [f"duplicate-{number}" for number in range(DUPLICATES)]
        self.indices = some_indices()

    def time_total(self, backend):
        store = self.store
        add_each(store, self.ids, self.rows)
        for chunk_id in self.more:
            store.add_vector(chunk_id, self.rows[0])
        for chunk_id in self.ids[:SOME]:
            store.get_vector(chunk_id)
        for _ in range(TIMES):
            store.get_vectors_by_indices(self.indices)
        for chunk_id in self.ids[:SOME]:
            store.remove_vector(chunk_id)
