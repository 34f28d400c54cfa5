"""The class of the backend ``rust``."""

from __future__ import annotations

from typing import Self

from refvec import Capabilities, VectorStore

from ._native import MAX_VECTORS, NativeStore


class RustVectorStore(NativeStore, VectorStore):
    """A store in native memory, with its own lock.

    The primitives, and the methods that are worth it for speed, are
    `NativeStore`'s, which comes first in the order of resolution; the rest is
    inherited from `refvec.VectorStore`.

    Rows of a durable store are read from its file, through a memory map: they
    take no memory but the system's page cache, and each is compared with its
    checksum when it is read for the first time. What a search keeps of them, a
    quarter of their size, is kept only where that is at most a quarter of the
    memory that was available when the store was opened.
    """

    backend = "rust"
    checks_state = True
    maps_rows = True
    capabilities = Capabilities(
        search=True,
        durable=True,
        thread_safe=True,
        dense_indices=True,
        ordered_ids=True,
        atomic_batch=True,
        interrupt_safe=True,
        max_vectors=MAX_VECTORS,
    )

    def _exchange(self, other: Self) -> None:
        self._adopt(other)
        vars(self).update(vars(other))
