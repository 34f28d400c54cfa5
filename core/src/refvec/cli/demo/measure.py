"""What the demo measures on one backend, and how it compares the answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ... import SearchResult, VectorStore
from .corpus import Corpus

_STEP = 256
# Two backends may each be this far from the exact cosine (SEARCH-3).
_TOLERANCE = 2e-5


@dataclass(frozen=True)
class Run:
    """The main job on one backend: seconds, counts and answers."""

    backend: str
    store: VectorStore
    add_seconds: float
    get_seconds: float
    search_seconds: float
    digest: str
    hits: SearchResult

    def agrees(self, other: Run) -> bool:
        """Whether the answers are identical: bit for bit, and search scores within the contract's bound."""
        return self.digest == other.digest and bool(
            np.allclose(self.hits.scores, other.hits.scores, rtol=0, atol=_TOLERANCE, equal_nan=True)
        )


def run_backend(
    backend: str, corpus: Corpus, queries: NDArray[np.float32], k: int, advance: Callable[[int], object]
) -> Run:
    """Add every chunk one by one, get them all back, and search.

    Parameters
    ----------
    advance : callable
        Told of the chunks added since it was last called.
    """
    store = VectorStore(corpus.dimension, backend=backend)
    add_seconds = 0.0
    for start in range(0, len(corpus.ids), _STEP):
        pairs = list(zip(corpus.ids, corpus.vectors, strict=True))[start : start + _STEP]
        begun = perf_counter()
        for chunk_id, vector in pairs:
            store.add_vector(chunk_id, vector)
        add_seconds += perf_counter() - begun
        advance(len(pairs))
    begun = perf_counter()
    for chunk_id in corpus.ids:
        store.get_vector(chunk_id)
    got = perf_counter()
    hits = store.search(queries, k)
    return Run(backend, store, add_seconds, got - begun, perf_counter() - got, _digest(store, corpus), hits)


def _digest(store: VectorStore, corpus: Corpus) -> str:
    """Return a hash of all that the contract fixes bit for bit."""
    ids, id_indices, indices, vectors = store.snapshot()
    found = hashlib.sha256()
    for part in (id_indices, indices, vectors, store.get_vectors(corpus.ids), store.get_refcounts(indices)):
        found.update(np.ascontiguousarray(part).tobytes())
    found.update("\0".join(ids).encode())
    found.update(repr([store.ids_at(index) for index in indices]).encode())
    return found.hexdigest()
