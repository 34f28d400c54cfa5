"""What shows only when indices and ids go in different orders: after slots were freed and used again."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refvec import StoreClosedError, VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.probes.likeness import unlike_copy
from refvec_conformance.probes.outcomes import frozen


@pytest.fixture
def churned(make: Make) -> VectorStore:
    """Ids in the order c, d, new, b, a; with dense indices at 2, 3, 0, 1, 3: c is oldest, and last but one."""
    store = make(4, 2)
    store.add_vectors(["first", "b", "c", "d", "gone"], [*UNITS, [5, 5, 5, 5]])
    store.remove_vectors(["first", "b", "gone"])
    store.add_vectors(["new", "b"], [[9, 9, 9, 9], UNITS[1]])
    store.upsert_vectors(["c", "d"], UNITS[[2, 3]])
    store.add_vector("a", UNITS[3])
    return store


@clause("GET-1", "ID-1", "ID-2")
@pytest.mark.parametrize("bad", [None, 1, b"a", ("a",), "\ud800"], ids=ascii)
@pytest.mark.parametrize("method", ["get_vector", "get_index"])
def test_a_look_up_of_what_is_no_id_raises(churned: VectorStore, method: str, bad: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        getattr(churned, method)(bad)


@clause("GET-4")
def test_all_vectors_go_by_index_and_not_by_age(churned: VectorStore) -> None:
    indices = [index for index in range(100) if index in set(churned.get_indices(churned.ids()).tolist())]
    wanted = np.array([churned.get_vector_by_index(index) for index in indices])
    assert frozen(churned.get_all_vectors()) == frozen(wanted)


@clause("GET-4")
def test_indices_ascend_whatever_the_age(churned: VectorStore) -> None:
    found = churned.indices()
    wanted = sorted(set(churned.get_indices(churned.ids()).tolist()))
    assert frozen(found) == frozen(np.array(wanted, np.int64))


@clause("GET-7")
def test_the_ids_of_a_snapshot_belong_to_its_indices(churned: VectorStore) -> None:
    seen = churned.snapshot()
    assert seen.id_indices.tolist() == [churned.get_index(one) for one in seen.ids]


@clause("GET-7")
def test_the_vectors_of_a_snapshot_belong_to_its_indices(churned: VectorStore) -> None:
    seen = churned.snapshot()
    wanted = [churned.get_vector_by_index(index) for index in seen.indices.tolist()]
    assert frozen(seen.vectors) == frozen(np.array(wanted))
    assert (np.diff(seen.indices) > 0).all()


@clause("GET-8")
@pytest.mark.parametrize("step", [0.5, 1e-2, 1e-3, 1e-5, 2e-6])
def test_find_vector_finds_nothing_that_is_only_near(churned: VectorStore, step: float) -> None:
    assert churned.find_vector([step, 1, 0, 0]) is None


@clause("INDEX-2", "UPSERT-1")
def test_an_upsert_of_one_leaves_those_it_shared_with_where_they_are(churned: VectorStore) -> None:
    before = churned.get_index("a")
    churned.upsert_vector("d", [7, 7, 7, 7])
    assert churned.get_index("a") == before
    assert frozen(churned.get_vector("a")) == frozen(UNITS[3])


@clause("INDEX-2", "REMOVE-2")
def test_a_removal_leaves_the_others_where_they_are(churned: VectorStore) -> None:
    before = {one: churned.get_index(one) for one in churned.ids()}
    churned.remove_vectors(["new", "b"])
    assert {one: churned.get_index(one) for one in churned.ids()} == {one: before[one] for one in "dca"}


COPIES: dict[str, Callable[[VectorStore], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda store: pickle.loads(pickle.dumps(store)),
}


@clause("INDEX-3", "SAVE-2")
@pytest.mark.parametrize("renew", COPIES.values(), ids=COPIES)
def test_a_copy_keeps_orders_holes_and_capacity(
    churned: VectorStore, renew: Callable[[VectorStore], Any]
) -> None:
    churned.add_vectors([f"{n}" for n in range(20)], np.arange(80).reshape(20, 4))
    churned.remove_vectors([f"{n}" for n in range(12)])
    assert unlike_copy(renew(churned), churned) == []


@clause("SEARCH-3", requires="search")
def test_small_distances_do_not_cancel(make: Make) -> None:
    store = make(4)
    store.add_vector("a", [3.0e3, 4.0e3, 0, 0])
    found = store.search([3.0e3, 4.0e3, 0, 0.25], metric="euclidean").scores
    assert abs(float(found[0]) - 0.25) <= 1e-5 * 1e4


@clause("SEARCH-3", requires="search")
@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e3, 1e6])
def test_the_distance_to_itself_is_next_to_nothing(make: Make, scale: float) -> None:
    vector = np.array([0.1, 0.2, 0.3, 0.7], np.float32) * np.float32(scale)
    store = make(4, precision="exact")
    store.add_vector("a", vector)
    found = float(store.search(vector, metric="euclidean").scores[0])
    assert found <= 2e-5 * float(np.linalg.norm(vector.astype(np.float64)))


@clause("SEARCH-4", requires="search")
@pytest.mark.parametrize("k", [1, 2])
def test_within_competes_before_k_counts(churned: VectorStore, k: int) -> None:
    found = churned.search(UNITS[3], k, metric="euclidean", within=["b", "new"])
    assert found.ids == [("b",), ("new",)][:k]


@clause("SEARCH-4", requires="search")
def test_within_keeps_the_order_in_which_ids_came_to_the_slot(churned: VectorStore) -> None:
    assert sorted(churned.search(UNITS[3], 1, within=["a", "d", "b"]).ids[0]) == ["a", "d"]


WRONG: dict[str, Callable[[Any], Any]] = {
    "add_vector": lambda store: store.add_vector(None, None),
    "add_vectors": lambda store: store.add_vectors([None], [[True]]),
    "upsert_vector": lambda store: store.upsert_vector(1, [1]),
    "upsert_vectors": lambda store: store.upsert_vectors("text", []),
    "remove_vector": lambda store: store.remove_vector(1),
    "remove_vectors": lambda store: store.remove_vectors([1]),
    "get_vector": lambda store: store.get_vector(1),
    "get_vectors": lambda store: store.get_vectors([1]),
    "get_index": lambda store: store.get_index("\ud800"),
    "get_indices": lambda store: store.get_indices("text"),
    "contains": lambda store: 1 in store,
    "get_vector_by_index": lambda store: store.get_vector_by_index("0"),
    "get_vectors_by_indices": lambda store: store.get_vectors_by_indices("0"),
    "get_refcount": lambda store: store.get_refcount(True),
    "get_refcounts": lambda store: store.get_refcounts(["0"]),
    "ids_at": lambda store: store.ids_at(1.5),
    "find_vector": lambda store: store.find_vector("text"),
    "iter_batches": lambda store: list(store.iter_batches(0)),
}


@clause("ERR-1", "DUR-2")
@pytest.mark.parametrize("name", WRONG)
def test_that_the_store_is_closed_comes_before_what_else_is_wrong(churned: VectorStore, name: str) -> None:
    churned.close()
    with pytest.raises(StoreClosedError):
        WRONG[name](churned)


@clause("ERR-1", "DUR-2", requires="search")
def test_that_the_store_is_closed_comes_before_a_wrong_search(churned: VectorStore) -> None:
    churned.close()
    with pytest.raises(StoreClosedError):
        churned.search("text", 0, metric="nonsense")  # type: ignore[arg-type]
