"""Stores in servers beside plain pipelines of redis-py: ``nox -s servers``, or ``servers.py --help``.

One client process, on a throw-away cluster of this machine. The store and the
pipelines take turns; a figure is the median over the rounds, and so is the
ratio of the two.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
from plain_pipeline import Plain
from refvec import VectorStore
from refvec_redis.cluster import HOST, LocalCluster
from servers_growing import grow, taken

DIMENSION, BUCKETS = 384, 256
Engine = Callable[[list[str], np.ndarray], Any]


class Data:
    """New ids and rows, as often as asked for."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(1)

    def more(self, count: int) -> tuple[list[str], np.ndarray]:
        """Return so many that nobody has had."""
        raw = self._rng.bytes(16 * count)
        names = [str(uuid.UUID(bytes=raw[at : at + 16])) for at in range(0, len(raw), 16)]
        return names, self._rng.standard_normal((count, DIMENSION), np.float32)


def plain_adding(plain: Plain, names: list[str], rows: np.ndarray, step: int) -> Callable[[], None]:
    """Return what adds them in batches; the bytes are made before."""
    blobs = [row.tobytes() for row in rows]
    digests = [hashlib.blake2b(blob, digest_size=16).digest() for blob in blobs]
    ids = [name.encode() for name in names]

    def add() -> None:
        for at in range(0, len(ids), step):
            plain.add(ids[at : at + step], digests[at : at + step], blobs[at : at + step])

    return add


def add_singly(store: VectorStore, names: list[str], rows: np.ndarray) -> None:
    """Add them one by one."""
    for name, row in zip(names, rows, strict=True):
        store.add_vector(name, row)


def round_of(
    store: VectorStore, plain: Plain, data: Data, some: int, many: int
) -> dict[str, tuple[float, float]]:
    """Return for each step how many vectors a second the store and the pipelines do."""
    one, two = data.more(some), data.more(some)
    three, four = data.more(many), data.more(many)
    keys = [name.encode() for name in four[0]]
    few = three[0][:some]
    times = {
        "added one by one": (
            some,
            taken(lambda: add_singly(store, *one)),
            taken(plain_adding(plain, *two, step=1)),
        ),
        "added in batches": (
            many,
            taken(lambda: store.add_vectors(*three)),
            taken(plain_adding(plain, *four, step=many)),
        ),
        "read in batches": (
            many,
            taken(lambda: store.get_vectors(three[0])),
            taken(lambda: plain.get(keys)),
        ),
        "read one by one": (
            some,
            taken(lambda: [store.get_vector(name) for name in few]),
            taken(lambda: [plain.get([key]) for key in keys[:some]]),
        ),
        "removed in batches": (
            many,
            taken(lambda: store.remove_vectors(three[0])),
            float("nan"),
        ),
    }
    return {step: (count / ours, count / theirs) for step, (count, ours, theirs) in times.items()}


def compare(url: str, port: int, rounds: int, some: int, many: int) -> None:
    """Print the table."""
    data = Data()
    plain = Plain(HOST, port, BUCKETS, 1)
    with VectorStore(DIMENSION, path=f"{url}compared?buckets={BUCKETS}") as store:
        round_of(store, plain, data, 20, 100)
        found = [round_of(store, plain, data, some, many) for _ in range(rounds)]
        store.drop()
    print(f"| {some} and {many:,} vectors, {rounds} rounds | refvec | plain pipeline | time / plain |")
    print("|---|---|---|---|")
    for step in found[0]:
        ours, theirs = ([one[step][which] for one in found] for which in (0, 1))
        ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
        shown = [f"{statistics.median(one):,.0f}/s" for one in (ours, theirs)] + [f"{ratio:.2f}"]
        print(f"| {step} | {' | '.join('' if 'nan' in cell else cell for cell in shown)} |")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--some", type=int, default=300, help="vectors that go one by one, in a round")
    parser.add_argument("--many", type=int, default=1000, help="vectors of a batch")
    parser.add_argument("--grow", type=int, help="fill a store with so many, and look what that costs")
    options = parser.parse_args()
    with LocalCluster() as cluster:
        if options.grow:
            marks = [options.grow // 10, options.grow // 2, options.grow]
            grow(cluster, Data().more, DIMENSION, marks, BUCKETS)
            return
        compare(cluster.url, cluster.ports[0], options.rounds, options.some, options.many)


if __name__ == "__main__":
    main()
