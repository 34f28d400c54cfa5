"""Embeddings under keys, identical ones once: what a cache of embeddings writes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.stores import BaseStore
from refvec import VectorStore
from refvec.documentstore import Closing, closed_on_error, require_no_documents, require_store
from refvec.ids import canonical_ids


class RefvecEmbeddingStore(Closing, BaseStore[str, list[float]]):
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
        require_store(store, options)
        self.store = _opened(options) if store is None else store
        with closed_on_error(self.store, store):
            require_no_documents("RefvecEmbeddingStore", self.store)

    def close(self) -> None:
        """Close the store, so that another process, or another object, may write to it."""
        self.store.close()

    def mget(self, keys: Sequence[str]) -> list[list[float] | None]:
        """Return the embedding of every key, None where there is none."""
        found = [self.store.get_vector(key) for key in canonical_ids(keys)]
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


def _opened(options: dict[str, Any]) -> VectorStore:
    """Open the store of a cache, which gives back what it got unless its precision was asked for."""
    if options.get("precision") is not None:
        return VectorStore(**options)
    try:
        return VectorStore(**{**options, "precision": "exact"})
    except ValueError as error:
        found, _, _ = str(error).partition(";")
        if "precision" not in found:
            raise
        raise ValueError(
            f"{found}, which RefvecEmbeddingStore asks for where no precision is given; "
            "pass that of the store as precision=, or another path"
        ) from None
