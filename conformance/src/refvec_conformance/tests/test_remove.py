"""REMOVE: ids go, and with the last one the slot."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from refvec import InvalidIndexError, VectorStore

from refvec_conformance.inputs.hostile import after
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused, unchanged
from refvec_conformance.probes.fixtures import UNITS, Make, label


@clause("REMOVE-1", tier="smoke")
def test_removing_a_present_id_gives_true(stocked: VectorStore) -> None:
    assert stocked.remove_vector("a") is True


@clause("REMOVE-1")
@pytest.mark.parametrize("chunk_id", ["unknown", "gone", "", "A"])
def test_removing_an_unknown_id_gives_false(stocked: VectorStore, chunk_id: str) -> None:
    assert stocked.remove_vector(chunk_id) is False


@clause("REMOVE-1")
def test_removing_an_unknown_id_changes_nothing(stocked: VectorStore) -> None:
    with unchanged(stocked):
        stocked.remove_vector("unknown")


@clause("REMOVE-1")
def test_a_removed_id_is_gone(stocked: VectorStore) -> None:
    stocked.remove_vector("a")
    assert "a" not in stocked


@clause("REMOVE-1")
def test_removing_twice_gives_false(stocked: VectorStore) -> None:
    stocked.remove_vector("a")
    assert stocked.remove_vector("a") is False


@clause("REMOVE-1")
def test_a_uuid_removes_what_its_text_added(store: VectorStore) -> None:
    one = uuid.UUID(int=9)
    store.add_vector(str(one), UNITS[0])
    assert store.remove_vector(one) is True


@clause("REMOVE-1")
@pytest.mark.parametrize(
    ("ids", "count"),
    [
        ([], 0),
        (["a"], 1),
        (["a", "c"], 2),
        (["a", "x"], 1),
        (["a", "a", "a"], 1),
        (["x", "y"], 0),
        (list("abcd"), 4),
    ],
    ids=str,
)
def test_remove_vectors_counts_distinct_ids_that_were_there(
    stocked: VectorStore, ids: list[str], count: int
) -> None:
    assert (lambda found: (type(found), found))(stocked.remove_vectors(ids)) == (int, count)


@clause("REMOVE-1", requires="ordered_ids")
def test_remove_vectors_leaves_the_others(stocked: VectorStore) -> None:
    stocked.remove_vectors(after(["c", "x", "a"], lambda: None))
    assert stocked.ids() == ["b", "d"]


@clause("REMOVE-1", "ATOM-1")
@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("bad", [None, 1, b"a", "\ud800"], ids=label)
def test_a_bad_id_removes_nothing(stocked: VectorStore, position: int, bad: Any) -> None:
    ids: list[Any] = ["a", "c"]
    ids.insert(position, bad)
    with refused(stocked, (TypeError, ValueError)) as caught:
        stocked.remove_vectors(ids)
    assert caught.value.position == position


@clause("REMOVE-2", tier="smoke")
def test_while_there_is_a_reference_the_slot_lives(stocked: VectorStore) -> None:
    stocked.remove_vector("a")
    assert stocked.get_vector("b").tolist() == UNITS[0].tolist()  # type: ignore[union-attr]


@clause("REMOVE-2")
def test_a_removed_reference_is_not_counted(stocked: VectorStore) -> None:
    index = stocked.get_index("b")
    stocked.remove_vector("a")
    assert stocked.get_refcount(index) == 1  # type: ignore[arg-type]


@clause("REMOVE-2")
@pytest.mark.parametrize("how", ["remove_vector", "remove_vectors", "upsert_vector"])
def test_at_the_last_reference_the_index_is_freed(stocked: VectorStore, how: str) -> None:
    index = stocked.get_index("c")
    calls: dict[str, Any] = {
        "remove_vector": ("c",),
        "remove_vectors": (["c"],),
        "upsert_vector": ("c", UNITS[0]),
    }
    getattr(stocked, how)(*calls[how])
    with pytest.raises(InvalidIndexError, match=f"Vector index {index} has been freed"):
        stocked.get_vector_by_index(index)  # type: ignore[arg-type]


@clause("REMOVE-2")
@pytest.mark.parametrize("method", ["get_refcount", "ids_at", "get_vector_by_index"])
def test_a_freed_index_is_invalid_everywhere(stocked: VectorStore, method: str) -> None:
    index = stocked.get_index("c")
    stocked.remove_vector("c")
    with refused(stocked, InvalidIndexError):
        getattr(stocked, method)(index)


@clause("REMOVE-2")
def test_a_freed_index_is_not_active(stocked: VectorStore) -> None:
    index = stocked.get_index("c")
    stocked.remove_vector("c")
    assert index not in stocked.indices().tolist()


@clause("REMOVE-2")
def test_a_freed_vector_no_longer_deduplicates(stocked: VectorStore) -> None:
    stocked.remove_vector("c")
    assert stocked.find_vector(UNITS[1]) is None


@clause("REMOVE-2")
def test_a_freed_vector_can_be_added_anew(stocked: VectorStore) -> None:
    stocked.remove_vector("c")
    index = stocked.add_vector("e", UNITS[1])
    assert stocked.get_vector_by_index(index).tolist() == UNITS[1].tolist()


@clause("REMOVE-2", "VEC-5")
def test_after_the_last_reference_the_next_member_is_the_one_kept(make: Make) -> None:
    store = make(1)
    store.add_vector("a", [0.0])
    store.remove_vector("a")
    store.add_vector("b", [-0.0])
    assert str(store.get_vector("b")) == "[-0.]"


@clause("REMOVE-2", requires="dense_indices")
def test_a_reused_index_is_valid_again(stocked: VectorStore) -> None:
    index = stocked.get_index("c")
    stocked.remove_vectors(["c", "d"])
    stocked.add_vector("e", UNITS[3])
    assert stocked.ids_at(index) == ["e"]  # type: ignore[arg-type]


@clause("REMOVE-3", tier="smoke")
def test_clear_removes_every_id(stocked: VectorStore) -> None:
    stocked.clear()
    assert stocked.ids() == []


@clause("REMOVE-3")
def test_clear_removes_every_vector(stocked: VectorStore) -> None:
    stocked.clear()
    assert (len(stocked), stocked.get_all_vectors().shape) == (0, (0, 4))


@clause("REMOVE-3")
def test_clear_frees_all_allocated_indices(stocked: VectorStore) -> None:
    stocked.clear()
    assert stocked.get_statistics()["free_indices"] == 4


@clause("REMOVE-3")
def test_clear_returns_nothing(stocked: VectorStore) -> None:
    assert stocked.clear() is None  # type: ignore[func-returns-value]


@clause("REMOVE-3", "COUNT-2")
def test_clear_keeps_the_capacity(make: Make) -> None:
    store = make(4, 1)
    store.add_vectors(["a", "b", "c", "d"], UNITS)
    before = store.get_statistics()["capacity"]
    store.clear()
    assert store.get_statistics()["capacity"] == before


@clause("REMOVE-3")
@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_a_cleared_index_has_been_freed(make: Make, index: int) -> None:
    store = make(4)
    found = store.add_vectors(["a", "b", "c", "d"], UNITS).tolist()
    store.clear()
    with refused(store, InvalidIndexError, "has been freed"):
        store.get_vector_by_index(found[index])


@clause("REMOVE-3")
def test_cleared_vectors_no_longer_deduplicate(stocked: VectorStore) -> None:
    stocked.clear()
    assert stocked.find_vector(UNITS[0]) is None


@clause("REMOVE-3", requires="dense_indices")
def test_after_clear_the_lowest_index_comes_first(stocked: VectorStore) -> None:
    stocked.clear()
    assert stocked.add_vectors(["x", "y", "z"], UNITS[:3]).tolist() == [0, 1, 2]


@clause("REMOVE-3")
def test_clearing_an_empty_store_changes_nothing(store: VectorStore) -> None:
    with unchanged(store):
        store.clear()
