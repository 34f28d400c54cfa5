"""Files that are larger than the memory that an export or import may take."""

import os
import subprocess
import sys

import numpy as np
import pytest
from refvec import VectorStore

ROWS, DIMENSION = 15_000, 1024  # 61 MB of floats
BEYOND = 32 * 2**20  # of address space, beside what the process has before

START = """
for line in open("/proc/self/status"):
    if line.startswith("VmSize:"):
        held = 1024 * int(line.split()[1])
resource.setrlimit(resource.RLIMIT_AS, (held + BEYOND, held + BEYOND))
"""

CHILD = (
    """
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
"""
    + START
    + """
print(export_store(source, target), read(target))
"""
)

COPY = (
    """
import resource, sys
from refvec.transfer import copy_store
warm, source = sys.argv[1:]
for as_file in (False, True):
    copy_store(warm, f"warm-copy-of-{source}-{as_file}", as_file=as_file)
"""
    + START
    + """
for as_file in (False, True):
    print(copy_store(source, f"copy-of-{source}-{as_file}", as_file=as_file).ids)
"""
)

PAYLOADS = (
    """
import resource, sys
from refvec import VectorStore
from refvec.transfer import copy_store
warm, source = sys.argv[1:]
for target in ("new", "there"):
    VectorStore(2, path=f"{source}-{target}", backend="numpy").close()
    copy_store(warm, f"warm-{source}-{target}")
copy_store(warm, f"{source}-there")
"""
    + START
    + """
for target in ("beyond", "there"):
    print(copy_store(source, f"{source}-{target}", append=True, backend="numpy").payloads)
"""
)


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


@pytest.fixture(scope="module")
def texts(folder):
    """Stores with payloads: 40 MiB under ids with a vector, 40 under others, of which one is large."""
    rng = np.random.default_rng(0)
    with VectorStore(2, path=folder / "texts", backend="numpy") as store:
        for start in range(0, 80, 4):
            ids = [f"{number}" for number in range(start, start + 4)]
            store.payloads.put({one: rng.bytes(2**20) for one in ids})
            if start < 40:
                store.add_vectors(ids, [[number, 1] for number in range(start, start + 4)])
            store.flush()
        store.payloads.put({"large": rng.bytes(5 * 2**20)})
    with VectorStore(2, path=folder / "warm-texts", backend="numpy") as store:
        store.payloads.put({"warm": b"text", "warmer": b"text"})
        store.add_vector("warm", [1, 2])
    return folder


def run(folder, code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code.replace("BEYOND", str(BEYOND)), *arguments],
        cwd=folder,
        env=os.environ | {"MALLOC_ARENA_MAX": "1"},  # a thread's own arena is address space, and no memory
        capture_output=True,
        text=True,
        check=False,
    )


linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the size of a process is read from /proc"
)


@linux
@pytest.mark.parametrize("source", ["large", "saved"])
@pytest.mark.parametrize("end", ["npy", "safetensors"])
def test_vectors_are_never_all_in_memory(folder, source, end):
    done = run(folder, CHILD, "warm", source, f"{source}.{end}")
    assert done.stdout.split() == [str(ROWS), str(ROWS)], done.stderr


@linux
@pytest.mark.parametrize("source", ["large", "saved"])
def test_copies_never_have_all_vectors_in_memory(folder, source):
    done = run(folder, COPY, "warm", source)
    assert done.stdout.split() == [str(ROWS), str(ROWS)], done.stderr


@linux
def test_copies_never_have_all_payloads_in_memory(texts):
    done = run(texts, PAYLOADS, "warm-texts", "texts")
    assert done.stdout.split() == ["81", "81"], done.stderr
