"""Make what is kept here: the keys of a store in servers as this version lays them out, and what it holds.

Usage: ``python redis_backend/tests/kept/make.py``, when the format has got a new number and before that is
released. What was released is never made again: every later version opens it (docs/upgrading.md).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from refvec import VectorStore
from refvec_redis.cluster import LocalCluster
from refvec_redis.founding import FORMAT

HERE = Path(__file__).parent
NAME = "kept"
READ = {b"hash": (b"HGETALL",), b"zset": (b"ZRANGE", b"0", b"-1", b"WITHSCORES")}
Key = list[Any]  # name, type, [[field, value], ...]; bytes as hexadecimal digits


def url(cluster: LocalCluster, options: str = "") -> str:
    """Return where the store is, on a single server."""
    return f"{cluster.url}{NAME}?replicas=0{options}"


def fill(store: VectorStore) -> None:
    """Give it shared and free slots, odd ids and components, and an id that moved."""
    rows = np.array([[1, -0.0, np.nan], [np.inf, 1e-30, -3], [0, 0, 0]], np.float32)
    for name, row in (("a", 0), ("ö 漢 \U0001f600", 1), ("a\n", 0), ("gone", 2), ("last", 1)):
        store.add_vector(name, rows[row])
    store.upsert_vector("a", rows[1])
    store.remove_vector("gone")


def holds(store: VectorStore) -> dict[str, Any]:
    """Return what it holds, in values that JSON has."""
    ids = sorted(store.ids())
    rows = store.get_vectors(ids)
    return {
        "rows": {name: row.astype("<f4").tobytes().hex() for name, row in zip(ids, rows, strict=True)},
        "shared": sorted(sorted(store.ids_at(int(index))) for index in store.snapshot().indices),
        "settings": [store.dimension, store.precision, len(store), store.total_references],
    }


def taken(cluster: LocalCluster) -> list[Key]:
    """Return all keys of a server."""
    (port,) = cluster.ports
    found = []
    for key in sorted(cluster.ask(port, b"KEYS", b"*")):
        kind = cluster.ask(port, b"TYPE", key)
        assert cluster.ask(port, b"PTTL", key) == -1, "a key that goes away by itself cannot be kept"
        verb, *rest = READ[kind]
        flat = [one.hex() for one in cluster.ask(port, verb, key, *rest)]
        found.append([key.hex(), kind.decode(), sorted(zip(flat[::2], flat[1::2], strict=True))])
    return found


def put_back(cluster: LocalCluster, keys: list[Key]) -> None:
    """Write keys into a server as they were."""
    (port,) = cluster.ports
    for key, kind, pairs in keys:
        for field, value in pairs:
            one, other = bytes.fromhex(field), bytes.fromhex(value)
            change = (b"HSET", one, other) if kind == "hash" else (b"ZADD", other, one)
            cluster.ask(port, change[0], bytes.fromhex(key), *change[1:])


def main() -> None:
    """Write the file."""
    with LocalCluster(1, 0) as cluster, VectorStore(3, path=url(cluster, "&buckets=2"), precision=3) as store:
        fill(store)
        content = {"holds": holds(store), "keys": taken(cluster)}
    (HERE / f"servers-{FORMAT}.json").write_text(json.dumps(content) + "\n", "utf-8")


if __name__ == "__main__":
    main()
