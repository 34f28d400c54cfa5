"""Rules that hold for three vectors hold for thousands, and for more references than 16 bits can count."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import DuplicateIdError, InvalidIndexError, UnknownIdError, VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import Make
from refvec_conformance.probes.likeness import as_twins

COUNT = 1650
GONE = 3  # every third is removed,
AGAIN = 50  # and some of them are added again: younger than those behind them


def row_of(chunk_id: str) -> list[float]:
    """Return the vector of an id: another for every id."""
    return [float(chunk_id) % 50, float(chunk_id) // 50]


class Filled:
    """A store of many vectors, and what has to be in it.

    Attributes
    ----------
    store : VectorStore
    ids : list of str
        What it holds, in the order in which it was added.
    index : dict
        The index of every id, as `add_vectors` returned it.
    gone : list of int
        The indices that are free, ascending; of a backend that numbers from 0.
    allocated : int
        How many indices were ever used: with dense indices as many as there were vectors at once.
    """

    def __init__(self, make: Make, rng: np.random.Generator) -> None:
        self.store = make(2)
        given = [str(one) for one in rng.permutation(COUNT)]
        known = dict(zip(given, self.store.add_vectors(given, [*map(row_of, given)]).tolist(), strict=True))
        gone = given[::GONE]
        self.store.remove_vectors(gone)
        again, gone = gone[:AGAIN], gone[AGAIN:]
        used = {*known.values()}
        known |= zip(again, self.store.add_vectors(again, [*map(row_of, again)]).tolist(), strict=True)
        left = {*given} - {*gone} - {*again}
        self.ids = [one for one in given if one in left] + again
        self.index = {one: known[one] for one in self.ids}
        self.allocated = len(used | {*self.index.values()})
        self.gone = sorted({*range(COUNT)} - {*self.index.values()})

    @property
    def rows(self) -> Any:
        """The vectors by ascending index."""
        return [row_of(one) for one in sorted(self.ids, key=self.index.__getitem__)]


@pytest.fixture
def filled(make: Make, rng: np.random.Generator) -> Filled:
    """A store of many vectors with many holes."""
    return Filled(make, rng)


@clause("GET-5", requires="ordered_ids")
def test_many_ids_keep_their_order(filled: Filled) -> None:
    assert filled.store.ids() == filled.ids
    assert filled.store.snapshot().ids == filled.ids


@clause("GET-4")
def test_many_vectors_go_by_index(filled: Filled) -> None:
    assert filled.store.indices().tolist() == sorted(filled.index.values())
    assert filled.store.get_all_vectors().tolist() == filled.rows


@clause("GET-7")
def test_a_snapshot_of_many_is_right(filled: Filled) -> None:
    seen = filled.store.snapshot()
    assert dict(zip(seen.ids, seen.id_indices.tolist(), strict=True)) == filled.index
    assert (seen.indices.tolist(), seen.vectors.tolist()) == (sorted(filled.index.values()), filled.rows)


@clause("GET-2", "GET-3", "GET-8")
def test_many_are_read_in_the_order_asked_for_repeats_included(
    filled: Filled, rng: np.random.Generator
) -> None:
    wanted = rng.choice(filled.ids, COUNT).tolist()
    indices = [filled.index[one] for one in wanted]
    rows = np.array([row_of(one) for one in wanted], np.float32)
    found: dict[str, Any] = {
        "get_vectors": filled.store.get_vectors(wanted),
        "get_vectors_by_indices": filled.store.get_vectors_by_indices(indices),
        "out": filled.store.get_vectors_by_indices(np.array(indices), np.empty_like(rows)),
        "get_indices": filled.store.get_indices(wanted),
    }
    for method, answer in found.items():
        right = np.array(indices, np.int64) if method == "get_indices" else rows
        assert (answer.dtype, answer.tolist()) == (right.dtype, right.tolist()), method
        assert (answer.flags.c_contiguous, answer.flags.writeable) == (True, True), method


@clause("GET-2", "GET-8", "ERR-1")
@pytest.mark.parametrize("position", [1023, 1090])
def test_a_missing_id_among_many_is_named(filled: Filled, position: int) -> None:
    wanted = [*filled.ids[:position], "missing", *filled.ids[position:], "another"]
    with pytest.raises(UnknownIdError) as caught:
        filled.store.get_vectors(wanted)
    assert (caught.value.position, caught.value.chunk_id) == (position, "missing")
    assert np.flatnonzero(filled.store.get_indices(wanted) == -1).tolist() == [position, len(wanted) - 1]


@clause("GET-3", "GET-6", "ERR-1", requires="dense_indices")
@pytest.mark.parametrize("method", ["get_vectors_by_indices", "get_refcounts"])
@pytest.mark.parametrize("position", [1023, 1090])
def test_a_freed_index_among_many_is_named(filled: Filled, method: str, position: int) -> None:
    indices = list(filled.index.values())
    indices[position:] = [filled.gone[0], *indices[position:]]
    with pytest.raises(InvalidIndexError, match="has been freed") as caught:
        getattr(filled.store, method)(indices)
    assert (caught.value.position, caught.value.index) == (position, filled.gone[0])


@clause("GET-8")
def test_each_of_many_vectors_is_found(filled: Filled) -> None:
    assert [filled.store.find_vector(row_of(one)) for one in filled.ids] == [*filled.index.values()]


@clause("REMOVE-2", "DEDUP-4")
def test_none_of_many_removed_vectors_is_found(filled: Filled) -> None:
    gone = {*map(str, range(COUNT))} - {*filled.ids}
    assert [one for one in gone if filled.store.find_vector(row_of(one)) is not None] == []


@clause("DEDUP-4")
def test_each_of_many_vectors_is_shared(filled: Filled) -> None:
    again = [f"again {one}" for one in filled.ids]
    found = filled.store.add_vectors(again, [row_of(one) for one in filled.ids]).tolist()
    assert found == [*filled.index.values()]
    assert set(filled.store.get_refcounts(found).tolist()) == {2}


@clause("REMOVE-1")
def test_of_many_removed_ids_repeats_count_once(filled: Filled) -> None:
    assert filled.store.remove_vectors([*filled.ids, "missing", *filled.ids]) == len(filled.ids)
    assert (filled.store.ids(), len(filled.store)) == ([], 0)


@clause("COUNT-3", "COUNT-1")
def test_the_statistics_of_many(filled: Filled) -> None:
    found, count = filled.store.get_statistics(), len(filled.ids)
    assert (found["unique_vectors"], found["total_references"]) == (count, count)
    assert found["free_indices"] == filled.allocated - count
    assert found["utilization"] == round(100 * count / found["capacity"], 2)


@clause("INDEX-1", requires="dense_indices")
def test_the_lowest_of_many_holes_come_first(filled: Filled) -> None:
    ids = [f"new {one}" for one in range(len(filled.gone) + 2)]
    rows = [[float(one), -1.0] for one in range(len(ids))]
    found = [filled.store.add_vector(one, row) for one, row in zip(ids[:9], rows[:9], strict=True)]
    found += filled.store.add_vectors(ids[9:], rows[9:]).tolist()
    assert found == [*filled.gone, COUNT, COUNT + 1]


@clause("COUNT-2", requires="dense_indices")
@pytest.mark.parametrize("capacity", [1, 7, 1000])
@pytest.mark.parametrize("count", [1001])
def test_capacity_grows_vector_by_vector_in_a_long_batch(make: Make, capacity: int, count: int) -> None:
    store, wanted = make(1, capacity), capacity
    store.add_vectors(map(str, range(count)), np.arange(count)[:, None])
    for index in range(count):
        wanted = max(index + 1, wanted + wanted // 2) if index >= wanted else wanted
    assert store.get_statistics()["capacity"] == wanted


@clause("GET-9")
def test_batches_of_more_than_a_thousand(filled: Filled) -> None:
    count = len(filled.ids)
    for size in (1000, 1025, 5000):
        batches = list(filled.store.iter_batches(size))
        assert [len(found) for found, _ in batches] == [min(size, count - at) for at in range(0, count, size)]
        assert np.concatenate([vectors for _, vectors in batches]).tolist() == filled.rows


RENEW: dict[str, Callable[[VectorStore, Path], VectorStore]] = {
    "save": lambda store, path: (store.save(path), VectorStore.load(path, backend=type(store).backend))[1],  # type: ignore[func-returns-value]
    "pickle": lambda store, _: pickle.loads(pickle.dumps(store)),
    "copy": lambda store, _: copy.copy(store),
}


@clause("INDEX-3", "SAVE-1", "SAVE-2")
@pytest.mark.parametrize("renew", RENEW.values(), ids=RENEW)
def test_a_copy_of_many_is_equal(filled: Filled, tmp_path: Path, renew: Any) -> None:
    other = renew(filled.store, tmp_path / "saved")
    assert contents(other) == contents(filled.store)


def contents(store: VectorStore) -> object:
    """Return what is in a store, in its order: less than all that can be seen, and cheap."""
    seen, statistics = store.snapshot(), store.get_statistics()
    numbers = seen.id_indices.tolist()
    if not type(store).capabilities.dense_indices:
        return sorted(zip(seen.ids, numbers, strict=True)), seen.vectors.tobytes()
    return seen.ids, numbers, seen.indices.tolist(), seen.vectors.tobytes(), statistics


def held(store: VectorStore) -> object:
    """Return what is in a store, as it is in every one that holds the same."""
    if type(store).capabilities.dense_indices:
        return contents(store)
    ids = sorted(store.ids())
    return ids, store.get_vectors(ids).tobytes(), len(store)


LATE = [1023, 1499]


@clause("ERR-1", "ATOM-1", "ADD-2")
@pytest.mark.parametrize("position", LATE)
@pytest.mark.parametrize("bad", ["present", "repeated", "id", "overflow"])
def test_a_failure_late_in_a_long_batch_leaves_nothing(stocked: VectorStore, position: int, bad: str) -> None:
    ids: list[Any] = [f"new {one}" for one in range(1500)]
    rows = np.arange(6000.0).reshape(1500, 4)
    if bad == "overflow":
        rows[position, 3] = 1e39
    else:
        ids[position] = {"present": "a", "repeated": "new 0", "id": None}[bad]
    with refused(stocked, (TypeError, ValueError)) as caught:
        stocked.add_vectors(ids, rows)
    assert caught.value.position == position
    assert isinstance(caught.value, DuplicateIdError) == (bad in ("present", "repeated"))


@clause("UPSERT-2")
def test_the_losing_vectors_of_a_long_batch_are_not_stored(make: Make) -> None:
    one, other = make(2), make(2)
    ids = [str(position % 1010) for position in range(1500)]
    rows = np.stack([np.arange(1500), np.ones(1500)], axis=1)
    last = dict(zip(ids, rows, strict=True))
    found = one.upsert_vectors(ids, rows)
    other.add_vectors(list(last), list(last.values()))
    assert held(one) == held(other)
    assert found.tolist() == one.get_indices(ids).tolist()


@clause("ADD-2", "UPSERT-2", tier="standard")
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
def test_a_long_batch_equals_single_calls(make: Make, rng: np.random.Generator, method: str) -> None:
    one, other = make(1, 3), make(1, 3)
    ids, rows = [str(each) for each in rng.permutation(1100)], rng.integers(0, 1050, (1100, 1))
    for store in (one, other):
        store.add_vectors(["first", "second", "third"], [[5], [6], [7]])
        store.remove_vectors(["first", "third"])
    found = getattr(one, method)(ids, rows).tolist()
    single = getattr(other, method[:-1])
    one_by_one = [single(each, row) for each, row in zip(ids, rows, strict=True)]
    assert as_twins(one, found) == as_twins(other, one_by_one)
    assert held(one) == held(other)


CROWD = 65_537
CROWDED = [str(one) for one in range(CROWD)]


def crowded(make: Make) -> tuple[VectorStore, int]:
    """Return a store of one vector with more references than 16 bits can count, and its index."""
    store = make(1)
    found = store.add_vectors(CROWDED, np.broadcast_to(np.float32(2), (CROWD, 1)))
    assert len(set(found.tolist())) == 1
    return store, int(found[0])


@clause("GET-6", "GET-5", "COUNT-1", "COUNT-3", "SEARCH-1", "SEARCH-4")
def test_more_references_than_16_bits_can_count(make: Make) -> None:
    store, index = crowded(make)
    assert store.get_refcount(index) == CROWD
    assert store.get_refcounts([index, index]).tolist() == [CROWD, CROWD]
    assert (store.total_references, store.get_statistics()["total_references"]) == (CROWD, CROWD)
    assert sorted(store.ids_at(index)) == sorted(CROWDED)
    assert len(store) == 1
    if type(store).capabilities.search:
        assert sorted(store.search([1], 1).ids[0]) == sorted(CROWDED)
        assert sorted(store.search([1], 1, within=CROWDED[10:]).ids[0]) == sorted(CROWDED[10:])


@clause("REMOVE-2", "GET-6", tier="standard")
def test_a_slot_with_more_references_than_16_bits_can_count_lives_until_the_last(make: Make) -> None:
    store, index = crowded(make)
    assert store.remove_vector(CROWDED[0]) is True
    assert store.get_refcount(index) == CROWD - 1
    assert store.remove_vectors(CROWDED[1:65_536]) == 65_535
    assert (store.get_refcount(index), store.ids(), len(store)) == (1, CROWDED[-1:], 1)
    store.remove_vector(CROWDED[-1])
    assert (len(store), store.find_vector([2])) == (0, None)
