"""A store in servers as it grows, beside one that stays small: ``nox -s servers -- --grow 1000000``.

A million vectors need 5 GB of memory: each is on a master and on a replica.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from refvec import VectorStore
from refvec_redis.cluster import LocalCluster

BATCH, ONES, SMALL, ROUNDS = 4096, 100, 10_000, 7
Make = Callable[[int], tuple[list[str], np.ndarray]]
STEPS = ("added in batches", "one by one", "read in batches", "one by one", "removed in batches")


def grow(cluster: LocalCluster, make: Make, dimension: int, marks: list[int], buckets: int) -> None:
    """Fill a store, and print at every mark what the operations cost there."""
    address = f"{cluster.url}NAME?buckets={buckets}&timeout=120"
    empty, count = _memory(cluster), 0
    with VectorStore(dimension, path=address.replace("NAME", "growing")) as store:
        print("| vectors | bytes a vector: masters | replicas | filled at | " + " | ".join(STEPS) + " |")
        for mark in marks:
            begun = time.perf_counter()
            for start in range(count, mark, BATCH):
                store.add_vectors(*make(min(BATCH, mark - start)))
            filled = (mark - count) / (time.perf_counter() - begun)
            count = mark
            memory = [(now - then) / count for now, then in zip(_memory(cluster), empty, strict=True)]
            with VectorStore(dimension, path=address.replace("NAME", "small")) as small:
                small.add_vectors(*make(SMALL))
                beside = _beside(store, small, make)
                small.drop()
            shown = " | ".join(f"{rate:,.0f}/s, {ratio:.2f}" for rate, ratio in beside)
            print(
                f"| {count:,} | {memory[0]:,.0f} | {memory[1]:,.0f} | {filled:,.0f}/s | {shown} |", flush=True
            )
        _search(store, make)
        store.drop()


def _beside(store: VectorStore, small: VectorStore, make: Make) -> list[tuple[float, float]]:
    """Return for every step the rate of the one store, and its time as a multiple of that of the other."""
    rounds = [(_times(store, make), _times(small, make)) for _ in range(ROUNDS)]
    sizes = (BATCH, ONES, BATCH, ONES, BATCH)
    return [
        (
            size / statistics.median(one[step] for one, _ in rounds),
            statistics.median(one[step] / two[step] for one, two in rounds),
        )
        for step, size in enumerate(sizes)
    ]


def _times(store: VectorStore, make: Make) -> list[float]:
    (many, rows), (singles, few) = make(BATCH), make(ONES)
    times = [
        taken(lambda: store.add_vectors(many, rows)),
        taken(lambda: [store.add_vector(*pair) for pair in zip(singles, few, strict=True)]),
        taken(lambda: store.get_vectors(many)),
        taken(lambda: [store.get_vector(name) for name in singles]),
        taken(lambda: store.remove_vectors(many)),
    ]
    store.remove_vectors(singles)
    return times


def _memory(cluster: LocalCluster) -> tuple[float, float]:
    texts = [cluster.ask(port, b"INFO", b"memory") for port in cluster.ports]
    used = [float(text.split(b"used_memory:")[1].split()[0]) for text in texts]
    return sum(used[: cluster.masters]), sum(used[cluster.masters :])


def _search(store: VectorStore, make: Make) -> None:
    _, queries = make(1)
    first = taken(lambda: store.search(queries[0], 10))
    second = statistics.median(taken(lambda: store.search(queries[0], 10)) for _ in range(7))
    store.add_vectors(*make(1000))
    after = taken(lambda: store.search(queries[0], 10))
    print(f"\nfirst search {first:.1f} s, then {second * 1000:.0f} ms, after 1,000 adds {after * 1000:.0f} ms")


def taken(call: Callable[[], Any]) -> float:
    """Return how many seconds a call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
