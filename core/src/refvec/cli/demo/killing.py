"""A process that fills a durable store and is killed in the middle; and what the store holds afterwards."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import VectorStore
from ...durable.locks import require_locks
from ...errors import UnsupportedError
from ...registry import load_backend
from .corpus import Corpus

_FLUSHES = 40
_KILLED_AFTER = 25


@dataclass(frozen=True)
class Reopened:
    """What one backend found in the store."""

    backend: str
    seconds: float
    ids: int
    vectors: int
    exact: bool


@dataclass(frozen=True)
class Killed:
    """How far a process had come when it was killed, and what is left of its work.

    Attributes
    ----------
    backend : str
        Who filled the store.
    acknowledged : int
        Ids of all flushes that had returned.
    flushes : int
        How many these were.
    step : int
        Ids in each.
    flush_seconds : float
        The median flush.
    reopened : list of Reopened
        In the order of the backends.
    """

    backend: str
    acknowledged: int
    flushes: int
    step: int
    flush_seconds: float
    reopened: list[Reopened]

    @property
    def exact(self) -> bool:
        """Whether every backend found what had been flushed, and nothing else."""
        return all(one.exact for one in self.reopened)


def kill_in_the_middle(names: Sequence[str], corpus: Corpus) -> Killed | None:
    """Let a process put the corpus into a durable store, kill it, and open the store with each backend.

    Returns
    -------
    Killed or None
        None if none of the backends is durable, or no store is on this system.
    """
    able = _able(names)
    if not able:
        return None
    step = max(1, len(corpus.ids) // _FLUSHES)
    with tempfile.TemporaryDirectory(prefix="refvec-demo-") as folder:
        path = Path(folder) / "corpus.refvec"
        flushes = _killed(able[-1], path, corpus, step)
        acknowledged = min(len(corpus.ids), step * len(flushes))
        # A flush that was running when the process was killed counts wholly, or not at all (DUR-1).
        possible = {acknowledged, min(len(corpus.ids), acknowledged + step)}
        reopened = [_reopened(name, path, corpus, possible) for name in able]
    return Killed(able[-1], acknowledged, len(flushes), step, statistics.median(flushes), reopened)


def _able(names: Sequence[str]) -> list[str]:
    try:
        require_locks()
    except UnsupportedError:
        return []
    return [name for name in names if load_backend(name).capabilities.durable]


def _killed(backend: str, path: Path, corpus: Corpus, step: int) -> list[float]:
    """Return how long each flush took that a killed process had told of."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_fill, args=(theirs, backend, path, corpus.ids, corpus.vectors, step))
    process.start()
    theirs.close()
    found: list[float] = []
    try:
        while len(found) < _KILLED_AFTER and step * len(found) < len(corpus.ids):
            found.append(ours.recv())
    except EOFError:
        raise RuntimeError("the process that fills a durable store ended by itself") from None
    finally:
        process.kill()
        process.join()
    return found + _rest(ours)


def _rest(ours: Connection[Any, Any]) -> list[float]:
    found: list[float] = []
    try:
        while True:
            found.append(ours.recv())
    except (EOFError, OSError):  # also in the middle of a message
        return found


def _fill(
    theirs: Connection[Any, Any],
    backend: str,
    path: Path,
    ids: list[str],
    vectors: NDArray[np.float32],
    step: int,
) -> None:
    store = VectorStore(vectors.shape[1], backend=backend, path=path)
    for start in range(0, len(ids), step):
        store.add_vectors(ids[start : start + step], vectors[start : start + step])
        begun = perf_counter()
        store.flush()
        theirs.send(perf_counter() - begun)
    theirs.recv()  # nobody sends: it waits to be killed, or for the other's end


def _reopened(backend: str, path: Path, corpus: Corpus, possible: set[int]) -> Reopened:
    begun = perf_counter()
    with VectorStore(path=path, mode="r+", backend=backend) as store:
        seconds = perf_counter() - begun
        ids = store.ids()
        wanted = VectorStore(corpus.dimension, backend=backend)
        wanted.add_vectors(corpus.ids[: len(ids)], corpus.vectors[: len(ids)])
        exact = len(ids) in possible and all(map(_alike, wanted.snapshot(), store.snapshot()))
        return Reopened(backend, seconds, len(ids), len(store), exact)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, list):
        return bool(one == other)
    return bool(one.shape == other.shape and one.tobytes() == other.tobytes())
