"""Code written for the seed: its classes and calls work unchanged."""

import uuid

import numpy as np
import pytest
from refvec import VectorStore, backends

RNG = np.random.default_rng(5)
VECTORS = RNG.standard_normal((4, 384)).astype(np.float32)


def test_the_native_class():
    rust_vector_store = pytest.importorskip("rust_vector_store")
    store = rust_vector_store.RustVectorStore(dimension=384, initial_capacity=1000)
    assert [store.add_vector(f"chunk-{n}", VECTORS[n]) for n in range(3)] == [0, 1, 2]
    assert store.add_vector("chunk-123", VECTORS[1]) == 1
    np.testing.assert_array_equal(store.get_vector("chunk-123"), VECTORS[1])
    np.testing.assert_array_equal(store.get_vectors_by_indices([0, 1, 2]), VECTORS[:3])
    assert store.remove_vector("chunk-123") is True
    statistics = store.get_statistics()
    assert (statistics["unique_vectors"], statistics["total_references"]) == (3, 3)


@pytest.mark.parametrize("backend", [row.name for row in backends()])
def test_a_python_class_with_uuid_ids(backend, monkeypatch):
    monkeypatch.setenv("REFVEC_BACKEND", backend)
    store = VectorStore(dimension=384, initial_capacity=10, use_mmap=False, mmap_path="/ignored")
    first, second = uuid.uuid4(), uuid.uuid4()
    assert store.add_vector(first, VECTORS[0]) == store.add_vector(second, VECTORS[0])
    np.testing.assert_array_equal(store.get_vector(second), VECTORS[0])
    assert store.remove_vector(first)
    assert second in store
    assert first not in store
    assert store.get_statistics()["type"] == backend
