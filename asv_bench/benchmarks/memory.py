"""Memory, as the operating system counts it: a vector's share, growth, and the peak of a batch."""

from __future__ import annotations

import gc
from pathlib import Path

from .common import BACKENDS, DIMENSION, DIMENSIONS, Benchmark, add_each, ids, opened, rows, size

STATUS = Path("/proc/self/status")
COUNT = size(10_000)
SHARES = [0.0, 0.5]


def resident() -> int:
    """Return the resident bytes of this process; n/a where the system does not tell."""
    gc.collect()
    if not STATUS.exists():
        raise NotImplementedError("resident memory is read from /proc")
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS:"))
    return 1024 * int(line.split()[1])


class PerVector(Benchmark):
    """Resident bytes for each stored vector: a filled store, less what the process had before."""

    params = (BACKENDS, DIMENSIONS, SHARES)
    param_names = ("backend", "dimension", "duplicates")
    unit = "bytes"

    def setup(self, backend, dimension, duplicates):
        # Short vectors need more of them: pages and slack of the allocator shall count little.
        self.count = min(3 * COUNT, COUNT * 768 // dimension)
        self.ids, self.rows = ids(self.count), rows(self.count, dimension, duplicates)
        add_each(opened(backend, dimension), self.ids[:64], self.rows[:64])
        resident()

    def track_bytes_per_vector(self, backend, dimension, duplicates):
        before = resident()
        store = opened(backend, dimension)
        add_each(store, self.ids, self.rows)
        return max(0, resident() - before) / len(store)


class Growth(Benchmark):
    """What the second half of a store adds, for each vector: growth steps and their leftovers show here."""

    params = (BACKENDS,)
    param_names = ("backend",)
    unit = "bytes"

    def setup(self, backend):
        self.ids, self.rows = ids(2 * COUNT), rows(2 * COUNT, DIMENSION)
        self.store = opened(backend, DIMENSION)
        add_each(self.store, self.ids[:COUNT], self.rows[:COUNT])

    def track_growth_per_vector(self, backend):
        before = resident()
        add_each(self.store, self.ids[COUNT:], self.rows[COUNT:])
        return max(0, resident() - before) / COUNT

    def track_left_after_clear(self, backend):
        """Return what stays for each vector once all of them are removed and a new store is empty again."""
        before = resident()
        store = opened(backend, DIMENSION)
        add_each(store, self.ids, self.rows)
        store.clear()
        return max(0, resident() - before) / (2 * COUNT)


class Peak(Benchmark):
    """The most memory that the process had, Python, numpy and the input included: compare, don't add."""

    params = (BACKENDS, DIMENSIONS)
    param_names = ("backend", "dimension")

    def setup(self, backend, dimension):
        self.ids, self.rows = ids(COUNT), rows(COUNT, dimension)
        self.store = opened(backend, dimension)

    def peakmem_add_batch(self, backend, dimension):
        self.store.add_vectors(self.ids, self.rows)

    def peakmem_add_one_by_one(self, backend, dimension):
        add_each(self.store, self.ids, self.rows)
