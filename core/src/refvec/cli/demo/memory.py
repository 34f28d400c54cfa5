"""Memory of a store, as the operating system sees it, in a process of its own."""

from __future__ import annotations

import gc
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ... import VectorStore

# Enough copies of a small store that pages and allocator slack count little.
_ENOUGH_BYTES = 24 * 2**20
_MOST_COPIES = 64


def bytes_per_vector(backend: str, ids: list[str], vectors: NDArray[np.float32]) -> float | None:
    """Return the resident bytes per unique vector of a store with this content.

    Returns
    -------
    float or None
        None where the operating system does not tell (it is read from /proc).
    """
    if not sys.platform.startswith("linux"):
        return None
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measure, backend, ids, vectors).result()


def _measure(backend: str, ids: list[str], vectors: NDArray[np.float32]) -> float:
    warm = _filled(backend, ids[:64], vectors[:64])
    copies = min(_MOST_COPIES, 1 + _ENOUGH_BYTES // vectors.nbytes)
    gc.collect()
    before = _resident()
    stores = [_filled(backend, ids, vectors) for _ in range(copies)]
    gc.collect()
    used = _resident() - before
    del warm
    return used / sum(len(store) for store in stores)


def _filled(backend: str, ids: list[str], vectors: NDArray[np.float32]) -> VectorStore:
    store = VectorStore(vectors.shape[1], backend=backend)
    for chunk_id, vector in zip(ids, vectors, strict=True):
        store.add_vector(chunk_id, vector)
    return store


def _resident() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return 1024 * int(line.split()[1])
    raise OSError("/proc/self/status has no VmRSS")
