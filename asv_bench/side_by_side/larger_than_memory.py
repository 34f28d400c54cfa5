"""A store whose rows do not fit in memory: ``nox -s larger-than-memory``, or this with ``--help``.

Processes in a control group of their own (Linux, as root) may have less memory
than the rows take. One fills a durable store, flushing now and then, another
opens it and uses it; without room the kernel kills them. What is held is what
is no page cache.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from refvec import VectorStore

DIMENSION, CHUNK = 384, 50_000
GROUP = "refvec-larger-than-memory"
# The folder of all groups, and the file of a group's limit: version 1, then version 2.
VERSIONS = (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"))


def held() -> float:
    """Return how many MiB of this process are no page cache."""
    lines = Path("/proc/self/smaps_rollup").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Anonymous:"))


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Say how long something took, and what is held then."""
    start = time.perf_counter()
    yield
    print(f"{what:34} {time.perf_counter() - start:9.3f} s   {held():7.0f} MiB held", flush=True)


def ids(start: int, count: int) -> list[uuid.UUID]:
    """Return the ids of some vectors, always the same."""
    raw = np.random.default_rng([1, start]).bytes(16 * count)
    return [uuid.UUID(bytes=raw[at : at + 16]) for at in range(0, len(raw), 16)]


def rows(start: int, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return some vectors, always the same."""
    return np.random.default_rng([2, start]).standard_normal((count, DIMENSION), np.float32)


def fill(path: Path, count: int) -> None:
    """Make the store, chunk by chunk."""
    with VectorStore(DIMENSION, backend="rust", path=path) as store:
        for start in range(0, count, CHUNK):
            store.add_vectors(ids(start, CHUNK), rows(start, CHUNK))
            store.flush()


def use(path: Path, count: int) -> None:
    """Open the store, read, search, change and flush it."""
    VectorStore(DIMENSION, backend="rust").add_vector("a", np.zeros(DIMENSION))  # imports what it needs
    before = held()
    with timed("open"):
        store = VectorStore(backend="rust", path=path)
    assert store.count == count
    print(f"{(held() - before) * 2**20 / count:46.1f} bytes held for a vector")
    some = [ids(start, CHUNK)[7] for start in range(0, count, CHUNK)]
    wanted = [rows(start, CHUNK)[7].copy() for start in range(0, count, CHUNK)]
    with timed(f"get {len(some)} vectors"):
        np.testing.assert_array_equal(store.get_vectors(some), wanted)
    with timed("search, which checks all rows"):
        assert store.search(wanted[0], k=3).ids[0] == (str(some[0]),)
    with timed("search"):
        assert store.search(wanted[-1], k=3).ids[0] == (str(some[-1]),)
    print(f"{(held() - before) * 2**20 / count:46.1f} bytes held for a vector")
    old = _spread(count)
    new, more = ids(count, len(old)), rows(count, len(old))
    with timed(f"remove {len(old)}, all over, and flush"):
        store.remove_vectors(old)
        store.flush()
    with timed("add as many, and flush"):
        store.add_vectors(new, more)
        store.flush()
    assert store.count == count
    with timed("close"):
        store.close()


def _spread(count: int) -> list[uuid.UUID]:
    each = 1000 // (count // CHUNK)
    return [one for start in range(0, count, CHUNK) for one in ids(start, CHUNK)[100 : 100 + each]]


@contextmanager
def group(limit: int) -> Iterator[Path]:
    """Make a control group with so many bytes of memory."""
    for root, name in VERSIONS:
        folder = Path(root, GROUP)
        if Path(root, "cgroup.procs").exists():
            folder.mkdir(exist_ok=True)
            try:
                if (folder / name).exists():
                    (folder / name).write_text(str(limit))
                    yield folder
                    return
            finally:
                folder.rmdir()
    sys.exit("there is no control group for memory that this user may write to")


def main() -> None:
    """Run the demonstration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=int, default=2_000_000, help=f"a multiple of {CHUNK:,}")
    parser.add_argument("--limit", type=float, default=2.0, help="GiB of memory")
    parser.add_argument("--folder", type=Path, help="where the store is made for the time; not in memory")
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--use", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fill is not None:
        with timed("fill, with a flush for each chunk"):
            fill(given.fill, given.vectors)
    elif given.use is not None:
        use(given.use, given.vectors)
    else:
        _both(given.vectors, given.limit, given.folder)


def _both(count: int, limit: float, folder: Path | None) -> None:
    size = count * DIMENSION * 4 / 2**30
    print(f"{size:.2f} GiB of rows, {limit:.2f} GiB of memory", flush=True)
    place = Path(tempfile.mkdtemp(dir=folder))
    try:
        with group(int(limit * 2**30)) as limited:
            for step in ("--fill", "--use"):
                command = [sys.executable, __file__, "--vectors", str(count), step, str(place / "store")]
                subprocess.run(command, check=True, preexec_fn=partial(_enter, limited))
    finally:
        shutil.rmtree(place)


def _enter(limited: Path) -> None:
    (limited / "cgroup.procs").write_text(str(os.getpid()))


if __name__ == "__main__":
    main()
