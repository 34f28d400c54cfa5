"""Memory that cannot be had, method by method (ATOM-1, ATOM-2).

Run as a program, ``python -m refvec_conformance.probes.memory BACKEND METHOD``, it makes one
call under ever tighter limits of the address space, each in a child of its own,
and prints what was wrong with how it ended.
"""

from __future__ import annotations

import copy
import os
import pickle
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from refvec import VectorStore

from ..judging.target import Target, resolved
from .accounts import held

COUNT, DIMENSION = 1500, 64
PATIENCE = 30  # seconds until a child counts as hanging
STEPS = 8

_rng = np.random.default_rng(1)
IDS = [f"an id that takes memory {one}" for one in range(COUNT)]
ROWS = _rng.standard_normal((COUNT, DIMENSION), np.float32)
NEW = [f"another that takes memory {one}" for one in range(COUNT)]
OTHERS = ROWS + 1
INDICES = np.arange(COUNT)
OUT = np.empty_like(ROWS)
FOLDER = Path(tempfile.gettempdir(), f"refvec-memory-{os.getpid()}")

CHANGES: dict[str, Callable[[VectorStore], object]] = {
    "add_vector": lambda store: store.add_vector("new", OTHERS[0]),
    "add_vectors": lambda store: store.add_vectors(NEW, OTHERS),
    "add_vectors, shared": lambda store: store.add_vectors(NEW, ROWS),
    "upsert_vector": lambda store: store.upsert_vector(IDS[7], OTHERS[0]),
    "upsert_vectors": lambda store: store.upsert_vectors(IDS, OTHERS),
    "upsert_vectors, moved": lambda store: store.upsert_vectors(IDS, ROWS[::-1]),
    "remove_vector": lambda store: store.remove_vector(IDS[7]),
    "remove_vectors": lambda store: store.remove_vectors(IDS[: COUNT // 2]),
    "clear": lambda store: store.clear(),
}
READS: dict[str, Callable[[VectorStore], object]] = {
    "get_vector": lambda store: store.get_vector(IDS[0]),
    "get_vectors": lambda store: store.get_vectors(IDS),
    "get_indices": lambda store: store.get_indices(IDS),
    "get_vector_by_index": lambda store: store.get_vector_by_index(0),
    "get_vectors_by_indices": lambda store: store.get_vectors_by_indices(INDICES),
    "get_vectors_by_indices, out": lambda store: store.get_vectors_by_indices(INDICES, out=OUT),
    "get_all_vectors": lambda store: store.get_all_vectors(),
    "get_refcounts": lambda store: store.get_refcounts(INDICES),
    "ids": lambda store: store.ids(),
    "ids_at": lambda store: store.ids_at(0),
    "indices": lambda store: store.indices(),
    "find_vector": lambda store: store.find_vector(ROWS[-1]),
    "snapshot": lambda store: store.snapshot(),
    "iter_batches": lambda store: list(store.iter_batches(700)),
    "get_statistics": lambda store: store.get_statistics(),
    "repr": repr,
    "save": lambda store: store.save(FOLDER),
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}
SEARCHES: dict[str, Callable[[VectorStore], object]] = {
    "search": lambda store: store.search(ROWS[:2], COUNT),
    "search, without ids": lambda store: store.search(ROWS[:2], COUNT, with_ids=False),
    "search, within": lambda store: store.search(ROWS[0], COUNT, within=IDS),
}
METHODS = {**CHANGES, **READS, **SEARCHES}


def stock(target: Target) -> VectorStore:
    """Return a store with something in it, and something freed."""
    store = target.open(DIMENSION, 2)
    store.add_vectors([*IDS, "gone"], np.concatenate([ROWS, [ROWS[0] - 1]]))
    store.remove_vector("gone")
    return store


def content(store: VectorStore) -> tuple[object, ...]:
    """Return everything that a store holds."""
    if store.capabilities.networked:
        store.vacuum(0)  # a call that failed may leave what costs memory only (NET-5)
        return held(store), store.count, store.total_references
    seen = store.snapshot()
    rows = store.get_vectors(seen.ids).tobytes()
    found = [store.find_vector(row) for row in seen.vectors[::97]]
    counts = store.get_refcounts(seen.indices).tobytes()
    arrays = [one.tobytes() for one in seen[1:]]
    return seen.ids, arrays, rows, found, counts, store.get_statistics(), store.dimension


@contextmanager
def limited(extra: int) -> Iterator[None]:
    """Let the process have only so many bytes more than it uses."""
    import resource  # in here: see `refvec_conformance.judging.systems`

    ballast: list[object] = [None] * 2**16
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (used, hard))
    _load(ballast)
    resource.setrlimit(resource.RLIMIT_AS, (used + extra, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def _load(ballast: list[object]) -> None:
    """Take what the allocator kept of what was freed, and write nothing there: it would hide the limit."""
    place = 0
    for size in (2**20, 2**17, 2**14, 2**11):
        with suppress(MemoryError):
            while place < len(ballast):
                ballast[place] = np.empty(size, np.uint8)
                place += 1


class Trial:
    """One call on one store, made anew under each limit."""

    def __init__(self, target: Target, method: str) -> None:
        self._call = METHODS[method]
        self._store = stock(target)
        # The changes of a forked child would be there for the next one.
        self._shared = target.capabilities.networked and method in CHANGES
        # Whatever libraries make at the first use, for an error too, is there before the first limit: some of
        # it ends the process where it cannot be had.
        with suppress(MemoryError):
            np.empty(2**50)
        self._call(copy.copy(self._store))
        self._before = content(self._store)
        self._after = self._before
        if method in CHANGES:
            other = copy.copy(self._store)
            self._call(other)
            self._after = content(other)

    def complaint(self, extra: int) -> str | None:
        """Make the call under a limit; return what is wrong, "short" for too little memory, else None."""
        if not self._shared:
            return self._complaint(self._store, extra)
        with copy.copy(self._store) as own:
            return self._complaint(own, extra)

    def _complaint(self, store: VectorStore, extra: int) -> str | None:
        expected, found = self._after, None
        with limited(extra):
            try:
                self._call(store)
            except MemoryError:
                expected, found = self._before, "short"
            except BaseException as error:
                return f"it raised {type(error).__name__}: {error!s:.200}"
        if content(store) != expected:
            return f"it {'raised' if found else 'returned'} and the store is neither as before nor as after"
        if found:
            self._call(store)
            if content(store) != self._after:
                return "it raised, and the same call later did something else"
        return found


def in_child(trial: Callable[[], str | None], patience: int = PATIENCE) -> str | None:
    """Return what a forked child says, or how it died."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(patience)
        os.write(writer, (trial() or "").encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return (said or None) if code == 0 else f"the child ended with {code}"


def complaints(target: Target, method: str) -> list[str]:
    """Return what was wrong under any of the limits: up to the least with which the call succeeds."""
    trial = Trial(target, method)

    def made(extra: int) -> str | None:
        return in_child(lambda: trial.complaint(extra))

    enough, told = 2**14, {0: made(0)}
    while enough <= 2**28 and (said := made(enough)) is not None:
        told[enough] = said
        enough *= 4
    told |= {extra: made(extra) for extra in range(0, enough, enough // STEPS)}
    return [
        f"{method}, {extra} bytes more: {said}" for extra, said in told.items() if said not in (None, "short")
    ]


def main(spelling: str, method: str) -> int:
    """Print the complaints about one method of a backend and return their number."""
    with resolved(spelling) as target:
        found: Any = complaints(target, method)
    FOLDER.unlink(missing_ok=True)
    print("\n".join(found))
    return min(len(found), 100)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
