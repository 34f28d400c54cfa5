"""ATOM-3: no code of the caller runs under the store's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refvec import VectorStore

from refvec_conformance.inputs.hostile import Converted, Elsewhere, HostileArray, Index, after
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.tests.helpers import BY_INDEX, THROUGH_IDS

ITERABLES = {name: call for name, call in THROUGH_IDS.items() if name != "within"}

ARRAYS: dict[str, Callable[[VectorStore, Any], object]] = {
    "add_vector": lambda store, vector: store.add_vector("x", vector),
    "add_vectors": lambda store, vector: store.add_vectors(["x"], [vector]),
    "upsert_vector": lambda store, vector: store.upsert_vector("a", vector),
    "find_vector": lambda store, vector: store.find_vector(vector),
}


INTEGERS = BY_INDEX | {"iter_batches": lambda store, index: list(store.iter_batches(index))}


USES: dict[str, Callable[[VectorStore], object]] = {
    "reads": lambda store: store.snapshot(),
    "writes": lambda store: store.upsert_vector("elsewhere", UNITS[3]),
}


every_use = pytest.mark.parametrize("use", USES.values(), ids=USES)


def elsewhere(store: VectorStore, use: Any) -> Elsewhere:
    return Elsewhere(lambda: use(store))


@clause("ATOM-3", requires="thread_safe")
@every_use
@pytest.mark.parametrize("call", ITERABLES.values(), ids=ITERABLES)
def test_an_iterable_runs_without_the_lock(stocked: VectorStore, call: Any, use: Any) -> None:
    visit = elsewhere(stocked, use)
    ids = ["a", "b"] if call in (ITERABLES["get_vectors"], ITERABLES["remove_vectors"]) else ["x", "y"]
    call(stocked, after(ids, visit), UNITS[:2])
    assert (visit.visits, visit.blocked) == (1, False)


@clause("ATOM-3", requires="thread_safe")
@every_use
@pytest.mark.parametrize("call", ARRAYS.values(), ids=ARRAYS)
def test_the_conversion_of_an_array_runs_without_the_lock(stocked: VectorStore, call: Any, use: Any) -> None:
    visit = elsewhere(stocked, use)

    def convert() -> Any:
        visit()
        return UNITS[1]

    call(stocked, Converted(convert))
    assert (visit.visits, visit.blocked) == (1, False)


@clause("ATOM-3", requires="thread_safe")
@every_use
@pytest.mark.parametrize("call", INTEGERS.values(), ids=INTEGERS)
def test_index_runs_without_the_lock(stocked: VectorStore, call: Any, use: Any) -> None:
    visit = elsewhere(stocked, use)
    index = int(stocked.get_indices(["c", "d"]).max())  # of iter_batches it is the size: not 0

    def convert() -> Any:
        visit()
        return index

    call(stocked, Index(convert))
    assert (visit.visits, visit.blocked) == (1, False)


@clause("ATOM-3", requires="search")
@every_use
@pytest.mark.parametrize("argument", ["query", "k", "within"])
def test_the_arguments_of_a_search_are_converted_without_the_lock(
    stocked: VectorStore, argument: str, use: Any
) -> None:
    visit = elsewhere(stocked, use)
    given: dict[str, Any] = {"query": UNITS[0], "k": 1, "within": ["a"]}
    hostile: dict[str, Any] = {
        "query": Converted(lambda: (visit(), UNITS[0])[1]),  # type: ignore[func-returns-value]
        "k": Index(lambda: (visit(), 1)[1]),  # type: ignore[func-returns-value]
        "within": after(["a"], visit),
    }
    stocked.search(**given | {argument: hostile[argument]})
    assert (visit.visits, visit.blocked) == (1, False)


class VisitingOut(HostileArray):
    """An array for ``out`` whose attributes use the store."""

    visit: Callable[[], None] | None = None

    def __getattribute__(self, name: str) -> Any:
        if VisitingOut.visit is not None and name in ("flags", "dtype", "shape"):
            VisitingOut.visit()
        return super().__getattribute__(name)

    def __setitem__(self, *args: Any) -> None:
        if VisitingOut.visit is not None:
            VisitingOut.visit()
        np.asarray(self)[args[0]] = args[1]


@clause("ATOM-3", requires="thread_safe")
@every_use
def test_out_is_looked_at_without_the_lock(
    stocked: VectorStore, use: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = elsewhere(stocked, use)
    out = np.zeros((1, 4), np.float32).view(VisitingOut)
    monkeypatch.setattr(VisitingOut, "visit", visit)
    stocked.get_vectors_by_indices([stocked.get_index("c")], out=out)  # type: ignore[list-item]
    monkeypatch.setattr(VisitingOut, "visit", None)
    assert not visit.blocked


@clause("ATOM-3")
@pytest.mark.parametrize("call", [*ITERABLES.values()], ids=[*ITERABLES])
def test_an_iterable_may_change_the_store_before_the_call_takes_place(stocked: VectorStore, call: Any) -> None:
    def change() -> None:
        stocked.clear()
        stocked.add_vectors(["a", "b"], UNITS[2:])

    ids = ["a", "b"] if call in (ITERABLES["get_vectors"], ITERABLES["remove_vectors"]) else ["x", "y"]
    call(stocked, after(ids, change), UNITS[:2])
    assert set(stocked.ids()) <= {"a", "b", "x", "y"}


@clause("ATOM-3", "ADD-1")
def test_an_id_that_arrives_during_the_conversion_is_present(stocked: VectorStore) -> None:
    def convert() -> Any:
        stocked.add_vector("x", UNITS[3])
        return UNITS[0]

    with pytest.raises(ValueError, match="already has an associated vector"):
        stocked.add_vector("x", Converted(convert))


@clause("ATOM-3", "OPEN-7", "VEC-2")
def test_a_dimension_that_is_fixed_during_the_conversion_counts(make: Make) -> None:
    store = make()

    def convert() -> Any:
        store.add_vector("x", [1, 2, 3])
        return UNITS[0]

    with pytest.raises(ValueError, match="expected 3, got 4"):
        store.add_vector("y", Converted(convert))


@clause("ATOM-3", "DUR-2", "ERR-1")
@pytest.mark.parametrize("method", ["add_vector", "upsert_vector"])
def test_a_store_that_is_closed_during_the_conversion_refuses(stocked: VectorStore, method: str) -> None:
    def convert() -> Any:
        stocked.close()
        return UNITS[0]

    with pytest.raises(ValueError, match="closed"):
        getattr(stocked, method)("x", Converted(convert))
