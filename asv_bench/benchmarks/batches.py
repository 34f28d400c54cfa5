"""Batches of 1 to 1,000: what a call costs, and what each row in it costs."""

from __future__ import annotations

from .common import BACKENDS, DIMENSION, Benchmark, Changing, filled, fresh, ids, rows, size

COUNT = size(10_000)
BATCHES = [1, 10, 1_000]
ROWS = size(1_000)  # each benchmark handles 1,000 rows, in batches of the given size


def parts(sequence, batch):
    """Return the first 1,000 of `sequence` in batches."""
    return [sequence[start : min(start + batch, ROWS)] for start in range(0, ROWS, batch)]


class GetBatches(Benchmark):
    """1,000 rows of a full store, in batches of 1, 10 or 1,000."""

    params = (BACKENDS, BATCHES)
    param_names = ("backend", "batch")

    def setup(self, backend, batch):
        self.store = filled(backend, COUNT, DIMENSION)
        self.indices = parts(self.store.indices()[::-1], batch)
        self.ids = parts(ids(COUNT), batch)

    def time_get_by_indices(self, backend, batch):
        for part in self.indices:
            self.store.get_vectors_by_indices(part)

    def time_get_by_ids(self, backend, batch):
        for part in self.ids:
            self.store.get_vectors(part)


class ChangeBatches(Changing):
    """1,000 rows of a store of 10,000, in batches of 1, 10 or 1,000."""

    params = (BACKENDS, BATCHES)
    param_names = ("backend", "batch")

    def setup(self, backend, batch):
        self.store = fresh(backend, COUNT, DIMENSION)
        self.ids = parts(ids(COUNT), batch)
        self.new_ids = parts([f"new-{number}" for number in range(ROWS)], batch)
        self.rows = parts(rows(COUNT, DIMENSION) + 1, batch)

    def time_add(self, backend, batch):
        for part, vectors in zip(self.new_ids, self.rows, strict=True):
            self.store.add_vectors(part, vectors)

    def time_upsert(self, backend, batch):
        for part, vectors in zip(self.ids, self.rows, strict=True):
            self.store.upsert_vectors(part, vectors)

    def time_remove(self, backend, batch):
        for part in self.ids:
            self.store.remove_vectors(part)
