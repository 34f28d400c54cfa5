"""The primitives of a backend that look, called as the contract calls them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from refvec import (
    InvalidIndexError,
    Layout,
    State,
    UnknownIdError,
    VectorStore,
)

from refvec_conformance.inputs.hostile import OwnError, fail
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused, unchanged
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.probes.outcomes import frozen

from .helpers import at, int64

MANY = 2500  # more than any backend hands out in one block
NOTHING = np.empty((0, 4), np.float32)


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
    asked = int64(*at(stocked, "a")) if isinstance(where, np.ndarray) else where
    found = stocked._rows(asked)
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
