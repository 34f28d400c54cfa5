"""What the contract does not demand of strangers, and our own backends keep: work that does not grow."""

from __future__ import annotations

import numpy as np
import pytest
from refvec import VectorStore, backends
from refvec_conformance.probes.work import Work, growth, is_constant, work_of

FIRST_PARTY = {"refvec-backends", "rust-vector-store"}
BACKENDS = [row.name for row in backends() if row.error is None and row.distribution in FIRST_PARTY]
ROW = np.array([-1, 2, 3, 4], np.float32)


def filled(backend, size):
    store = VectorStore(4, backend=backend)
    rows = np.zeros((size, 4), np.float32)
    rows[:, 0] = np.arange(size) // 2
    store.add_vectors([f"{n}" for n in range(size)], rows)
    return store


def add_and_remove(store):
    store.add_vector("new", ROW)
    store.remove_vector("new")


CALLS = {
    "add and remove": add_and_remove,
    "add an identical vector and remove": lambda store: (
        store.add_vector("n", [0] * 4),
        store.remove_vector("n"),
    ),
    "upsert": lambda store: store.upsert_vector("7", ROW),
    "get_vector": lambda store: store.get_vector("7"),
    "get_index": lambda store: store.get_index("7"),
    "contains": lambda store: "7" in store,
    "get_refcount": lambda store: store.get_refcount(3),
    "ids_at": lambda store: store.ids_at(3),
    "find_vector": lambda store: store.find_vector(ROW),
    "statistics": lambda store: store.get_statistics(),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", CALLS)
def test_one_item_costs_the_same_in_a_larger_store(backend, name):
    def work(size):
        store = filled(backend, size)
        return lambda: CALLS[name](store)

    found = growth(work)
    assert is_constant(found, slack=Work(400, 60, 4096)), found


@pytest.mark.parametrize("backend", BACKENDS)
def test_filling_a_store_one_by_one_costs_in_proportion(backend):
    def fill(size):
        def call():
            store = VectorStore(4, backend=backend)
            for n in range(size):
                store.add_vector(f"{n}", [n, 0, 0, 0])

        return call

    found = {size: work_of(fill(size)) for size in (250, 2000)}
    assert found[2000].within(found[250], 8 * 1.5, Work(1000, 100, 2**16)), found


def test_the_counters_see_a_loop_a_call_and_a_copy():
    found = {
        "loop": growth(lambda size: lambda: [None for _ in range(size)]),
        "calls": growth(lambda size: lambda: list(map(len, [()] * size))),
        "copy": growth(lambda size: lambda: sorted(range(size))),
    }
    assert [name for name, seen in found.items() if is_constant(seen)] == []
    assert is_constant(growth(lambda size: lambda: len(range(size))))
