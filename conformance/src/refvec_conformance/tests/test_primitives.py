"""The primitives of a backend, called as the contract calls them, and the methods made of them alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Any

import numpy as np
import pytest
from refvec import (
    DimensionMismatchError,
    DuplicateIdError,
    InvalidIndexError,
    Layout,
    State,
    StoreClosedError,
    UnknownIdError,
    VectorStore,
)

from refvec_conformance.inputs.hostile import OwnError, fail
from refvec_conformance.inputs.traces import mixed, searches, unordered, whole
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.oracle.model import Model
from refvec_conformance.probes.alike import Alike
from refvec_conformance.probes.atomicity import observe, refused, unchanged
from refvec_conformance.probes.bare import bare, stripped
from refvec_conformance.probes.fixtures import UNITS, Budget, Make
from refvec_conformance.probes.outcomes import frozen
from refvec_conformance.probes.traces import Open, compare

from .helpers import at

MANY = 2500  # more than any backend hands out in one block
NOTHING = np.empty((0, 4), np.float32)
every_mode = pytest.mark.parametrize("mode", ["add", "upsert"])


def rows_of(*values: float, width: int = 4) -> Any:
    """Return canonical rows that nobody else holds."""
    return np.repeat(np.array(values, np.float32)[:, None], width, axis=1)


def int64(*values: int) -> Any:
    """Return canonical indices."""
    return np.array(values, np.int64)


# Changing


@clause("ADD-2", "DEDUP-4")
def test_put_adds_what_add_vectors_adds(make: Make) -> None:
    one, other = make(4, 2), make(4, 2)
    found = one._put(["a", "b", "c"], UNITS[[1, 0, 1]], "add")
    assert frozen(found) == frozen(other.add_vectors(["a", "b", "c"], UNITS[[1, 0, 1]]))
    assert observe(one) == observe(other)


@clause("UPSERT-1", "UPSERT-2")
def test_put_upserts_what_upsert_vector_does_one_by_one(make: Make) -> None:
    one, other = make(4, 2), make(4, 2)
    for store in (one, other):
        store.add_vectors(["a", "b", "c", "d"], UNITS[[0, 0, 1, 2]])
    ids, rows = ["c", "x", "a", "d", "b"], UNITS[[3, 1, 0, 3, 2]]
    found = one._put(ids, rows.copy(), "upsert").tolist()
    assert found == [other.upsert_vector(*item) for item in zip(ids, rows, strict=True)]
    assert observe(one) == observe(other)


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


# Looking


@clause("GET-8")
@pytest.mark.parametrize("ids", [[], ["d"], ["x"], ["b", "x", "a", "b"]], ids="".join)
def test_find_answers_for_every_id(stocked: VectorStore, ids: list[str]) -> None:
    known = {one: index for one in stocked.ids() if (index := stocked.get_index(one)) is not None}
    assert frozen(stocked._find(ids)) == frozen(int64(*(known.get(one, -1) for one in ids)))


@clause("GET-2", "VEC-4")
@pytest.mark.parametrize("ids", [[], ["c"], ["d", "a", "b", "d"]], ids="".join)
def test_rows_of_ids(stocked: VectorStore, ids: list[str]) -> None:
    held = {"a": 0, "b": 0, "c": 1, "d": 2}
    assert frozen(stocked._rows(ids)) == frozen(
        np.eye(4, dtype=np.float32)[[held[one] for one in ids], :].reshape(-1, 4)
    )


@clause("GET-3", "GET-4")
def test_rows_at_indices_and_all_rows(stocked: VectorStore) -> None:
    c, a = at(stocked, "c", "a")
    assert frozen(stocked._rows(int64(c, a, c))) == frozen(UNITS[[1, 0, 1]])
    assert frozen(stocked._rows(int64())) == frozen(NOTHING)
    assert frozen(stocked._rows(None)) == frozen(stocked._rows(stocked.indices()))


@clause("OPEN-7", "GET-4")
@pytest.mark.parametrize("where", [None, [], int64()], ids=["all", "ids", "indices"])
def test_rows_of_a_store_without_a_dimension_have_none(make: Make, where: Any) -> None:
    assert frozen(make()._rows(where)) == frozen(np.empty((0, 0), np.float32))


@clause("VEC-4", "ATOM-3")
@pytest.mark.parametrize("where", [None, ["a"], ["a", "c"], int64(0)], ids=["all", "id", "ids", "index"])
def test_rows_are_the_callers_own(stocked: VectorStore, where: Any) -> None:
    found = stocked._rows(int64(*at(stocked, "a")) if isinstance(where, np.ndarray) else where)
    assert found.flags.writeable
    assert found.flags.c_contiguous
    with unchanged(stocked):
        found[...] = 9


@clause("GET-2", "ERR-1")
@pytest.mark.parametrize(("ids", "position"), [(["x"], 0), (["a", "x"], 1), (["a", "d", "y", "x"], 2)])
def test_rows_name_the_first_unknown_id(stocked: VectorStore, ids: list[str], position: int) -> None:
    with refused(stocked, UnknownIdError) as caught:
        stocked._rows(ids)
    error: Any = caught.value
    assert (error.position, error.chunk_id) == (position, ids[position])


BAD_INDICES = [99, -1, 2**31, 2**32, 2**63 - 1, -(2**63)]


@clause("GET-3", "GET-6", "ERR-1")
@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("bad", BAD_INDICES)
@pytest.mark.parametrize("name", ["_rows", "_refcounts"])
def test_the_first_index_that_is_not_active_is_named(
    stocked: VectorStore, name: str, bad: int, position: int
) -> None:
    good = at(stocked, "a", "c")
    with refused(stocked, InvalidIndexError, f"Invalid vector index: {bad}") as caught:
        getattr(stocked, name)(int64(*good[:position], bad, *good, -7))
    error: Any = caught.value
    assert (error.position, error.index) == (position, bad)


@clause("GET-3", "GET-6", "REMOVE-2")
@pytest.mark.parametrize("name", ["_rows", "_refcounts"])
def test_a_freed_index_is_not_active(stocked: VectorStore, name: str) -> None:
    a, d = at(stocked, "a", "d")
    stocked._drop(["d"])
    with refused(stocked, InvalidIndexError, "has been freed") as caught:
        getattr(stocked, name)(int64(a, a, d))
    assert caught.value.position == 2


@clause("GET-6")
def test_refcounts(stocked: VectorStore) -> None:
    a, c = at(stocked, "a", "c")
    assert frozen(stocked._refcounts(int64(c, a, a))) == frozen(int64(1, 2, 2))
    assert frozen(stocked._refcounts(int64())) == frozen(int64())


@clause("COUNT-1", "COUNT-3")
def test_size_is_what_the_statistics_say(make: Make, stocked: VectorStore) -> None:
    size, statistics = stocked._size(), stocked.get_statistics()
    assert (size.unique, size.references, size.dimension) == (3, 4, 4)
    assert size.allocated - size.unique == statistics["free_indices"]
    assert size.capacity == statistics["capacity"]
    assert make()._size()[:3] == (0, 0, 0)
    assert make()._size().dimension is None


# Scanning


def numbered(make: Make) -> VectorStore:
    """Return a store of many vectors, every third of them removed."""
    store = make(1)
    ids = [str(one) for one in range(MANY)]
    store.add_vectors(ids, np.arange(MANY, dtype=np.float32)[:, None])
    store.remove_vectors(ids[::3])
    return store


@clause("GET-7", "GET-4")
def test_scan_hands_over_the_rows_block_by_block_in_order(make: Make) -> None:
    store = numbered(make)

    def use(state: State) -> tuple[Layout, list[Any]]:
        return state.layout, [(block.dtype, block.shape[1:], block.copy()) for block in state.blocks]

    layout, blocks = store._scan(use)
    assert {block[:2] for block in blocks} == {(np.dtype(np.float32), (1,))}
    rows = np.concatenate([block[2] for block in blocks])
    assert frozen(layout.indices) == frozen(store.indices())
    assert frozen(rows) == frozen(store._rows(layout.indices))
    assert len(rows) == len(layout.ids) == MANY - -(-MANY // 3)


@clause("GET-7", "ATOM-1")
def test_scan_returns_what_use_returns(stocked: VectorStore) -> None:
    token = object()
    with unchanged(stocked):
        assert stocked._scan(lambda _: token) is token


@clause("GET-7", "ATOM-1")
@pytest.mark.parametrize("blocks", [0, 1])
def test_scan_passes_on_what_use_raises(stocked: VectorStore, blocks: int) -> None:
    def use(state: State) -> None:
        for _, _ in zip(range(blocks), state.blocks, strict=False):
            pass
        fail()

    with refused(stocked, OwnError):
        stocked._scan(use)


@clause("GET-5", "GET-7", requires="ordered_ids")
def test_the_layout_of_a_scan_tells_both_orders(stocked: VectorStore) -> None:
    stocked.upsert_vector("d", UNITS[0])
    stocked.upsert_vector("a", UNITS[3])
    stocked.upsert_vector("a", UNITS[0])
    layout = stocked._scan(lambda state: state.layout)
    size = stocked._size()
    assert layout.ids == ["a", "b", "c", "d"]
    assert layout.slots()[at(stocked, "a")[0]] == ["b", "d", "a"]
    assert (layout.allocated, layout.capacity, layout.dimension) == size[2:]
    assert frozen(layout.id_indices) == frozen(stocked._find(layout.ids))


# With a default


@clause("GET-8", "VEC-2")
def test_match_finds_the_identical_vector(make: Make, stocked: VectorStore) -> None:
    assert stocked._match(UNITS[[1]]) == at(stocked, "c")[0]
    assert stocked._match(UNITS[[3]]) is None
    assert make()._match(UNITS[[3]]) is None


@clause("SEARCH-1", "SEARCH-4", requires="search")
@pytest.mark.parametrize("within", [None, ["b", "d"], []], ids=["all", "within", "within none"])
@pytest.mark.parametrize("with_ids", [True, False])
def test_search_gives_rows_of_hits_for_rows_of_queries(
    stocked: VectorStore, with_ids: bool, within: list[str] | None
) -> None:
    indices, scores, members = stocked._search(UNITS[[0, 2]], 2, "dot", within, with_ids)
    hits = 0 if within == [] else 2
    assert (indices.shape, scores.shape) == ((2, hits), (2, hits))
    assert (indices.dtype, scores.dtype) == (np.dtype(np.int64), np.dtype(np.float32))
    sharing = [("a", "b"), ("d",)] if within is None else [("b",), ("d",)]
    expected = [[sharing[0]], [sharing[1]]] if hits else [[], []]
    assert (members and [row[:1] for row in members]) == (expected if with_ids else None)


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


# A backend that overrides nothing


def _both(target: Target, **opening: Any) -> Mapping[str, Open]:
    return {target.name: partial(target.open, **opening), "bare": partial(bare(target), **opening)}


@clause("ERR-1", "VEC-5", tier="standard")
@pytest.mark.parametrize("precision", [0, 6, "exact"])
@pytest.mark.parametrize("dimension", [None, 2])
def test_a_backend_that_overrides_nothing_gives_the_same_outcomes(
    target: Target, seed: int, budget: Budget, dimension: int | None, precision: int | str
) -> None:
    trace = mixed(Random(seed), dimension or 2, precision, budget(300))
    opening = {"dimension": dimension, "initial_capacity": 2, "precision": precision}
    fit = trace if target.capabilities.ordered_ids else unordered(trace)
    compare(fit, _both(target, **opening), opening)


@clause("SEARCH-3", "SEARCH-4", requires="search")
def test_a_backend_that_overrides_nothing_finds_the_same(target: Target, seed: int, budget: Budget) -> None:
    compare(searches(Random(seed), 3, budget(100)), _both(target, dimension=3), {"dimension": 3})


@clause("ATOM-1", "SAVE-2", "SEARCH-1", tier="standard")
def test_a_backend_that_overrides_nothing_agrees_with_the_oracle(
    target: Target, seed: int, budget: Budget
) -> None:
    random, declared = Random(seed), target.capabilities
    with stripped(target) as other:
        for _ in range(budget(20)):
            opening: dict[str, Any] = {"dimension": random.choice([None, 2]), "initial_capacity": 2}
            stores: dict[str, Open] = {
                "model": partial(Model, backend=other.name, **opening),
                other.name: partial(other.open, **opening),
            }
            trace = whole(random, 2, 6, 30, search=declared.search)
            compare(trace, stores, opening, Alike(declared.dense_indices and declared.ordered_ids))
