"""The class of the backend ``rust``."""

from __future__ import annotations

from contextlib import nullcontext

from refvec import Capabilities, VectorStore

from ._native import MAX_VECTORS, NativeStore


class RustVectorStore(NativeStore, VectorStore):
    """A store in native memory, with its own lock.

    Almost every method is `NativeStore`'s, which comes first in the order of
    resolution; the rest is inherited from `refvec.VectorStore`.
    """

    backend = "rust"
    capabilities = Capabilities(
        search=True,
        thread_safe=True,
        dense_indices=True,
        ordered_ids=True,
        atomic_batch=True,
        interrupt_safe=True,
        max_vectors=MAX_VECTORS,
    )
    # Each native method is one step under the native lock.
    _guard_factory = staticmethod(nullcontext)
