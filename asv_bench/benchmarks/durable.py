"""Durable stores: opening one, the first answers of it, and flushes; where the backend has them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from refvec import RefvecError, VectorStore

from .common import BACKENDS, DIMENSION, Changing, ids, rows, size

COUNT = size(10_000)
FEW = size(100)


class Durable(Changing):
    """A store of 10,000 x 384 in a directory."""

    params = (BACKENDS,)
    param_names = ("backend",)

    def setup(self, backend):
        self.folder = Path(tempfile.mkdtemp(prefix="refvec-bench-"))
        self.ids, self.rows = ids(COUNT + FEW), rows(COUNT + FEW, DIMENSION)
        try:
            self.store = VectorStore(DIMENSION, backend=backend, path=self.folder)
        except RefvecError as error:
            shutil.rmtree(self.folder)
            raise NotImplementedError(str(error)) from error
        self.store.add_vectors(self.ids[:COUNT], self.rows[:COUNT])

    def teardown(self, backend):
        self.store.close(flush=False)
        shutil.rmtree(self.folder)


class Flush(Durable):
    """Everything at once: none of it was flushed before."""

    def time_flush_10000(self, backend):
        self.store.flush()


class FlushFew(Durable):
    """A hundred new vectors, beside those that were flushed."""

    def setup(self, backend):
        super().setup(backend)
        self.store.flush()
        self.store.add_vectors(self.ids[COUNT:], self.rows[COUNT:])

    def time_flush_100(self, backend):
        self.store.flush()


class Open(Durable):
    """Opening a store of 10,000, and then the first answer."""

    def setup(self, backend):
        super().setup(backend)
        self.store.close()

    def time_open_10000(self, backend):
        self.store = VectorStore(path=self.folder, backend=backend)

    def time_open_10000_and_get(self, backend):
        self.store = VectorStore(path=self.folder, backend=backend)
        self.store.get_vector(self.ids[0])

    def time_open_10000_and_search(self, backend):
        self.store = VectorStore(path=self.folder, backend=backend)
        self.store.search(self.rows[0], 10)
