"""ATOM-1: a call that raises changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refvec import VectorStore

from refvec_conformance.inputs.hostile import Converted, OwnError, after, fail
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import UNITS, Budget, Make
from refvec_conformance.probes.likeness import unlike_twin

BATCH = np.full((3, 4), 5.0)


def _at(position: int, bad: Any) -> list[Any]:
    ids: list[Any] = ["x", "y", "z"]
    ids[position] = bad
    return ids


def _rows(position: int) -> Any:
    rows = BATCH.copy()
    rows[position, 3] = 1e39
    return rows


FAILING: dict[str, Callable[[VectorStore, int], object]] = {
    "add: no id": lambda store, i: store.add_vectors(_at(i, None), BATCH),
    "add: surrogate": lambda store, i: store.add_vectors(_at(i, "\ud800"), BATCH),
    "add: present": lambda store, i: store.add_vectors(_at(i, "a"), BATCH),
    "add: overflow": lambda store, i: store.add_vectors(["x", "y", "z"], _rows(i)),
    "add: iterable": lambda store, i: store.add_vectors(after(["x", "y", "z"][:i]), BATCH),
    "upsert: no id": lambda store, i: store.upsert_vectors(_at(i, 1), BATCH),
    "upsert: surrogate": lambda store, i: store.upsert_vectors(_at(i, "\ud800"), BATCH),
    "upsert: overflow": lambda store, i: store.upsert_vectors(["a", "b", "z"], _rows(i)),
    "upsert: iterable": lambda store, i: store.upsert_vectors(after(["a", "b", "c"][:i]), BATCH),
    "remove: no id": lambda store, i: store.remove_vectors([*_at(i, None), "a", "b", "c"]),
    "remove: iterable": lambda store, i: store.remove_vectors(after(["a", "b", "c"][: i + 1])),
    "get: unknown": lambda store, i: store.get_vectors([*["a"] * i, "unknown"]),
    "by index": lambda store, i: store.get_vectors_by_indices([*store.indices().tolist()[:i], 99]),
}


@clause("ATOM-1")
@pytest.mark.parametrize("position", [0, 1, 2], ids=["first", "middle", "last"])
@pytest.mark.parametrize("call", FAILING.values(), ids=FAILING)
def test_a_batch_that_fails_anywhere_changes_nothing(stocked: VectorStore, call: Any, position: int) -> None:
    with refused(stocked, (TypeError, ValueError, LookupError, OwnError)):
        call(stocked, position)


@clause("ATOM-1")
@pytest.mark.parametrize("position", [0, 1, 2], ids=["first", "middle", "last"])
@pytest.mark.parametrize("call", FAILING.values(), ids=FAILING)
def test_after_a_failure_the_store_goes_on_as_if_nothing_had_been(make: Make, call: Any, position: int) -> None:
    one, other = make(4, 2), make(4, 2)
    for store in (one, other):
        store.add_vectors(["a", "b", "c"], UNITS[:3])
        store.remove_vector("b")
        if store is one:
            with pytest.raises((TypeError, ValueError, LookupError, OwnError)):
                call(store, position)
        store.add_vectors(["x", "y", "z"], UNITS[1:] + 10)
        store.upsert_vectors(["c", "a"], UNITS[[3, 2]])
    assert unlike_twin(one, other) == []


@clause("ATOM-1", tier="standard")
def test_random_failures_between_random_changes_change_nothing(
    target: Target, rng: np.random.Generator, budget: Budget
) -> None:
    store = target.open(4, 1)
    calls = [*FAILING.values()]
    for step in range(budget(60)):
        store.upsert_vectors([f"id {one}" for one in rng.integers(0, 9, 3)], rng.integers(0, 2, (3, 4)))
        store.upsert_vector("a", UNITS[0])
        store.remove_vector(f"id {rng.integers(0, 9)}")
        with refused(store, (TypeError, ValueError, LookupError, OwnError)):
            calls[step % len(calls)](store, int(rng.integers(3)))


@clause("ATOM-1")
@pytest.mark.parametrize("call", [fail], ids=["raise"])
def test_what_a_failed_conversion_leaves_is_nothing(stocked: VectorStore, call: Any) -> None:
    with refused(stocked, OwnError):
        stocked.upsert_vector("a", Converted(call))
