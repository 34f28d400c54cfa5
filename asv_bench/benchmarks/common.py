"""What the benchmarks share: the backends to compare, sizes, data, and stores that are filled."""

from __future__ import annotations

import os
import uuid
from functools import lru_cache
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from refvec import RefvecError, VectorStore, backends

SMALL = bool(os.environ.get("REFVEC_BENCH_SMALL"))  # the smoke test: everything once, a hundredth of the size
BACKENDS = [row.name for row in backends() if row.error is None]
DIMENSIONS = [128, 384, 1536]
DIMENSION = 384
SLOW = 0.05  # seconds for one query: scanning 10,000 in Python takes five times as long, in C a tenth

Rows = NDArray[np.float32]


class Benchmark:
    """How long asv measures a benchmark: a few samples, at most half a second of them."""

    timeout = 60
    rounds = 1
    repeat = (3, 10, 0.3)
    warmup_time = 0.02


class Changing(Benchmark):
    """Benchmarks that change the store: asv calls ``setup`` anew for each sample."""

    number = 1
    warmup_time = 0.0


def size(count: int) -> int:
    """Return `count`, or a hundredth of it in the smoke test."""
    return max(4, count // 100) if SMALL else count


def sizes(*counts: int) -> list[int]:
    """Return `counts` for use as a parameter, shrunk in the smoke test."""
    return sorted({size(count) for count in counts})


@lru_cache(maxsize=8)
def ids(count: int) -> list[str]:
    """Return `count` ids: UUIDs as text, the same in each process."""
    rng = np.random.default_rng(2)
    return [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(count)]


@lru_cache(maxsize=8)
def rows(count: int, dimension: int, duplicates: float = 0.0) -> Rows:
    """Return `count` vectors, a share of which, `duplicates`, are copies of others, in random order."""
    rng = np.random.default_rng(1)
    unique = max(1, round(count * (1 - duplicates)))
    made = rng.standard_normal((unique, dimension), dtype=np.float32)
    if unique == count:
        return made
    copies = made[rng.integers(unique, size=count - unique)]
    return rng.permutation(np.concatenate([made, copies]))


def opened(backend: str, dimension: int) -> VectorStore:
    """Return an empty store; a backend that cannot have one is not measured (asv shows n/a)."""
    try:
        return VectorStore(dimension, backend=backend)
    except RefvecError as error:
        raise NotImplementedError(str(error)) from error


def fresh(backend: str, count: int, dimension: int, duplicates: float = 0.0) -> VectorStore:
    """Return a store of its own with `count` ids, for benchmarks that change it."""
    store = opened(backend, dimension)
    if count:
        store.add_vectors(ids(count), rows(count, dimension, duplicates))
    return store


@lru_cache(maxsize=4)
def filled(backend: str, count: int, dimension: int, duplicates: float = 0.0) -> VectorStore:
    """Return a store that all of a process share, for reading only: asv calls ``setup`` for every call."""
    return fresh(backend, count, dimension, duplicates)


@lru_cache(maxsize=8)
def seconds_a_query(store: VectorStore) -> float:
    """Return how long one query takes, the better of two."""
    query = rows(len(store), store.dimension)[0]

    def once() -> float:
        start = perf_counter()
        store.search(query, 10)
        return perf_counter() - start

    return min(once(), once())


def searchable(backend: str, count: int, dimension: int, queries: int = 1) -> VectorStore:
    """Return a filled store to search in, unless the backend cannot, or would take seconds."""
    store = filled(backend, count, dimension)
    if not store.capabilities.search:
        raise NotImplementedError(f"{backend} does not search")
    if queries > 1 and seconds_a_query(store) > SLOW:
        raise NotImplementedError("takes seconds, and tells nothing that one query does not")
    return store


def add_each(store: VectorStore, chunk_ids: list[str], vectors: Rows) -> None:
    """Add vectors one by one."""
    for chunk_id, vector in zip(chunk_ids, vectors, strict=True):
        store.add_vector(chunk_id, vector)
