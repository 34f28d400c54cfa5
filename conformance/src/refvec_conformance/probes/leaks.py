"""Cycles that must not grow the process (CONFORMANCE 13).

Run as a program, ``python -m refvec_conformance.probes.leaks BACKEND CYCLE``, it prints how
many bytes the process grew by after it had warmed up.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import gc
import inspect
import os
import pickle
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
from refvec import UnsupportedError

from ..judging.target import Target, resolved

DIMENSION = 256
ROWS = np.arange(200 * DIMENSION, dtype=np.float32).reshape(200, DIMENSION)
IDS = [f"an id that is long enough to be noticed {one}" for one in range(200)]
WARM_UP, CYCLES = 30, 120
# One cycle moves 200 kB: a cycle that loses its vectors grows the process by 24 MB in a window.
ALLOWED = 6_000_000
WINDOWS = 3


def resident() -> int:
    """Return the bytes of memory that the process holds."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class Cycles:
    """What is done over and over again, each leaving the stores as they were."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.store, self.full = target.open(DIMENSION), target.open(DIMENSION)
        self.full.add_vectors(IDS, ROWS)
        self.blob = pickle.dumps(self.full)

    def add_and_remove(self) -> None:
        """Use slots and free them one by one."""
        self.store.add_vectors(IDS, ROWS)
        self.store.remove_vectors(IDS)

    def add_and_clear(self) -> None:
        """Use slots and free them at once."""
        for chunk_id, row in zip(IDS, ROWS, strict=True):
            self.store.add_vector(chunk_id, row)
        self.store.clear()

    def open_and_close(self) -> None:
        """Close a store with vectors in it."""
        with self.target.open(DIMENSION) as other:
            other.add_vectors(IDS, ROWS)

    def open_and_drop(self) -> None:
        """Let go of a store with vectors in it."""
        self.target.open(DIMENSION).add_vectors(IDS, ROWS)

    def upsert(self) -> None:
        """Replace every vector, and back."""
        self.full.upsert_vectors(IDS, ROWS + 1)
        self.full.upsert_vectors(IDS, ROWS)

    def failed_add(self) -> None:
        """Fail at each of the checks."""
        for ids, rows in (
            (IDS, ROWS),
            ([*IDS[:-1], None], ROWS),
            (IDS, ROWS.astype(bool)),
            (IDS, ROWS[:-1]),
        ):
            with contextlib.suppress(TypeError, ValueError):
                self.full.add_vectors(ids, rows)  # type: ignore[arg-type]

    def read(self) -> None:
        """Look up everything in every way."""
        self.full.snapshot()
        self.full.get_vectors(IDS)
        self.full.get_vectors_by_indices(self.full.indices())
        list(self.full.iter_batches(50))

    def search(self) -> None:
        """Search, with and without `within`."""
        with contextlib.suppress(UnsupportedError):
            self.full.search(ROWS[:1], 10)
            self.full.search(ROWS[0], 10, within=IDS[:20])

    def duplicate(self) -> None:
        """Copy and pickle."""
        copy.copy(self.full)
        pickle.dumps(self.full)
        pickle.loads(self.blob)  # noqa: S301 - our own bytes


NAMES = [name for name in vars(Cycles) if not name.startswith("_")]


def title(name: str) -> str:
    """Return what a cycle does, as a phrase."""
    return str(getattr(Cycles, name).__doc__).rstrip(".").lower()


def source(name: str) -> str:
    """Return the statements of a cycle."""
    lines = textwrap.dedent(inspect.getsource(getattr(Cycles, name))).splitlines()
    return "\n".join(["A round is:", *lines[2:]])


def growth(cycle: Callable[[], object]) -> int:
    """Return by how many bytes the process grows over `CYCLES` cycles, once it has warmed up.

    A leak grows every window of so many cycles alike. What an allocator, or a
    cache of limited size, fills up once and keeps is no leak: so a window that
    grew too much is followed by another, and the least growth counts.
    """
    for _ in range(WARM_UP):
        cycle()
    found: list[int] = []
    while not found or (min(found) > ALLOWED and len(found) < WINDOWS):
        before = _settled()
        for _ in range(CYCLES):
            cycle()
        found.append(_settled() - before)
    return min(found)


def _settled() -> int:
    """Return the bytes that the process holds, without what is garbage or free and not given back."""
    gc.collect()
    _trim()
    return resident()


def _trim() -> None:
    """Have the C library give free memory back, where it can (glibc)."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)


def main(spelling: str, name: str) -> None:
    """Print the growth of one cycle."""
    with resolved(spelling) as target:
        print(growth(getattr(Cycles(target), name)))


if __name__ == "__main__":
    main(*sys.argv[1:])
