"""``store.items()``: every id with its vector, on every backend in memory and on the disk."""

import tracemalloc

import numpy as np
import pytest
from refvec import StoreClosedError, VectorStore, failures

BACKENDS = ["python", "numpy", "rust"]
ROWS = np.eye(4, dtype=np.float32)


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


@pytest.fixture(params=["memory", "disk", "reopened", "mode r"])
def store(request, backend, tmp_path):
    """Return a store whose ids are in another order than its vectors, with duplicates and a free index."""
    where = {} if request.param == "memory" else {"path": tmp_path / "store"}
    store = VectorStore(4, backend=backend, **where)
    store.add_vectors(["d", "gone", "a"], ROWS[:3])
    store.add_vectors(["c", "b"], ROWS[[2, 0]])
    store.remove_vector("gone")
    store.upsert_vector("d", ROWS[3])
    if request.param in ("reopened", "mode r"):
        store.close()
        store = VectorStore(path=where["path"], backend=backend, mode=request.param.removeprefix("mode ")[:1])
    with store:
        yield store


WANTED = [("d", 3), ("a", 2), ("c", 2), ("b", 0)]


@pytest.fixture
def store_in_memory(backend):
    store = VectorStore(4, backend=backend)
    store.add_vectors(["a", "b", "c", "d"], ROWS)
    return store


def test_each_id_comes_with_its_vector_in_the_order_of_ids(store):
    for size in (1, 2, 3, 4, 1024, 2**70):
        found = [(chunk_id, vector.tolist()) for chunk_id, vector in store.items(size)]
        assert found == [(chunk_id, ROWS[row].tolist()) for chunk_id, row in WANTED]
    assert [chunk_id for chunk_id, _ in found] == store.ids()
    # What one might write instead is wrong, and nothing would tell.
    assert list(zip(store.ids(), store.get_all_vectors().tolist(), strict=False)) != found[: len(store)]


def test_vectors_are_the_callers_own(store_in_memory):
    store_in_memory.upsert_vector("c", ROWS[0])
    first, second = (vector for chunk_id, vector in store_in_memory.items() if chunk_id in "ac")
    assert (first.base, first.flags.writeable, first.dtype) == (None, True, np.float32)
    first[:] = 7
    assert second.tolist() == store_in_memory.get_vector("a").tolist() == ROWS[0].tolist()


def test_what_is_removed_meanwhile_is_left_out(store_in_memory):
    items = store_in_memory.items(2)
    assert next(items)[0] == "a"
    store_in_memory.remove_vectors(["b", "c"])  # of the batch that was read, and of the next
    assert [one for one, _ in items] == ["b", "d"]


def test_what_is_added_meanwhile_is_not_visited(store_in_memory):
    items = store_in_memory.items(1)
    next(items)
    store_in_memory.add_vector("late", ROWS[0])
    assert [one for one, _ in items] == ["b", "c", "d"]


def test_what_is_replaced_meanwhile_comes_as_it_is(store_in_memory):
    items = store_in_memory.items(1)
    next(items)
    store_in_memory.upsert_vector("d", ROWS[0])
    store_in_memory.remove_vector("b")
    assert [(one, row.tolist()) for one, row in items] == [("c", ROWS[2].tolist()), ("d", ROWS[0].tolist())]


def test_an_id_that_comes_and_goes_all_the_time_does_not_keep_it_up(store_in_memory, monkeypatch):
    """When it is looked for it is there, and when it is read it has gone."""
    rows = store_in_memory._rows

    def without_b(_, at):
        if "b" in at:
            raise failures.unknown_id("b", at.index("b"))
        return rows(at)

    monkeypatch.setattr(type(store_in_memory), "_rows", without_b)
    assert [one for one, _ in store_in_memory.items()] == ["a", "c", "d"]


def test_an_empty_store(backend):
    assert list(VectorStore(backend=backend).items()) == []


@pytest.mark.parametrize(
    ("size", "error"), [(0, ValueError), (-1, ValueError), (1.0, TypeError), (None, TypeError)]
)
def test_a_wrong_batch_size_is_told_at_once(store_in_memory, size, error):
    with pytest.raises(error, match="batch_size"):
        store_in_memory.items(size)


def test_a_closed_store(store_in_memory):
    items = store_in_memory.items(1)
    next(items)
    store_in_memory.close()
    with pytest.raises(StoreClosedError):
        next(items)
    with pytest.raises(StoreClosedError):
        store_in_memory.items()


def test_no_more_than_a_batch_is_held(backend):
    store = VectorStore(500, backend=backend)
    rows = np.random.default_rng(0).standard_normal((4_000, 500), np.float32)
    store.add_vectors(map(str, range(len(rows))), rows)
    store.ids()  # what the first call keeps for later is not counted
    tracemalloc.start()
    try:
        most = max(tracemalloc.get_traced_memory()[0] for _ in store.items(100))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most > 100 * 500 * 4  # what is measured is measured
    assert peak < rows.nbytes / 4
