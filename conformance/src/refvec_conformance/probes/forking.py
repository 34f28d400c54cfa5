"""Forks while other threads are in the middle of a call (THREAD-1).

Run as a program, ``python -m refvec_conformance.probes.forking BACKEND COUNT``, it prints what
became of each child: "whole", "cut" if its store says that a step was cut in half, else what was wrong.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable

import numpy as np
from refvec import RefvecError, VectorStore

from ..judging.target import Target, resolved
from .concurrency import switching
from .memory import in_child

PATIENCE = 10  # seconds until a child counts as hanging
EXPECTED = {"whole", "cut"}
IDS = [f"id {one}" for one in range(400)]
ROWS = np.random.default_rng(1).standard_normal((len(IDS), 32), np.float32)
VERSIONS = [ROWS, ROWS + 1, ROWS + 2]


def whole(store: VectorStore) -> bool:
    """Return whether a store holds one of the versions and nothing else, however one looks."""
    seen = store.snapshot()
    held = store.get_vectors(IDS).tobytes()
    found = store.find_vector(seen.vectors[0])
    return seen.ids == IDS and held in [rows.tobytes() for rows in VERSIONS] and found == seen.indices[0]


def judged(target: Target, store: VectorStore) -> str:
    """Return what the store of the parent, and a new one, are like in a child."""
    other = target.open(2)
    other.add_vector("a", [1, 2])
    if target.capabilities.networked:
        return shared(store)
    try:
        if not whole(store):
            return "half of a step is served"
        store.upsert_vectors(IDS, VERSIONS[0])
        store.remove_vector(store.ids()[-1])
        store.add_vector(IDS[-1], VERSIONS[0][-1])
        if not whole(store):
            return "a later change went wrong"
    except RefvecError as error:
        return said(store, error)
    store.close()
    return "whole"


def shared(store: VectorStore) -> str:
    """Return what the store is like in a child that shares it with its parent, who writes on (NET-1)."""
    for at, row in enumerate(store.get_vectors(IDS)):
        if not any(np.array_equal(row, rows[at]) for rows in VERSIONS):
            return f"{IDS[at]!r} has a vector that nobody gave it"
    own = f"of {os.getpid()}"
    store.add_vector(own, ROWS[0] - 1)
    if not np.array_equal(store.get_vectors([own]), [ROWS[0] - 1]):
        return "the child's own vector is another"
    store.remove_vector(own)
    store.close()
    return "whole"


def said(store: VectorStore, error: RefvecError) -> str:
    """Return "cut" if the error tells of the fork, and so does every other call."""
    calls: list[Callable[[], object]] = [lambda: len(store), store.ids, lambda: store.get_vector(IDS[0])]
    calls += [lambda: store.add_vector("x", ROWS[0]), lambda: store.remove_vector(IDS[0]), store.clear]
    for call in calls:
        try:
            call()
        except RefvecError:
            continue
        return "some calls say that a step was cut, and others do not"
    store.close()
    return "cut" if "fork" in str(error) and store.closed else f"it raised {type(error).__name__}: {error}"


def children(target: Target, count: int) -> Counter[str]:
    """Fork so many times, or until one goes wrong, while threads write and read; return how they ended."""
    store, over = target.open(32), threading.Event()
    store.add_vectors(IDS, ROWS)

    def write() -> None:
        while not over.is_set():
            for rows in VERSIONS:
                store.upsert_vectors(IDS, rows)

    def read() -> None:
        while not over.is_set():
            store.get_vectors(IDS)
            store.snapshot()

    threads = [threading.Thread(target=one, daemon=True) for one in (write, write, read)]
    with switching(1e-5):
        for thread in threads:
            thread.start()
        found: Counter[str] = Counter()
        while found.total() < count and found.keys() <= EXPECTED:
            found[str(in_child(lambda: judged(target, store), PATIENCE))] += 1
        over.set()
        for thread in threads:
            thread.join()
    if not whole(store):
        found["the parent's store is no longer whole"] += 1
    return found


def main(spelling: str, count: str) -> None:
    """Print what became of the children of a backend."""
    signal.alarm(100)  # a parent that hangs is to be found out
    with resolved(spelling) as target:
        print(*sorted(children(target, int(count))), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
