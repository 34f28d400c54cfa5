"""INDEX: which index a vector gets."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from refvec import VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.fixtures import Explore, Make
from refvec_conformance.probes.likeness import unlike_copy
from refvec_conformance.tests.helpers import ids, rows


@clause("INDEX-1", tier="smoke", requires="dense_indices")
def test_the_first_indices_are_0_1_2(make: Make) -> None:
    assert make(1).add_vectors(ids(3), rows(3)).tolist() == [0, 1, 2]


@clause("INDEX-1", requires="dense_indices")
@pytest.mark.parametrize("removed", [[0], [2], [0, 2], [2, 0], [3, 1, 2], [4, 3, 2, 1, 0]], ids=str)
def test_the_lowest_free_index_comes_first(make: Make, removed: list[int]) -> None:
    store = make(1)
    store.add_vectors(ids(5), rows(5))
    for one in removed:
        store.remove_vector(str(one))
    found = [store.add_vector(f"new {one}", [100 + one]) for one in range(len(removed) + 1)]
    assert found == [*sorted(removed), 5]


@clause("INDEX-1", requires="dense_indices")
def test_a_batch_fills_the_holes_in_ascending_order(make: Make) -> None:
    store = make(1)
    store.add_vectors(ids(5), rows(5))
    store.remove_vectors(["3", "1"])
    assert store.add_vectors(["x", "y", "z"], rows(3, 100)).tolist() == [1, 3, 5]


@clause("INDEX-1", requires="dense_indices")
def test_a_duplicate_takes_no_hole(make: Make) -> None:
    store = make(1)
    store.add_vectors(ids(3), rows(3))
    store.remove_vector("0")
    assert store.add_vectors(["x", "y"], [[1], [9]]).tolist() == [1, 0]


@clause("INDEX-1", tier="standard", requires="dense_indices")
def test_the_lowest_free_index_comes_first_after_any_history(make: Make, explore: Explore) -> None:
    store = make(1)

    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60))
    def check(history: list[tuple[bool, int]]) -> None:
        store.clear()
        active: dict[int, int] = {}
        for adding, one in history:
            if not adding:
                store.remove_vector(str(one))
                active.pop(one, None)
            elif one not in active:
                lowest = min(set(range(11)) - set(active.values()))
                assert store.add_vector(str(one), [one]) == lowest
                active[one] = lowest

    explore(check, 100)


@clause("INDEX-1", tier="smoke", requires="!dense_indices")
def test_without_dense_indices_they_are_still_distinct_and_not_negative(make: Make) -> None:
    found = make(1).add_vectors(ids(20), rows(20)).tolist()
    assert len(set(found)) == 20
    assert min(found) >= 0


@clause("INDEX-2")
@pytest.mark.parametrize("then", ["add", "remove others", "grow", "upsert others", "duplicate"])
def test_an_index_does_not_change_while_it_has_a_reference(make: Make, then: str) -> None:
    store = make(1, 4)
    index = store.add_vectors(ids(4), rows(4)).tolist()[2]
    changes: dict[str, Callable[[], object]] = {
        "add": lambda: store.add_vector("x", [50]),
        "remove others": lambda: store.remove_vectors(["0", "1", "3"]),
        "grow": lambda: store.add_vectors(ids(1500, 10), rows(1500, 10)),
        "upsert others": lambda: store.upsert_vectors(["0", "1"], [[70], [71]]),
        "duplicate": lambda: (store.add_vector("x", [2]), store.remove_vector("2")),
    }
    changes[then]()
    assert store.get_vector_by_index(index).tolist() == [2]


def through_file(store: VectorStore, folder: Path) -> VectorStore:
    store.save(folder / "saved")
    return VectorStore.load(folder / "saved", backend=store.backend)


COPIES: dict[str, Callable[[VectorStore, Path], VectorStore]] = {
    "pickle": lambda store, _: pickle.loads(pickle.dumps(store)),
    "copy": lambda store, _: copy.copy(store),
    "deepcopy": lambda store, _: copy.deepcopy(store),
    "save and load": through_file,
}


@clause("INDEX-3", "SAVE-1", "SAVE-2")
@pytest.mark.parametrize("renew", COPIES.values(), ids=COPIES)
def test_a_copy_keeps_everything(make: Make, tmp_path: Path, renew: Any) -> None:
    store = make(1, 2)
    store.add_vectors(ids(6), rows(6))
    store.upsert_vector("1", [3])
    store.remove_vectors(["0", "4"])
    assert unlike_copy(renew(store, tmp_path), store) == []


@clause("INDEX-3", requires="dense_indices")
@pytest.mark.parametrize("renew", COPIES.values(), ids=COPIES)
def test_a_copy_reuses_the_same_holes(make: Make, tmp_path: Path, renew: Any) -> None:
    store = make(1, 2)
    store.add_vectors(ids(6), rows(6))
    store.remove_vectors(["4", "0", "5"])
    found = renew(store, tmp_path).add_vectors(["x", "y", "z", "w"], rows(4, 50)).tolist()
    assert found == [0, 4, 5, 6]


@clause("INDEX-3")
@pytest.mark.parametrize("renew", COPIES.values(), ids=COPIES)
def test_a_copy_of_a_cleared_store_keeps_its_freed_indices(make: Make, tmp_path: Path, renew: Any) -> None:
    store = make(1, 2)
    store.add_vectors(ids(6), rows(6))
    store.clear()
    assert unlike_copy(renew(store, tmp_path), store) == []
