"""What a user writes, as type checkers see it (mypy --strict and pyright); never run."""

from collections.abc import Iterator
from pathlib import Path
from typing import assert_type
from uuid import UUID, uuid4

import numpy as np
from numpy.typing import NDArray
from refvec import DuplicateIdError, SearchResult, Snapshot, VectorStore
from rust_vector_store import RustVectorStore

store = VectorStore(384, backend="rust")
assert_type(store, VectorStore)
assert_type(VectorStore(backend="rust"), VectorStore)

assert_type(store.add_vector("chunk-1", [0.0] * 384), int)
assert_type(store.add_vector(uuid4(), np.zeros(384)), int)
assert_type(store.add_vectors(["a", UUID(int=1)], np.zeros((2, 384))), NDArray[np.int64])
assert_type(store.upsert_vector("a", np.ones(384)), int)
assert_type(store.get_vector("a"), NDArray[np.float32] | None)
assert_type(store.get_vectors(chunk_id for chunk_id in ("a", "b")), NDArray[np.float32])
assert_type(store.get_vectors_by_indices([0, 1, 2]), NDArray[np.float32])
assert_type(store.get_vectors_by_indices(np.arange(3)), NDArray[np.float32])
assert_type(store.get_index("a"), int | None)
assert_type(store.find_vector(np.ones(384)), int | None)
assert_type(store.remove_vector("a"), bool)
assert_type(store.remove_vectors(["a"]), int)
assert_type("a" in store, bool)
assert_type(len(store), int)
assert_type(store.dimension, int | None)
assert_type(store.count, int)
assert_type(store.ids(), list[str])
assert_type(store.snapshot(), Snapshot)
assert_type(store.items(), Iterator[tuple[str, NDArray[np.float32]]])
assert_type(store.iter_batches(), Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]])

hits = store.search(np.ones(384), k=5, metric="cosine", within=["a"])
assert_type(hits, SearchResult)
assert_type(hits.scores, NDArray[np.float32])

try:
    store.add_vector("a", np.ones(384))
except DuplicateIdError as error:
    assert_type(error.position, int | None)

with VectorStore(3) as inside:
    assert_type(inside, VectorStore)
    inside.save(Path("somewhere.refvec"))
assert_type(VectorStore.load("somewhere.refvec", backend="numpy"), VectorStore)

native = RustVectorStore(dimension=384, initial_capacity=1000)
assert_type(native.add_vector("chunk-123", np.zeros(384, np.float32)), int)
assert_type(native.get_vector("chunk-123"), NDArray[np.float32] | None)
as_store: VectorStore = native
