"""Files that are larger than the memory that an export or import may take."""

import os
import subprocess
import sys

import numpy as np
import pytest
from refvec import VectorStore

ROWS, DIMENSION = 15_000, 1024  # 61 MB of floats
BEYOND = 32 * 2**20  # of address space, beside what the process has before

CHILD = """
import resource, sys
import numpy as np
from refvec import VectorStore
from refvec.interchange import export_store, import_source, open_source

class Sink:
    '''A store that keeps nothing.'''
    dimension = None
    rows = flushed = 0
    def add_vectors(self, ids, vectors):
        self.rows += len(np.asarray(vectors, np.float32))
    def flush(self):
        self.flushed = self.rows

def read(path):
    with open_source(path) as source:
        sink = Sink()
        import_source(sink, source)
        return sink.flushed

warm, source, target = sys.argv[1:]
export_store(warm, "warm-" + target)  # what is imported and made once is not what is measured
read("warm-" + target)
for line in open("/proc/self/status"):
    if line.startswith("VmSize:"):
        held = 1024 * int(line.split()[1])
resource.setrlimit(resource.RLIMIT_AS, (held + BEYOND, held + BEYOND))
print(export_store(source, target), read(target))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(0)
    order = rng.integers(ROWS, size=ROWS)  # a third of the rows are never drawn, so many are of several ids
    with VectorStore(DIMENSION, path=folder / "large", backend="numpy") as store:
        rows = rng.standard_normal((ROWS, DIMENSION), np.float32)
        store.add_vectors([f"{row}" for row in range(ROWS)], rows[order])
        store.save(folder / "saved")
    with VectorStore(DIMENSION, path=folder / "warm", backend="numpy") as store:
        store.add_vectors(["a", "b", "c"], rows[[0, 1, 0]])
    return folder


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the size of a process is read from /proc")
@pytest.mark.parametrize("source", ["large", "saved"])
@pytest.mark.parametrize("end", ["npy", "safetensors"])
def test_vectors_are_never_all_in_memory(folder, source, end):
    done = subprocess.run(
        [sys.executable, "-c", CHILD.replace("BEYOND", str(BEYOND)), "warm", source, f"{source}.{end}"],
        cwd=folder,
        env=os.environ | {"MALLOC_ARENA_MAX": "1"},  # a thread's own arena is address space, and no memory
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [str(ROWS), str(ROWS)], done.stderr
