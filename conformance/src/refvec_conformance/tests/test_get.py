"""GET: looking up by id, and all at once."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from refvec import UnknownIdError, VectorStore

from refvec_conformance.inputs.hostile import HALF_UUID
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused, unchanged
from refvec_conformance.probes.fixtures import UNITS, label
from refvec_conformance.probes.outcomes import frozen
from refvec_conformance.tests.helpers import at, freed


@clause("GET-1", tier="smoke")
def test_get_vector_gives_the_vector(stocked: VectorStore) -> None:
    assert stocked.get_vector("c").tolist() == [0, 1, 0, 0]  # type: ignore[union-attr]


@clause("GET-1")
@pytest.mark.parametrize("method", ["get_vector", "get_index"])
@pytest.mark.parametrize("chunk_id", ["unknown", "gone", "", "A", uuid.UUID(int=1)], ids=str)
def test_an_unknown_id_gives_none(stocked: VectorStore, method: str, chunk_id: Any) -> None:
    assert getattr(stocked, method)(chunk_id) is None


@clause("GET-1", "ID-1")
@pytest.mark.parametrize("method", ["get_vector", "get_index"])
@pytest.mark.parametrize("thing", [None, 1, b"a", ["a"], "\ud800", HALF_UUID], ids=label)
def test_what_is_no_id_is_refused_and_not_just_unknown(stocked: VectorStore, method: str, thing: Any) -> None:
    with refused(stocked, (TypeError, ValueError)):
        getattr(stocked, method)(thing)


@clause("GET-1")
def test_get_vector_has_one_axis(stocked: VectorStore) -> None:
    assert stocked.get_vector("a").shape == (4,)  # type: ignore[union-attr]


@clause("GET-1")
def test_get_index_gives_an_int(stocked: VectorStore) -> None:
    assert type(stocked.get_index("a")) is int


@clause("GET-1")
def test_ids_that_share_a_vector_have_one_index(stocked: VectorStore) -> None:
    assert stocked.get_index("a") == stocked.get_index("b")


@clause("GET-1")
@pytest.mark.parametrize("chunk_id", ["a", "b", "c", "d"])
def test_a_present_id_is_in_the_store(stocked: VectorStore, chunk_id: str) -> None:
    assert (chunk_id in stocked) is True


@clause("GET-1")
@pytest.mark.parametrize("chunk_id", ["e", "gone", "", uuid.UUID(int=0)], ids=str)
def test_an_absent_id_is_not(stocked: VectorStore, chunk_id: Any) -> None:
    assert (chunk_id in stocked) is False


@clause("GET-1")
@pytest.mark.parametrize(
    "thing", [None, 1, 0, b"a", ["a"], ("a",), "\ud800", object(), np.zeros(4), HALF_UUID], ids=label
)
def test_what_is_no_id_is_not_in_the_store(stocked: VectorStore, thing: Any) -> None:
    assert (thing in stocked) is False


@clause("GET-2", tier="smoke")
def test_get_vectors_gives_rows_in_the_order_asked_for(stocked: VectorStore) -> None:
    assert stocked.get_vectors(["d", "a", "d", "b"]).tolist() == UNITS[[2, 0, 2, 0]].tolist()


@clause("GET-2")
@pytest.mark.parametrize("ids", [[], (), iter([])], ids=["list", "tuple", "iterator"])
def test_no_ids_give_no_rows(stocked: VectorStore, ids: Any) -> None:
    assert stocked.get_vectors(ids).shape == (0, 4)


@clause("GET-2")
@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("fact", ["position", "chunk_id"])
def test_the_first_missing_id_is_named(stocked: VectorStore, position: int, fact: str) -> None:
    ids = ["a", "b", "c", "other"]
    ids[position] = "missing"
    with refused(stocked, UnknownIdError) as caught:
        stocked.get_vectors(ids)
    assert getattr(caught.value, fact) == {"position": position, "chunk_id": "missing"}[fact]


@clause("GET-2")
def test_a_missing_id_is_a_key_error(stocked: VectorStore) -> None:
    with refused(stocked, KeyError):
        stocked.get_vectors(["missing"])


@clause("GET-2")
def test_its_str_is_the_plain_message(stocked: VectorStore) -> None:
    with refused(stocked, UnknownIdError) as caught:
        stocked.get_vectors(["missing"])
    text = str(caught.value)
    assert "missing" in text
    assert text == f"{caught.value.args[0]} (position 0 of the batch)"  # not the repr, as a KeyError would


@clause("GET-4")
def test_get_all_vectors_is_in_ascending_index_order(stocked: VectorStore) -> None:
    rows = [stocked.get_vector_by_index(index).tolist() for index in stocked.indices().tolist()]
    assert stocked.get_all_vectors().tolist() == rows


@clause("GET-4")
def test_get_all_vectors_has_a_row_for_each_vector(stocked: VectorStore) -> None:
    assert stocked.get_all_vectors().shape == (stocked.count, 4)


@clause("GET-4")
@pytest.mark.parametrize("fact", ["dtype", "ascending", "set", "type"])
def test_indices_are_the_active_ones_ascending(stocked: VectorStore, fact: str) -> None:
    freed(stocked)
    found = stocked.indices()
    wanted = set(at(stocked, "a", "b", "d"))
    assert {
        "dtype": found.dtype == np.int64,
        "ascending": bool((np.diff(found) > 0).all()),
        "set": set(found.tolist()) == wanted,
        "type": type(found) is np.ndarray,
    }[fact]


@clause("GET-4")
@pytest.mark.parametrize("method", ["indices", "get_all_vectors", "ids"])
def test_an_empty_store_has_none(store: VectorStore, method: str) -> None:
    assert len(getattr(store, method)()) == 0


@clause("GET-5", requires="ordered_ids")
def test_ids_are_in_the_order_in_which_they_were_added(store: VectorStore) -> None:
    ids = ["z", "a", "m", "b", "y"]
    for one in ids[:3]:
        store.add_vector(one, UNITS[0])
    store.add_vectors(ids[3:], UNITS[:2])
    assert store.ids() == ids


@clause("GET-5", requires="ordered_ids")
@pytest.mark.parametrize("chunk_id", ["a", "b", "c", "d"])
def test_removing_and_adding_again_moves_to_the_end(stocked: VectorStore, chunk_id: str) -> None:
    stocked.remove_vector(chunk_id)
    stocked.add_vector(chunk_id, UNITS[3])
    assert stocked.ids() == [one for one in "abcd" if one != chunk_id] + [chunk_id]


@clause("GET-5", requires="ordered_ids")
def test_removing_keeps_the_order_of_the_others(store: VectorStore) -> None:
    store.add_vectors(map(str, range(50)), np.tile(UNITS, (13, 1))[:50])
    store.remove_vectors(map(str, range(0, 50, 3)))
    assert store.ids() == [str(one) for one in range(50) if one % 3]


@clause("GET-5", requires="ordered_ids")
def test_ids_at_are_in_the_order_in_which_they_came(store: VectorStore) -> None:
    store.add_vectors(["z", "other", "a", "m"], UNITS[[0, 1, 0, 0]])
    store.remove_vector("a")
    store.add_vector("a", UNITS[0])
    assert store.ids_at(at(store, "z")[0]) == ["z", "m", "a"]


@clause("GET-5", requires="!ordered_ids")
def test_without_order_the_ids_are_still_those(stocked: VectorStore) -> None:
    assert sorted(stocked.ids()) == ["a", "b", "c", "d"]


@clause("GET-5")
@pytest.mark.parametrize(("chunk_id", "ids"), [("a", ["a", "b"]), ("c", ["c"])])
def test_ids_at_are_those_that_reference_the_index(stocked: VectorStore, chunk_id: str, ids: list[str]) -> None:
    assert sorted(stocked.ids_at(at(stocked, chunk_id)[0])) == ids


@clause("GET-5")
def test_ids_give_a_new_list_every_time(stocked: VectorStore) -> None:
    assert (type(stocked.ids()), stocked.ids() is stocked.ids()) == (list, False)


@clause("GET-7", tier="smoke")
@pytest.mark.parametrize("field", ["ids", "id_indices", "indices", "vectors"])
def test_a_snapshot_agrees_with_the_other_methods(stocked: VectorStore, field: str) -> None:
    found, ids = stocked.snapshot(), stocked.ids()
    wanted = {
        "ids": ids,
        "id_indices": stocked.get_indices(ids),
        "indices": stocked.indices(),
        "vectors": stocked.get_all_vectors(),
    }
    assert frozen(getattr(found, field)) == frozen(wanted[field])


@clause("GET-7")
def test_a_snapshot_is_a_named_tuple_of_four(stocked: VectorStore) -> None:
    assert stocked.snapshot()._fields == ("ids", "id_indices", "indices", "vectors")


@clause("GET-7")
def test_a_snapshot_of_nothing_is_empty(store: VectorStore) -> None:
    found = store.snapshot()
    assert (found.ids, found.id_indices.shape, found.indices.shape, found.vectors.shape) == (
        [],
        (0,),
        (0,),
        (0, 4),
    )


@clause("GET-7")
def test_a_snapshot_does_not_follow_the_store(stocked: VectorStore) -> None:
    found = stocked.snapshot()
    before = frozen(found)
    stocked.clear()
    stocked.add_vectors(["x", "y"], UNITS[[3, 2]])
    assert frozen(found) == before


@clause("GET-8")
def test_get_indices_gives_minus_one_where_unknown(stocked: VectorStore) -> None:
    found = stocked.get_indices(["x", "a", "gone", "c", "a"])
    wanted = np.array(
        [-1, stocked.get_index("a"), -1, stocked.get_index("c"), stocked.get_index("a")], np.int64
    )
    assert frozen(found) == frozen(wanted)


@clause("GET-8")
def test_get_indices_of_nothing_is_empty(stocked: VectorStore) -> None:
    assert frozen(stocked.get_indices([])) == frozen(np.empty(0, np.int64))


@clause("GET-8")
def test_find_vector_gives_the_index_of_the_identical_vector(stocked: VectorStore) -> None:
    assert stocked.find_vector([0, 1, 0, 0]) == stocked.get_index("c")


@clause("GET-8")
def test_find_vector_gives_an_int(stocked: VectorStore) -> None:
    assert type(stocked.find_vector(UNITS[0])) is int


@clause("GET-8")
@pytest.mark.parametrize("vector", [[0, 0, 0, 1], [1, 1, 0, 0], [0] * 4, [np.nan] * 4], ids=str)
def test_find_vector_gives_none_where_there_is_none(stocked: VectorStore, vector: Any) -> None:
    assert stocked.find_vector(vector) is None


@clause("GET-8", "DEDUP-1")
def test_find_vector_goes_by_identity_not_by_bits(stocked: VectorStore) -> None:
    assert stocked.find_vector([1, -0.0, 1e-9, 0]) == stocked.get_index("a")


@clause("GET-8")
def test_find_vector_changes_nothing(stocked: VectorStore) -> None:
    with unchanged(stocked):
        stocked.find_vector(UNITS[3])
