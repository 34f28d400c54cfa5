"""The class of the backend ``rust``."""

from __future__ import annotations

from refvec import Capabilities, VectorStore

from ._native import MAX_VECTORS, NativeStore


class RustVectorStore(NativeStore, VectorStore):
    """A store in native memory, with its own lock.

    The primitives, and the methods that are worth it for speed, are
    `NativeStore`'s, which comes first in the order of resolution; the rest is
    inherited from `refvec.VectorStore`.
    """

    backend = "rust"
    checks_state = True
    capabilities = Capabilities(
        search=True,
        thread_safe=True,
        dense_indices=True,
        ordered_ids=True,
        atomic_batch=True,
        interrupt_safe=True,
        max_vectors=MAX_VECTORS,
    )
