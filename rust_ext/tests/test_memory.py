"""Memory that cannot be had is a ``MemoryError``, and nothing is half done (ATOM-1, ATOM-2)."""

import sys

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="limits the address space of a process"
)

COUNT = 20_000
PRELUDE = f"""
import copy, gc, pickle, resource, sys, tempfile
import numpy as np
from refvec import VectorStore

count, dimension = {COUNT}, 16
rows = np.random.default_rng(1).standard_normal((count, dimension)).astype("f4")
ids = [f"{{number:050d}}" for number in range(count)]
others, other_rows = [f"other {{one}}" for one in ids], rows + 1
every, out = list(range(count)), np.empty_like(rows)
path = tempfile.mkdtemp() + "/saved"

def filled():
    store = VectorStore(dimension, backend="rust")
    store.add_vectors(ids, rows)
    return store

def limit(extra):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard if extra is None else used + extra, hard))
"""

READING = {
    "ids": "store.ids()",
    "ids_at": "[store.ids_at(index) for index in every]",
    "indices": "store.indices()",
    "snapshot": "store.snapshot()",
    "save": "store.save(path)",
    "pickle": "pickle.dumps(store)",
    "copy": "copy.copy(store)",
    "get_vectors": "store.get_vectors(ids)",
    "get_vectors_by_indices": "store.get_vectors_by_indices(every)",
    "get_vectors_by_indices, out": "store.get_vectors_by_indices(every, out=out)",
    "get_all_vectors": "store.get_all_vectors()",
    "get_indices": "store.get_indices(ids)",
    "get_refcounts": "store.get_refcounts(every)",
    "get_vector": "[store.get_vector(one) for one in ids]",
    "get_index": "[store.get_index(one) for one in ids]",
    "find_vector": "[store.find_vector(row) for row in rows]",
    "items": "list(store.items(999))",
    "iter_batches": "list(store.iter_batches(999))",
    "search": "store.search(rows[:40], 2000)",
    "search without ids": "store.search(rows[:40], 2000, with_ids=False)",
    "search within": "store.search(rows[:4], 2000, within=ids)",
    "blocks": "store._scan(lambda state: list(state.blocks))",
}
CHANGING = {
    "add_vectors": "store.add_vectors(others, other_rows)",
    "add_vectors, converted": "store.add_vectors(iter(others), other_rows[:, ::-1])",
    "upsert_vectors": "store.upsert_vectors(ids, other_rows)",
    "remove_vectors": "store.remove_vectors(ids)",
    "clear": "store.clear()",
}


@pytest.mark.parametrize("call", READING.values(), ids=READING)
def test_reading(child, call):
    code = f"""
store = filled()
seen = set()
for extra in (0, 30_000, 300_000, 10**6, 2 * 10**6, 4 * 10**6, 8 * 10**6):
    gc.collect()
    limit(extra)
    try:
        {call}
        seen.add("done")
    except MemoryError:
        seen.add("MemoryError")
    finally:
        limit(None)
{call}
assert np.array_equal(store.get_vectors(ids), rows)
print(*sorted(seen))
"""
    # With a backtrace, a panic where memory has run out hangs.
    assert set(child(PRELUDE + code, RUST_BACKTRACE="1").split()) <= {"done", "MemoryError"}


@pytest.mark.parametrize("call", CHANGING.values(), ids=CHANGING)
def test_changing(child, call):
    code = f"""
def state(store):
    layout = store._scan(lambda state: state.layout)
    return layout.ids, layout.id_indices.tolist(), store.get_all_vectors().tobytes()

store = filled()
before = state(store)
{call}
after = state(store)
for extra in (0, 30_000, 300_000, 10**6, 2 * 10**6, 4 * 10**6, 8 * 10**6):
    store = filled()
    gc.collect()
    limit(extra)
    try:
        {call}
        expected = after
    except MemoryError:
        expected = before
    finally:
        limit(None)
    assert state(store) == expected, extra
"""
    child(PRELUDE + code, RUST_BACKTRACE="1")


def test_one_by_one(child):
    code = """
store = VectorStore(dimension, backend="rust")
limit(3 * 10**6)
try:
    for one, row in zip(ids * 50, np.tile(rows, (50, 1))):
        store.add_vector(one, row)
except MemoryError:
    pass
limit(None)
known = store.ids()
assert known == ids[: len(known)] and np.array_equal(store.get_vectors(known), rows[: len(known)])
"""
    child(PRELUDE + code, RUST_BACKTRACE="1")
