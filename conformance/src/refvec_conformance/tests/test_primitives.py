"""The primitives of a backend that change it, and all of a closed one, called as the contract calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refvec import (
    DimensionMismatchError,
    DuplicateIdError,
    InvalidIndexError,
    StoreClosedError,
    VectorStore,
)

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused, unchanged
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.probes.likeness import as_twins, unlike_twin
from refvec_conformance.probes.outcomes import frozen

from .helpers import int64

NOTHING = np.empty((0, 4), np.float32)
every_mode = pytest.mark.parametrize("mode", ["add", "upsert"])


def rows_of(*values: float, width: int = 4) -> Any:
    """Return canonical rows that nobody else holds."""
    return np.repeat(np.array(values, np.float32)[:, None], width, axis=1)


@clause("ADD-2", "DEDUP-4")
def test_put_adds_what_add_vectors_adds(make: Make) -> None:
    one, other = make(4, 2), make(4, 2)
    found = one._put(["a", "b", "c"], UNITS[[1, 0, 1]], "add")
    wanted = other.add_vectors(["a", "b", "c"], UNITS[[1, 0, 1]])
    assert (type(found), found.dtype) == (type(wanted), wanted.dtype)
    assert as_twins(one, found.tolist()) == as_twins(other, wanted.tolist())
    assert unlike_twin(one, other) == []


@clause("UPSERT-1", "UPSERT-2")
def test_put_upserts_what_upsert_vector_does_one_by_one(make: Make) -> None:
    one, other = make(4, 2), make(4, 2)
    for store in (one, other):
        store.add_vectors(["a", "b", "c", "d"], UNITS[[0, 0, 1, 2]])
    ids, rows = ["c", "x", "a", "d", "b"], UNITS[[3, 1, 0, 3, 2]]
    found = one._put(ids, rows.copy(), "upsert").tolist()
    wanted = [other.upsert_vector(*item) for item in zip(ids, rows, strict=True)]
    assert as_twins(one, found) == as_twins(other, wanted)
    assert unlike_twin(one, other) == []


DUPLICATES: dict[str, tuple[list[str], int]] = {
    "present, alone": (["a"], 0),
    "present": (["x", "b", "y"], 1),
    "repeated": (["x", "y", "x"], 2),
    "repeated before present": (["x", "x", "a"], 1),
    "present before repeated": (["x", "a", "x"], 1),
    "present, twice": (["x", "c", "c"], 1),
    "two pairs": (["x", "y", "y", "x"], 2),
}


@clause("ERR-1", "ADD-2", "ATOM-1")
@pytest.mark.parametrize(("ids", "position"), DUPLICATES.values(), ids=DUPLICATES)
@pytest.mark.parametrize("equal", [False, True])
def test_put_names_the_lowest_duplicate(
    stocked: VectorStore, ids: list[str], position: int, equal: bool
) -> None:
    rows = rows_of(*([7.0] * len(ids) if equal else range(7, 7 + len(ids))))
    with refused(stocked, DuplicateIdError) as caught:
        stocked._put(ids, rows, "add")
    error: Any = caught.value
    assert (error.position, error.chunk_id) == (position, ids[position])


@clause("ADD-1", "ERR-1")
def test_one_id_has_no_position_in_the_errors_of_public_methods(stocked: VectorStore) -> None:
    calls: list[Callable[[], object]] = [
        lambda: stocked.add_vector("a", UNITS[0]),
        lambda: stocked.get_vector_by_index(99),
        lambda: stocked.get_refcount(99),
        lambda: stocked.ids_at(99),
    ]
    for call in calls:
        with refused(stocked, (DuplicateIdError, InvalidIndexError)) as caught:
            call()
        assert caught.value.position is None
        assert "position" not in str(caught.value)


@clause("ERR-1", "VEC-2", "ATOM-1")
@every_mode
@pytest.mark.parametrize("ids", [["x"], ["a"], ["x", "a"], ["a", "b", "x"]], ids="".join)
def test_put_refuses_another_dimension_than_the_first_rows_fixed(
    stocked: VectorStore, mode: Any, ids: list[str]
) -> None:
    with refused(stocked, DimensionMismatchError, "expected 4, got 3"):
        stocked._put(ids, np.ones((len(ids), 3), np.float32), mode)


@clause("OPEN-7")
@every_mode
def test_put_fixes_the_dimension(make: Make, mode: Any) -> None:
    store = make()
    store._put(["a", "b"], rows_of(1, 2, width=3), mode)
    assert (store.dimension, store._size().dimension) == (3, 3)
    with refused(store, DimensionMismatchError):
        store._put(["c"], rows_of(3), mode)


@clause("ADD-3", "OPEN-7")
@every_mode
@pytest.mark.parametrize("dimension", [4, None])
def test_put_of_nothing_changes_nothing(make: Make, mode: Any, dimension: int | None) -> None:
    store = make(dimension)
    with unchanged(store):
        assert frozen(store._put([], NOTHING.copy(), mode)) == frozen(int64())


@clause("REMOVE-1", "REMOVE-2")
@pytest.mark.parametrize(("ids", "count"), [([], 0), (["x"], 0), (["a"], 1), (["x", "d", "a", "y"], 2)])
def test_drop_counts_those_that_were_there(stocked: VectorStore, ids: list[str], count: int) -> None:
    left = [one for one in stocked.ids() if one not in ids]
    assert stocked._drop(ids) == count
    assert sorted(stocked.ids()) == sorted(left)


@clause("REMOVE-3")
def test_drop_of_none_drops_all(stocked: VectorStore) -> None:
    size = stocked._size()
    assert stocked._drop(None) == 4
    assert stocked._size() == size._replace(unique=0, references=0)
    assert stocked._drop(None) == 0


# Closing

CALLS: dict[str, Callable[[VectorStore], object]] = {
    "_put": lambda store: store._put(["x"], rows_of(1), "add"),
    "_put, present": lambda store: store._put(["a"], rows_of(1), "add"),
    "_put, empty": lambda store: store._put([], NOTHING, "upsert"),
    "_drop": lambda store: store._drop(["a"]),
    "_drop, empty": lambda store: store._drop([]),
    "_drop, all": lambda store: store._drop(None),
    "_find": lambda store: store._find(["a"]),
    "_find, empty": lambda store: store._find([]),
    "_rows": lambda store: store._rows(["a"]),
    "_rows, at": lambda store: store._rows(int64(0)),
    "_rows, empty": lambda store: store._rows([]),
    "_rows, all": lambda store: store._rows(None),
    "_refcounts": lambda store: store._refcounts(int64(0)),
    "_refcounts, empty": lambda store: store._refcounts(int64()),
    "_scan": lambda store: store._scan(lambda _: None),
    "_size": lambda store: store._size(),
    "_match": lambda store: store._match(UNITS[:1]),
}


@clause("DUR-2")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_primitive_of_a_closed_store_raises(stocked: VectorStore, call: Any) -> None:
    stocked.close()
    with pytest.raises(StoreClosedError):
        call(stocked)


@clause("DUR-2", "SEARCH-1", requires="search")
def test_the_search_primitive_of_a_closed_store_raises(stocked: VectorStore) -> None:
    stocked.close()
    with pytest.raises(StoreClosedError):
        stocked._search(UNITS[:1], 1, "dot", None, True)
