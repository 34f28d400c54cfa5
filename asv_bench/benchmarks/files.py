"""Saving a store to one file, and loading it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from refvec import VectorStore

from .common import BACKENDS, DIMENSION, Benchmark, filled, size

COUNT = size(5_000)


class File(Benchmark):
    """A file of 5,000 x 384, a third of them duplicates."""

    params = (BACKENDS,)
    param_names = ("backend",)

    def setup(self, backend):
        store = filled(backend, COUNT, DIMENSION, 1 / 3)
        self.folder = Path(tempfile.mkdtemp(prefix="refvec-bench-"))
        self.store, self.path = store, self.folder / "store.refvec"
        self.store.save(self.path)

    def teardown(self, backend):
        shutil.rmtree(self.folder)

    def time_save(self, backend):
        self.store.save(self.path)

    def time_load(self, backend):
        VectorStore.load(self.path, backend=backend)

    def peakmem_load(self, backend):
        VectorStore.load(self.path, backend=backend)
