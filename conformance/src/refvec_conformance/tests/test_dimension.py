"""OPEN-7: a store without a dimension, until the first vector."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused, unchanged
from refvec_conformance.probes.fixtures import Make


@clause("OPEN-7", tier="smoke")
def test_a_store_needs_no_dimension(make: Make) -> None:
    assert make().dimension is None


@clause("OPEN-7")
@pytest.mark.parametrize("method", ["add_vector", "add_vectors", "upsert_vector", "upsert_vectors"])
def test_the_first_vector_fixes_the_dimension(make: Make, method: str) -> None:
    store = make()
    batch = method.endswith("s")
    getattr(store, method)(["a"] if batch else "a", [[1, 2, 3]] if batch else [1, 2, 3])
    assert store.dimension == 3


@clause("OPEN-7", "COUNT-3")
def test_until_then_the_dimension_in_the_statistics_is_none(make: Make) -> None:
    assert make().get_statistics()["dimension"] is None


@clause("OPEN-7")
@pytest.mark.parametrize("method", ["get_all_vectors", "get_vectors", "get_vectors_by_indices", "snapshot"])
def test_until_then_empty_results_have_no_columns(make: Make, method: str) -> None:
    store = make()
    found: Any = getattr(store, method)(*([] if method in ("get_all_vectors", "snapshot") else [[]]))
    assert getattr(found, "vectors", found).shape == (0, 0)


@clause("OPEN-7")
@pytest.mark.parametrize(
    "vectors", [[], np.empty((0, 3)), np.empty((0, 0)), np.empty(0)], ids=["list", "(0, 3)", "(0, 0)", "(0,)"]
)
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
def test_the_empty_batch_fixes_nothing(make: Make, method: str, vectors: Any) -> None:
    store = make()
    getattr(store, method)([], vectors)
    assert store.dimension is None


BAD_FIRSTS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "bad id": ("add_vector", (None, [1, 2])),
    "no axes": ("add_vector", ("a", 3)),
    "no components": ("add_vector", ("a", [])),
    "kind": ("upsert_vector", ("a", [True])),
    "overflow": ("add_vector", ("a", [1e39, 0])),
    "batch overflow": ("add_vectors", (["a"], [[1e39, 0]])),
    "repeated": ("add_vectors", (["a", "a"], [[1, 2], [3, 4]])),
    "lengths": ("upsert_vectors", (["a"], [[1, 2], [3, 4]])),
    "find overflow": ("find_vector", ([1e39],)),
}


@clause("OPEN-7", "ATOM-1")
@pytest.mark.parametrize("call", BAD_FIRSTS.values(), ids=BAD_FIRSTS)
def test_a_call_that_raises_fixes_nothing(make: Make, call: tuple[str, tuple[Any, ...]]) -> None:
    store = make()
    with refused(store, (TypeError, ValueError)):
        getattr(store, call[0])(*call[1])


@clause("OPEN-7")
def test_a_look_fixes_nothing(make: Make) -> None:
    store = make()
    with unchanged(store):
        assert store.find_vector([1, 2]) is None


@clause("OPEN-7", requires="search")
def test_a_search_fixes_nothing(make: Make) -> None:
    store = make()
    with unchanged(store):
        assert store.search([1, 2]).indices.shape == (0,)


@clause("OPEN-7", "VEC-2")
def test_once_fixed_another_length_is_refused(make: Make) -> None:
    store = make()
    store.add_vector("a", [1, 2])
    with refused(store, ValueError, "expected 2, got 3"):
        store.add_vector("b", [1, 2, 3])


@clause("OPEN-7")
@pytest.mark.parametrize("how", ["clear", "remove"])
def test_an_emptied_store_keeps_its_dimension(make: Make, how: str) -> None:
    store = make()
    store.add_vector("a", [1, 2])
    if how == "clear":
        store.clear()
    else:
        store.remove_vector("a")
    assert (store.dimension, store.get_all_vectors().shape) == (2, (0, 2))


@clause("OPEN-7", "REMOVE-3")
def test_clear_before_the_first_vector_fixes_nothing(make: Make) -> None:
    store = make()
    store.clear()
    assert store.dimension is None
