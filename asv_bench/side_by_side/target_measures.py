"""What `targets` measures: a function a figure, each run in a process of its own."""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from refvec import VectorStore
from refvec.cli.demo.memory import bytes_per_vector

Rows = NDArray[np.float32]
DIMENSION = 384


def rows(count: int, dimension: int = DIMENSION) -> Rows:
    """Return random vectors, the same in each process."""
    return np.random.default_rng(1).standard_normal((count, dimension), np.float32)


def ids(count: int) -> list[str]:
    """Return texts of UUIDs, the same in each process."""
    rng = np.random.default_rng(2)
    return [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(count)]


def filled(backend: str, count: int, dimension: int = DIMENSION) -> VectorStore:
    """Return a store with so many vectors."""
    store = VectorStore(dimension, backend=backend)
    store.add_vectors(ids(count), rows(count, dimension))
    return store


def once(call: Callable[[], Any]) -> float:
    """Return the seconds of a call."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def median(call: Callable[[], Any], rounds: int = 15) -> float:
    """Return the median seconds of some calls, after one that does not count."""
    call()
    return statistics.median(once(call) for _ in range(rounds))


def add_each(backend: str) -> float:
    """Return the milliseconds of 10,000 single adds, into a store that was full before."""
    store, chunk_ids, vectors = VectorStore(DIMENSION, backend=backend), ids(10_000), rows(10_000)

    def run() -> float:
        store.clear()
        return once(lambda: [store.add_vector(*pair) for pair in zip(chunk_ids, vectors, strict=True)])

    return 1e3 * statistics.median([run() for _ in range(8)][1:])


def duplicates(backend: str) -> float:
    """Return the milliseconds of 100 single adds of a vector that is there."""
    store, more, [vector] = filled(backend, 10_000), ids(10_100)[10_000:], rows(1)

    def run() -> float:
        found = once(lambda: [store.add_vector(one, vector) for one in more])
        store.remove_vectors(more)
        return found

    return 1e3 * statistics.median(run() for _ in range(50))


def get_each(backend: str) -> float:
    """Return the milliseconds of 1,000 single gets."""
    store, some = filled(backend, 10_000), ids(1_000)
    return 1e3 * median(lambda: [store.get_vector(one) for one in some], 50)


def get_batch(backend: str, by: str, count: int = 1_000) -> float:
    """Return the milliseconds of 100 gets of so many rows."""
    store, places = filled(backend, 10_000), np.random.default_rng(3).permutation(10_000)[:count]
    known = ids(10_000)
    if by == "ids":
        some = [known[place] for place in places]
        return 1e3 * median(lambda: [store.get_vectors(some) for _ in range(100)])
    listed: Any = places.tolist() if by == "list" else places
    return 1e3 * median(lambda: [store.get_vectors_by_indices(listed) for _ in range(100)])


def remove_each(backend: str) -> float:
    """Return the milliseconds of 1,000 single removals."""
    some = ids(1_000)

    def run() -> float:
        store = filled(backend, 10_000)
        return once(lambda: [store.remove_vector(one) for one in some])

    return 1e3 * statistics.median(run() for _ in range(9))


def add_batch(backend: str, count: int) -> float:
    """Return the milliseconds of one add of all; the median of stores after the first."""
    chunk_ids, vectors = ids(count), rows(count)

    def run() -> float:
        store = VectorStore(DIMENSION, backend=backend)
        return once(lambda: store.add_vectors(chunk_ids, vectors))

    return 1e3 * statistics.median([run() for _ in range(6)][1:])


def first_batch() -> float:
    """Return the milliseconds of the first add of 10,000 of a process, which has another store."""
    chunk_ids, vectors = ids(10_000), rows(10_000)
    filled("rust", 10)
    return 1e3 * once(lambda: VectorStore(DIMENSION, backend="rust").add_vectors(chunk_ids, vectors))


def first_copy() -> float:
    """Return the milliseconds of copying 10,000 rows to new memory."""
    vectors = rows(10_000)
    new = np.empty_like(vectors)
    return 1e3 * once(lambda: np.copyto(new, vectors))


def search(count: int, dimension: int = DIMENSION, metric: str = "dot", queries: int = 1) -> float:
    """Return the milliseconds of a search for ten, after the first eight."""
    store, wanted = filled("rust", count, dimension), rows(queries + 1, dimension)[1:]

    def run() -> object:
        return store.search(wanted if queries > 1 else wanted[0], 10, metric=metric)

    for _ in range(8):
        run()
    return 1e3 * median(run, 31)


def product(count: int, dimension: int, queries: int = 1) -> float:
    """Return the milliseconds of numpy's product alone, into memory that is there."""
    stored, wanted = rows(count, dimension), rows(queries, dimension)
    found = np.empty((queries, count), np.float32)
    return 1e3 * median(lambda: np.matmul(wanted, stored.T, out=found))


