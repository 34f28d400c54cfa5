"""VEC-4: the store keeps a copy, and gives copies."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from refvec import VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.concurrency import jostled, must, together
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.probes.outcomes import bits
from refvec_conformance.tests.helpers import at, every_way_in, stored

# Components: long enough for a copy to be seen half done.
WIDE = 16_384

TAKE: dict[str, Callable[[VectorStore], Any]] = {
    "get_vector": lambda store: store.get_vector("a"),
    "get_vectors": lambda store: store.get_vectors(["a"]),
    "get_vector_by_index": lambda store: store.get_vector_by_index(store.get_index("a")),  # type: ignore[arg-type]
    "get_vectors_by_indices": lambda store: store.get_vectors_by_indices(store.get_indices(["a"])),
    "get_all_vectors": lambda store: store.get_all_vectors(),
    "snapshot": lambda store: store.snapshot().vectors,
    "iter_batches": lambda store: next(iter(store.iter_batches()))[1],
}


every_way_out = pytest.mark.parametrize("take", TAKE.values(), ids=TAKE)


@clause("VEC-4")
@every_way_in
@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4", "i4"])
def test_a_change_of_the_callers_array_does_not_reach_the_store(
    store: VectorStore, put: Any, dtype: str
) -> None:
    row = np.array([1, 2, 3, 4], dtype)
    put(store, "a", row)
    row[:] = 9
    assert stored(store) == bits(np.array([1, 2, 3, 4], np.float32))


@clause("VEC-4")
@every_way_in
def test_a_change_of_the_callers_array_does_not_reach_identity(store: VectorStore, put: Any) -> None:
    row = np.array([1, 2, 3, 4], np.float32)
    put(store, "a", row)
    row[:] = 9
    assert (store.find_vector([1, 2, 3, 4]), store.find_vector([9] * 4)) == (store.get_index("a"), None)


@contextmanager
def overwritten(array: NDArray[np.float32]) -> Iterator[None]:
    """Have another thread write to an array all the time, as numpy does, without the interpreter's lock."""
    values = [np.full_like(array, value) for value in range(1, 5)]
    stop = threading.Event()

    def overwrite() -> None:
        while not stop.is_set():
            for one in values:
                np.copyto(array, one)

    writer = threading.Thread(target=overwrite, daemon=True)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


@clause("VEC-4", "DEDUP-1")
@every_way_in
def test_what_is_stored_is_what_was_identified_however_the_callers_array_changes(make: Make, put: Any) -> None:
    width = min(WIDE, make(1).capabilities.max_dimension)
    store, array = make(width), np.zeros(width, np.float32)

    def put_all() -> None:
        for number in range(60):
            put(store, str(number), array)

    with jostled(Random(7), share=0.2), overwritten(array):
        must(together(put_all))
    ids = store.ids()
    found = [store.find_vector(row) for row in store.get_vectors(ids)]
    assert found == store.get_indices(ids).tolist(), "each vector is found by its own content"


@clause("VEC-4")
@every_way_out
@pytest.mark.parametrize("fact", ["dtype", "writeable", "c_contiguous", "aligned", "type"])
def test_what_comes_back_is_a_plain_native_array(stocked: VectorStore, take: Any, fact: str) -> None:
    found = take(stocked)
    facts = {"dtype": found.dtype.str == np.dtype("=f4").str, "type": type(found) is np.ndarray}
    assert facts[fact] if fact in facts else getattr(found.flags, fact)


@clause("VEC-4")
@every_way_out
def test_writing_to_a_result_does_not_reach_the_store(stocked: VectorStore, take: Any) -> None:
    found = take(stocked)
    found[...] = 9
    assert bits(stocked.get_vector("a")) == bits(UNITS[0])


@clause("VEC-4")
@every_way_out
def test_writing_to_a_result_does_not_reach_a_later_result(stocked: VectorStore, take: Any) -> None:
    take(stocked)[...] = 9
    assert 9 not in take(stocked)


@clause("VEC-4")
@every_way_out
@pytest.mark.parametrize("then", ["upsert", "remove", "clear", "grow", "reuse", "close"])
def test_later_calls_do_not_change_a_result(stocked: VectorStore, take: Any, then: str) -> None:
    found = take(stocked)
    before = bits(found)
    _CHANGES[then](stocked)
    assert bits(found) == before


def _reuse(store: VectorStore) -> None:
    store.clear()
    store.add_vectors(map(str, range(8)), np.arange(32).reshape(8, 4) + 100)


_CHANGES: dict[str, Callable[[VectorStore], object]] = {
    "upsert": lambda store: store.upsert_vectors(["a", "b", "c", "d"], np.full((4, 4), 8)),
    "remove": lambda store: store.remove_vectors(["a", "b"]),
    "clear": lambda store: store.clear(),
    "grow": lambda store: store.add_vectors(map(str, range(1500)), np.arange(6000).reshape(1500, 4)),
    "reuse": _reuse,
    "close": lambda store: store.close(),
}


@clause("VEC-4")
def test_two_results_do_not_share_memory(stocked: VectorStore) -> None:
    assert not np.shares_memory(stocked.get_all_vectors(), stocked.get_all_vectors())


@clause("VEC-4")
@pytest.mark.parametrize("field", ["indices", "id_indices"])
def test_the_indices_of_a_snapshot_are_the_callers_own(stocked: VectorStore, field: str) -> None:
    before = stocked.indices()
    found: NDArray[np.int64] = getattr(stocked.snapshot(), field)
    found[...] = 77
    assert bits(stocked.indices()) == bits(before)


@clause("VEC-4")
@pytest.mark.parametrize("give", ["ids", "ids_at"])
def test_a_list_of_ids_is_the_callers_own(stocked: VectorStore, give: str) -> None:
    found = stocked.ids() if give == "ids" else stocked.ids_at(*at(stocked, "a"))
    found.clear()
    assert sorted(stocked.ids_at(*at(stocked, "a"))) == ["a", "b"]
