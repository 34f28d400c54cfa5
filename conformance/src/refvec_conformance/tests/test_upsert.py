"""UPSERT: replacing in one step."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refvec import VectorStore

from refvec_conformance.inputs import strategies as draw
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.alike import by_id
from refvec_conformance.probes.atomicity import observe, refused, unchanged
from refvec_conformance.probes.fixtures import UNITS, Explore, Make, label

NEW = np.array([9, 9, 9, 9], np.float32)


@clause("UPSERT-1", tier="smoke")
def test_a_present_id_gets_the_new_vector(stocked: VectorStore) -> None:
    stocked.upsert_vector("c", NEW)
    assert stocked.get_vector("c").tolist() == NEW.tolist()  # type: ignore[union-attr]


@clause("UPSERT-1")
def test_a_new_id_is_added(stocked: VectorStore) -> None:
    stocked.upsert_vector("e", NEW)
    assert stocked.get_vector("e").tolist() == NEW.tolist()  # type: ignore[union-attr]


@clause("UPSERT-1")
def test_upsert_vector_returns_an_int(stocked: VectorStore) -> None:
    assert type(stocked.upsert_vector("c", NEW)) is int


@clause("UPSERT-1")
def test_upsert_vector_returns_the_new_index(stocked: VectorStore) -> None:
    assert stocked.upsert_vector("c", NEW) == stocked.get_index("c")


@clause("UPSERT-1")
@pytest.mark.parametrize("chunk_id", ["a", "b", "c", "d"])
def test_an_identical_vector_changes_nothing(stocked: VectorStore, chunk_id: str) -> None:
    vector = stocked.get_vector(chunk_id)
    with unchanged(stocked):
        stocked.upsert_vector(chunk_id, vector)  # type: ignore[arg-type]


@clause("UPSERT-1")
def test_an_identical_vector_of_other_bits_changes_nothing(make: Make) -> None:
    store = make(2)
    store.add_vector("a", [0.0, 1.0])
    with unchanged(store):
        store.upsert_vector("a", [-0.0, 1.0])


@clause("UPSERT-1")
def test_an_identical_vector_gives_the_same_index(stocked: VectorStore) -> None:
    assert stocked.upsert_vector("b", UNITS[0]) == stocked.get_index("a")


@clause("UPSERT-1")
def test_a_new_vector_does_not_take_the_slot_that_the_id_frees(make: Make) -> None:
    store = make(4)
    old = store.add_vector("a", UNITS[0])
    assert store.upsert_vector("a", NEW) != old


@clause("UPSERT-1", requires="dense_indices")
def test_the_slot_that_an_upsert_frees_is_the_next_one_taken(make: Make) -> None:
    store = make(4)
    store.add_vector("a", UNITS[0])
    store.upsert_vector("a", NEW)
    assert store.add_vector("b", UNITS[1]) == 0


@clause("UPSERT-1", "REMOVE-2")
def test_the_old_vector_is_gone_with_its_last_reference(stocked: VectorStore) -> None:
    stocked.upsert_vector("c", NEW)
    assert stocked.find_vector(UNITS[1]) is None


@clause("UPSERT-1")
def test_the_old_vector_stays_while_others_reference_it(stocked: VectorStore) -> None:
    stocked.upsert_vector("a", NEW)
    assert stocked.get_vector("b").tolist() == UNITS[0].tolist()  # type: ignore[union-attr]


@clause("UPSERT-1")
def test_the_old_slot_loses_one_reference(stocked: VectorStore) -> None:
    index = stocked.get_index("a")
    stocked.upsert_vector("a", NEW)
    assert stocked.get_refcount(index) == 1  # type: ignore[arg-type]


@clause("UPSERT-1")
def test_the_new_slot_gains_one_reference(stocked: VectorStore) -> None:
    stocked.upsert_vector("d", UNITS[0])
    assert stocked.get_refcount(stocked.get_index("a")) == 3  # type: ignore[arg-type]


@clause("UPSERT-1")
def test_the_number_of_references_stays(stocked: VectorStore) -> None:
    stocked.upsert_vector("d", UNITS[0])
    assert stocked.total_references == 4


@clause("UPSERT-1", "GET-5", requires="ordered_ids")
@pytest.mark.parametrize("chunk_id", ["a", "b", "c", "d"])
@pytest.mark.parametrize("vector", [NEW, UNITS[0], UNITS[1], UNITS[2]], ids=["new", "0", "1", "2"])
def test_the_id_keeps_its_place(stocked: VectorStore, chunk_id: str, vector: Any) -> None:
    stocked.upsert_vector(chunk_id, vector)
    assert stocked.ids() == ["a", "b", "c", "d"]


@clause("UPSERT-1", "GET-5", requires="ordered_ids")
def test_the_id_comes_last_at_its_new_slot(stocked: VectorStore) -> None:
    stocked.add_vector("e", UNITS[1])
    index = stocked.upsert_vector("a", UNITS[1])
    assert stocked.ids_at(index) == ["c", "e", "a"]


@clause("UPSERT-1", "GET-5", requires="ordered_ids")
def test_there_and_back_the_id_comes_last(stocked: VectorStore) -> None:
    stocked.upsert_vector("a", NEW)
    index = stocked.upsert_vector("a", UNITS[0])
    assert stocked.ids_at(index) == ["b", "a"]


@clause("UPSERT-1", "COUNT-2", requires="dense_indices")
def test_an_upsert_at_the_brim_grows_the_capacity(make: Make) -> None:
    store = make(4, 1)
    store.add_vector("a", UNITS[0])
    store.upsert_vector("a", NEW)
    assert store.get_statistics()["capacity"] == 2


@clause("UPSERT-2")
def test_a_batch_equals_single_upserts_of_the_dict(make: Make, explore: Explore) -> None:
    @given(st.data(), st.lists(st.sampled_from("abcde"), max_size=8))
    def check(data: Any, ids: list[str]) -> None:
        first = data.draw(draw.matrices(2, 4))
        rows = data.draw(draw.matrices(2, len(ids)))
        one, many = (make(2, 1) for _ in range(2))
        for store in (one, many):
            store.add_vectors(["a", "b", "c", "z"], first)
            store.remove_vector("z")
        for chunk_id, row in dict(zip(ids, rows, strict=True)).items():
            one.upsert_vector(chunk_id, row)
        found = many.upsert_vectors(ids, rows).tolist()
        look = observe if type(one).capabilities.dense_indices else by_id
        assert look(one) == look(many)
        assert found == many.get_indices(ids).tolist()

    explore(check, 150)


@clause("UPSERT-2")
def test_of_a_repeated_id_the_last_vector_counts(store: VectorStore) -> None:
    store.upsert_vectors(["a", "b", "a"], UNITS[:3])
    assert store.get_vectors(["a", "b"]).tolist() == UNITS[[2, 1]].tolist()


@clause("UPSERT-2")
def test_losing_vectors_are_not_stored(store: VectorStore) -> None:
    store.upsert_vectors(["a", "a", "a"], UNITS[:3])
    assert (store.count, store.get_statistics()["free_indices"]) == (1, 0)


@clause("UPSERT-2", "ATOM-1")
def test_losing_vectors_are_validated(stocked: VectorStore) -> None:
    with refused(stocked, ValueError) as caught:
        stocked.upsert_vectors(["c", "c"], np.array([[1e39, 0, 0, 0], [1, 1, 1, 1]]))
    assert caught.value.position == 0


@clause("UPSERT-2")
@pytest.mark.parametrize("fact", ["dtype", "shape", "values"])
def test_every_position_holds_the_index_that_its_id_ends_with(store: VectorStore, fact: str) -> None:
    found = store.upsert_vectors(["a", "b", "a"], UNITS[:3])
    wanted = [store.get_index("a"), store.get_index("b"), store.get_index("a")]
    assert {"dtype": found.dtype == np.int64, "shape": found.shape == (3,), "values": found.tolist() == wanted}[
        fact
    ]


@clause("UPSERT-2", requires="ordered_ids")
def test_a_repeated_new_id_has_the_place_of_its_first_occurrence(store: VectorStore) -> None:
    store.upsert_vectors(["a", "b", "a"], UNITS[:3])
    assert store.ids() == ["a", "b"]


@clause("UPSERT-2")
def test_a_batch_can_swap_two_vectors(stocked: VectorStore) -> None:
    stocked.upsert_vectors(["c", "d"], UNITS[[2, 1]])
    assert stocked.get_vectors(["c", "d"]).tolist() == UNITS[[2, 1]].tolist()


@clause("UPSERT-2")
def test_a_vector_that_one_id_leaves_and_another_takes_comes_back(make: Make) -> None:
    store = make(4)
    store.add_vector("a", UNITS[0])
    store.upsert_vectors(["a", "b"], UNITS[[1, 0]])
    assert store.get_vectors(["a", "b"]).tolist() == UNITS[[1, 0]].tolist()


@clause("UPSERT-2", "ATOM-1")
@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("bad", [None, "\ud800"], ids=label)
def test_a_bad_id_refuses_the_whole_batch(stocked: VectorStore, position: int, bad: Any) -> None:
    ids: list[Any] = ["a", "c", "new"]
    ids[position] = bad
    with refused(stocked, (TypeError, ValueError)) as caught:
        stocked.upsert_vectors(ids, np.ones((3, 4)))
    assert caught.value.position == position


@clause("UPSERT-1", "INDEX-3")
@pytest.mark.parametrize("again", [copy.copy, lambda store: pickle.loads(pickle.dumps(store))], ids=label)
def test_an_identical_vector_changes_nothing_in_a_copy(make: Make, again: Any) -> None:
    # Beyond 256: below, CPython has one int object for each number, and `is` looks like `==`.
    store = make(1)
    store.add_vectors(map(str, range(300)), np.arange(300)[:, None])
    other = again(store)
    with unchanged(other):
        other.upsert_vector("299", [299])