def empty() -> float:
    """Return the milliseconds of making 100 arrays of a row."""
    return 1e3 * median(lambda: [np.empty((1, DIMENSION), np.float32) for _ in range(100)], 50)


def within(kind: str) -> float:
    """Return the milliseconds of a search within 100,000 ids in random order, of 4 components."""
    store, some = filled("rust", 100_000, 4), ids(100_000)
    np.random.default_rng(3).shuffle(some)
    given = [uuid.UUID(one) for one in some] if kind == "uuid" else some
    query = rows(1, 4)[0]
    return 1e3 * median(lambda: store.search(query, 10, within=given))


def shared(with_ids: bool) -> float:
    """Return the milliseconds of a search whose hit is shared by a million ids."""
    store = VectorStore(4, backend="rust")
    store.add_vectors([str(number) for number in range(1_000_000)], np.broadcast_to(rows(1, 4), (1_000_000, 4)))
    return 1e3 * median(lambda: store.search(rows(1, 4)[0], 1, with_ids=with_ids), 5)


def child(*code: str) -> float:
    """Return the milliseconds of a new process, the median of 15."""
    return 1e3 * median(lambda: subprocess.run(code, check=True, stdout=subprocess.DEVNULL))


def first_store() -> float:
    """Return the milliseconds of the first store of a process, after the import."""
    return 1e3 * once(lambda: VectorStore(DIMENSION))


def saved(what: str) -> float:
    """Return the milliseconds of saving or loading 100,000, or of merely writing or hashing as many bytes."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        path, store = Path(folder, "saved"), filled("rust", 100_000)
        store.save(path)
        content = path.read_bytes()

        def write() -> None:
            with open(Path(folder, "written"), "wb", 0) as file:
                file.write(content)
                os.fsync(file.fileno())

        calls: dict[str, Callable[[], Any]] = {
            "save": lambda: store.save(path),
            "load": lambda: VectorStore.load(path, backend="rust"),
            "write": write,
            "hash": lambda: hashlib.sha256(content).digest(),
        }
        return 1e3 * median(calls[what], 7)


def pause(distinct: bool) -> float:
    """Return the milliseconds of the slowest single add between 1.7 and 1.9 million."""
    store, count = VectorStore(4, backend="rust"), 1_700_000
    vectors = rows(1_900_000, 4) if distinct else np.broadcast_to(rows(1, 4), (1_900_000, 4))
    store.add_vectors([_uuid(number) for number in range(count)], vectors[:count])
    later = [_uuid(number) for number in range(count, len(vectors))]
    slowest = 0.0
    for chunk_id, vector in zip(later, vectors[count:], strict=True):
        begun = time.perf_counter()
        store.add_vector(chunk_id, vector)
        slowest = max(slowest, time.perf_counter() - begun)
    return 1e3 * slowest


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def bytes_each(backend: str) -> float:
    """Return the resident bytes a vector, at 200,000."""
    return bytes_per_vector(backend, ids(200_000), rows(200_000))


COMMAND = (str(Path(sys.executable).with_name("refvec")), "--help")
LIBRARIES = "import typer, typer.rich_utils"
