"""Embeddings under keys, identical ones once: what a cache of embeddings writes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.stores import BaseStore
from refvec import VectorStore


class RefvecEmbeddingStore(BaseStore[str, list[float]]):
    """A key-value store whose values are embeddings; equal ones take space once.

    Numbers are kept as float32. Of a durable store, what `mset` and `mdelete`
    did survives a crash when they return.

    Parameters
    ----------
    store : refvec.VectorStore, optional
        Where they are kept; by default a new one.
    **options
        Of that new store, as ``path="cache.refvec"``. Its precision is "exact" unless given.

    Examples
    --------
    >>> cache = RefvecEmbeddingStore()
    >>> cache.mset([("a text", [1.0, 2.0]), ("a copy of it", [1.0, 2.0])])
    >>> cache.mget(["a copy of it", "another"]), len(cache.store)
    ([[1.0, 2.0], None], 1)
    """

    def __init__(self, store: VectorStore | None = None, **options: Any) -> None:
        self.store = opened(store, {"precision": "exact", **options} if store is None else options)

    def mget(self, keys: Sequence[str]) -> list[list[float] | None]:
        """Return the embedding of every key, None where there is none."""
        found = [self.store.get_vector(key) for key in keys]
        return [None if one is None else one.tolist() for one in found]

    def mset(self, key_value_pairs: Sequence[tuple[str, list[float]]]) -> None:
        """Keep embeddings in place of those that are there, all or nothing; of a key, the last one counts."""
        pairs = list(key_value_pairs)
        self.store.upsert_vectors([key for key, _ in pairs], [value for _, value in pairs])
        self.store.flush()

    def mdelete(self, keys: Sequence[str]) -> None:
        """Remove embeddings; a key that is missing is no error."""
        self.store.remove_vectors(keys)
        self.store.flush()

    def yield_keys(self, *, prefix: str | None = None) -> Iterator[str]:
        """Iterate over the keys, or those that begin with a prefix."""
        yield from (key for key in self.store.ids() if key.startswith(prefix or ""))


def opened(store: VectorStore | None, options: dict[str, Any]) -> VectorStore:
    """Return a store that is given, or a new one with these options."""
    if store is None:
        return VectorStore(**options)
    if options:
        raise ValueError(f"store= is open already; leave {', '.join(sorted(options))} out")
    return store
