"""Compactions that are killed at every point (DUR-1), and readers that open in the middle of one.

Run as a program, ``python -m refvec_conformance.probes.compacting BACKEND SEED POINTS``, it prints
what was wrong with the stores that they left.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from refvec import RefvecError, VectorStore
from refvec.durable.catalog import Catalog, Content

from ..judging.target import Target, resolved
from .crashing import killed
from .durability import flushes, folder, held, kept, names_in
from .journals import step
from .seam import Points, operations, points_of

FILES = {"catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm", "head", "writer.lock"}
DIMENSION = 64
COUNT = 4000
ROWS = np.random.default_rng(8).standard_normal((COUNT, DIMENSION), np.float32)
IDS = [f"{n}" for n in range(COUNT)]


def large(target: Target, place: Path) -> VectorStore:
    """Return a store of 1 MB, half of it freed: a part in the middle, and the end."""
    store = target.open(DIMENSION, path=place)
    store.add_vectors(IDS, ROWS)
    store.flush()
    store.remove_vectors(IDS[1000:2000] + IDS[3000:])
    return store


def worn(target: Target, path: Path, seed: int) -> VectorStore:
    """Return a store that has seen flushes, with free indices between others, and changes not flushed."""
    store = target.open(2, 2, path=path)
    for _ in flushes(store, seed, 5):
        pass
    store.upsert_vectors(["a", "b", "kept"], [[7, 8], [9, 10], [11, 12]])
    store.add_vectors([f"free {n}" for n in range(6)], np.arange(40, 52).reshape(6, 2))
    store.flush()
    store.remove_vectors([f"free {n}" for n in range(1, 6)])
    store.flush()
    step(np.random.default_rng(seed), store)
    store.add_vector("last", [-1, -1])
    return store


def row_files(path: Path) -> list[str]:
    """Return the names of the row files, drafts and leftovers too."""
    return [name for name in names_in(path) if name.startswith("rows-")]


def untidy(path: Path) -> str | None:
    """Return what is wrong with the files of a store, None if nothing is."""
    names = set(names_in(path)) - FILES
    if len(names) == 1 and re.fullmatch(r"rows-\d{8}\.f32", next(iter(names))):
        return None
    return f"there is {sorted(names)}"


def complaint(target: Target, path: Path, allowed: list[dict[str, Any]]) -> str | None:
    """Return what is wrong with a store whose compaction died, None if nothing is."""
    try:
        found = [kept(target, path), kept(target, path, "r+"), kept(target, path)]
        wrong = untidy(path)
        with target.open(path=path) as store:
            store.compact()
        found.append(kept(target, path, "r+"))
    except (RefvecError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    if found[0] not in allowed or any(one != found[0] for one in found):
        return "it holds something else"
    return wrong or untidy(path)


def at_points(target: Target, place: Path, seed: int, most: int) -> list[str]:
    """Kill a compaction at points of its protocol."""
    with operations(), worn(target, place / "whole", seed) as store:
        flushed, wanted = kept(target, place / "whole"), held(store)
        count = points_of(store.compact)
    chosen = range(count) if count <= most else np.random.default_rng(seed).permutation(count)[:most].tolist()
    found = []
    for point in chosen:
        path = place / f"point {point}"
        points = Points(point, lambda: os.kill(os.getpid(), signal.SIGKILL))

        def job(_: Callable[[int], object], path: Path = path, points: Points = points) -> None:
            with operations():
                store = worn(target, path, seed)
                with points.watching():
                    store.compact()

        _, dead = killed(job)
        wrong = complaint(target, path, [flushed, wanted]) if dead else "it was not killed"
        if wrong:
            found.append(f"killed at point {point} of {count}: {wrong}")
        shutil.rmtree(path, ignore_errors=True)
    return found


@contextmanager
def once_read(call: Callable[[], object]) -> Iterator[None]:
    """Call something after the catalog was read for the next time, before the rows are."""
    original, pending = Catalog.read, [call]

    def read(self: Catalog, **how: bool) -> Content:
        found = original(self, **how)
        if pending:
            pending.pop()()
        return found

    with mock.patch.object(Catalog, "read", read):
        yield


def main(spelling: str, seed: str, most: str) -> None:
    """Print the complaints about a backend."""
    signal.alarm(110)
    with resolved(spelling) as target, folder() as place:
        print(*at_points(target, place, int(seed), int(most))[:10], sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
