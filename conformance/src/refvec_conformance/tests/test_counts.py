"""COUNT: what is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refvec import StoreFullError, VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.tests.helpers import ids, rows


@clause("COUNT-1", tier="smoke")
def test_len_counts_unique_vectors(stocked: VectorStore) -> None:
    assert len(stocked) == 3


@clause("COUNT-1")
def test_count_is_len(stocked: VectorStore) -> None:
    assert stocked.count == len(stocked)


@clause("COUNT-1")
def test_total_references_counts_ids(stocked: VectorStore) -> None:
    assert stocked.total_references == len(stocked.ids()) == 4


@clause("COUNT-1")
@pytest.mark.parametrize("name", ["count", "total_references"])
def test_a_count_is_an_int(stocked: VectorStore, name: str) -> None:
    assert type(getattr(stocked, name)) is int


@clause("COUNT-2", requires="dense_indices")
@pytest.mark.parametrize("capacity", [1, 2, 3, 1000, 2**31 - 1])
def test_capacity_starts_at_initial_capacity(make: Make, capacity: int) -> None:
    assert make(1, capacity).get_statistics()["capacity"] == capacity


@clause("COUNT-2", requires="dense_indices")
def test_the_default_capacity_is_1000(make: Make) -> None:
    assert make(1).get_statistics()["capacity"] == 1000


def grown(capacity: int, count: int) -> int:
    """Return the capacity after so many new vectors, as the contract words it."""
    for index in range(count):
        if index >= capacity:
            capacity = max(index + 1, capacity + capacity // 2)
    return capacity


@clause("COUNT-2", requires="dense_indices")
@pytest.mark.parametrize("capacity", [1, 2, 3, 7, 10])
@pytest.mark.parametrize("batch", [False, True], ids=["one by one", "batch"])
def test_capacity_grows_vector_by_vector(make: Make, capacity: int, batch: bool) -> None:
    for count in range(1, 25):
        store = make(1, capacity)
        if batch:
            store.add_vectors(ids(count), rows(count))
        else:
            for one in range(count):
                store.add_vector(str(one), [one])
        assert store.get_statistics()["capacity"] == grown(capacity, count)


@clause("COUNT-2", requires="dense_indices")
def test_duplicates_do_not_grow_the_capacity(make: Make) -> None:
    store = make(1, 2)
    store.add_vectors(ids(20), np.zeros((20, 1)))
    assert store.get_statistics()["capacity"] == 2


@clause("COUNT-2", requires="dense_indices")
@pytest.mark.parametrize("how", ["clear", "remove"])
def test_capacity_never_shrinks(make: Make, how: str) -> None:
    store = make(1, 2)
    store.add_vectors(ids(20), rows(20))
    if how == "clear":
        store.clear()
    else:
        store.remove_vectors(ids(20))
    assert store.get_statistics()["capacity"] == grown(2, 20)


@clause("COUNT-2", requires="dense_indices")
def test_reused_slots_do_not_grow_the_capacity(make: Make) -> None:
    store = make(1, 4)
    store.add_vectors(ids(4), rows(4))
    store.remove_vectors(["1", "2"])
    store.add_vectors(["x", "y"], rows(2, 50))
    assert store.get_statistics()["capacity"] == 4


@clause("COUNT-2", requires="dense_indices")
@pytest.mark.parametrize("capacity", [2**31 - 1, 2**30])
def test_a_large_capacity_is_no_promise_of_memory(make: Make, capacity: int) -> None:
    store = make(65_536 if make(1).capabilities.max_dimension >= 65_536 else 1, capacity)
    assert store.get_statistics()["utilization"] == 0.0


SMALL_LIMIT = 100_000


@clause("COUNT-2", "ATOM-1", requires="dense_indices")
def test_more_slots_than_the_limit_are_refused(target: Target) -> None:
    limit = target.capabilities.max_vectors
    if limit is None or limit > SMALL_LIMIT:
        assert limit is None or limit > 0  # too many to fill in a test
        return
    store = target.open(1)
    store.add_vectors(ids(limit), rows(limit))
    with refused(store, StoreFullError):
        store.add_vectors(["0!", "x"], [[0], [limit]])


@clause("COUNT-3")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("unique_vectors", 3),
        ("total_references", 4),
        ("dimension", 4),
        ("storage_type", "in-memory"),
        ("free_indices", 1),
    ],
)
def test_statistics(stocked: VectorStore, name: str, value: Any) -> None:
    found = stocked.get_statistics()[name]
    assert (type(found), found) == (type(value), value)


@clause("COUNT-3")
def test_the_type_is_the_name_of_the_backend(target: Target, stocked: VectorStore) -> None:
    assert stocked.get_statistics()["type"] == target.name


@clause("COUNT-3", "COUNT-2", requires="dense_indices")
@pytest.mark.parametrize("name", ["capacity", "utilization"])
def test_statistics_about_capacity(stocked: VectorStore, name: str) -> None:
    found = stocked.get_statistics()[name]
    assert (type(found), found) == {"capacity": (int, 8), "utilization": (float, 37.5)}[name]


@clause("COUNT-3", requires="dense_indices")
@pytest.mark.parametrize(
    ("count", "capacity"), [(1, 3), (2, 3), (1, 800), (5, 16), (1, 32), (3, 64), (7, 1000), (1, 6)]
)
def test_utilization_is_rounded_as_python_rounds(make: Make, count: int, capacity: int) -> None:
    store = make(1, capacity)
    store.add_vectors(ids(count), rows(count))
    assert store.get_statistics()["utilization"] == round(100 * count / capacity, 2)


@clause("COUNT-3")
def test_statistics_are_a_new_dict(stocked: VectorStore) -> None:
    stocked.get_statistics().clear()
    assert type(stocked.get_statistics()) is dict


@clause("COUNT-3")
@pytest.mark.parametrize("how", ["remove", "clear", "upsert"])
def test_free_indices_are_allocated_and_without_a_reference(stocked: VectorStore, how: str) -> None:
    changes: dict[str, Callable[[], object]] = {
        "remove": lambda: stocked.remove_vectors(["a", "c"]),
        "clear": lambda: stocked.clear(),
        "upsert": lambda: stocked.upsert_vector("c", UNITS[0]),
    }
    changes[how]()
    assert stocked.get_statistics()["free_indices"] == {"remove": 2, "clear": 4, "upsert": 2}[how]
