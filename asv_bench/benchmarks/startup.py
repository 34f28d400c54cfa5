"""What a process pays before its first vector: the import, the first store, and the next ones."""

from __future__ import annotations

from .common import BACKENDS, DIMENSION, Benchmark, opened, size

STORES = size(100)


class Import(Benchmark):
    """In a process of its own, which has imported numpy already: refvec needs it anyway."""

    repeat = 7

    def timeraw_import_numpy(self):
        return "import numpy"

    def timeraw_import_refvec(self):
        return "import refvec", "import numpy"


class FirstStore(Benchmark):
    """The first store of a process: looking for backends, and importing the one that is asked for."""

    params = (BACKENDS,)
    param_names = ("backend",)
    repeat = 7

    def setup(self, backend):
        opened(backend, DIMENSION).close()

    def timeraw_first_store(self, backend):
        return f"VectorStore({DIMENSION}, backend={backend!r})", "from refvec import VectorStore"


class Open(Benchmark):
    """Every store but the first."""

    params = (BACKENDS,)
    param_names = ("backend",)

    def setup(self, backend):
        opened(backend, DIMENSION).close()

    def time_open_100(self, backend):
        for _ in range(STORES):
            opened(backend, DIMENSION)
