"""A store in servers as it grows: ``nox -s servers -- --grow 1000000``; needs 5 GB of memory for a million."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from refvec import VectorStore
from refvec_redis.cluster import LocalCluster

BATCH, ONES = 4096, 300
Make = Callable[[int], tuple[list[str], np.ndarray]]


def grow(cluster: LocalCluster, make: Make, dimension: int, marks: list[int], buckets: int) -> None:
    """Fill a store, and print at every mark what the operations cost there."""
    with VectorStore(dimension, path=f"{cluster.url}growing?buckets={buckets}") as store:
        empty, count = _memory(cluster), 0
        print(
            "| vectors | added/s | one by one/s | read/s | one by one/s | bytes a vector: masters | replicas |"
        )
        print("|---|---|---|---|---|---|---|")
        for mark in marks:
            spent, filled = 0.0, 0
            while count < mark:
                names, rows = make(min(BATCH, mark - count))
                spent += _taken(lambda: store.add_vectors(names, rows))  # noqa: B023 - called here
                count, filled = count + len(names), filled + len(names)
            figures = [filled / spent, *_rates(store, make, names)]
            memory = [(now - then) / count for now, then in zip(_memory(cluster), empty, strict=True)]
            print(f"| {count:,} | {' | '.join(f'{one:,.0f}' for one in (*figures, *memory))} |", flush=True)
            count += ONES
        _search(store, make)
        store.drop()


def _rates(store: VectorStore, make: Make, names: list[str]) -> list[float]:
    singles, rows = make(ONES)
    adding = _taken(lambda: [store.add_vector(*pair) for pair in zip(singles, rows, strict=True)])
    reading = min(_taken(lambda: store.get_vectors(names)) for _ in range(3))
    getting = _taken(lambda: [store.get_vector(name) for name in singles])
    return [ONES / adding, len(names) / reading, ONES / getting]


def _memory(cluster: LocalCluster) -> tuple[float, float]:
    used = [
        float(cluster.ask(port, b"INFO", b"memory").split(b"used_memory:")[1].split()[0])
        for port in cluster.ports
    ]
    return sum(used[: cluster.masters]), sum(used[cluster.masters :])


def _search(store: VectorStore, make: Make) -> None:
    _, queries = make(1)
    first = _taken(lambda: store.search(queries[0], 10))
    second = min(_taken(lambda: store.search(queries[0], 10)) for _ in range(5))
    store.add_vectors(*make(1000))
    after = _taken(lambda: store.search(queries[0], 10))
    print(
        f"\nfirst search {first:.1f} s, then {second * 1000:.0f} ms, after 1,000 changes {after * 1000:.0f} ms"
    )


def _taken(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
