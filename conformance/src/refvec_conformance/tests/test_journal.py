"""The seam of durable stores: what a journaled store hands over, and which indices it holds back.

What DUR-8 asks of files rests on it; until there are any, it is judged by the
clauses about indices, order and steps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refvec import Changes, RefvecError, StoreClosedError, VectorStore

from refvec_conformance.inputs.hostile import OwnError, fail
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import unchanged
from refvec_conformance.probes.concurrency import together
from refvec_conformance.probes.fixtures import Budget, Make
from refvec_conformance.probes.journals import Replica, content, journaled, step
from refvec_conformance.probes.outcomes import Outcome, attempt

ROWS = np.arange(20, dtype=np.float32).reshape(10, 2)


def events(store: VectorStore) -> list[tuple[str | None, int]]:
    """Return the events since the last call, and have them forgotten."""
    return store._changes(lambda changes: list(changes.events))


def freed(store: VectorStore) -> list[int]:
    """Return the indices that are held back."""
    found: list[int] = store._changes(lambda changes: changes.freed.tolist())
    return found


@clause("INDEX-3", "GET-5", tier="standard")
@pytest.mark.parametrize("reclaim", [False, True])
def test_replayed_changes_give_the_same_store(
    target: Target, rng: np.random.Generator, budget: Budget, reclaim: bool
) -> None:
    for store in journaled(target):
        replica = Replica()
        for number in range(budget(400)):
            step(rng, store)
            if number % int(rng.integers(1, 6)) == 0:
                store._changes(replica.replay)
                assert replica.told(store) == content(store)
                if reclaim:
                    store._reclaim(np.array(replica.freed, np.int64))
        assert len(store.ids()) == store.total_references


@clause("INDEX-3", "GET-5", tier="standard")
def test_changes_of_a_store_that_began_with_a_content(target: Target, rng: np.random.Generator) -> None:
    for store in journaled(target):
        store.add_vectors(["a", "b", "c"], ROWS[[0, 1, 0]])
        store.remove_vector("b")
        other = type(store)._restore(
            store._spec, store._scan(lambda state: state._replace(blocks=[state.vectors()]))
        )
        replica = Replica()
        store._changes(replica.replay)
        assert events(other) == []
        for _ in range(30):
            step(rng, other)
            other._changes(replica.replay)
            assert replica.told(other) == content(other)


@clause("INDEX-3")
def test_what_happened_is_told_in_order_once(target: Target) -> None:
    for store in journaled(target):
        shared, _ = store.add_vectors(["a", "b"], ROWS[[0, 0]])
        alone = store.upsert_vector("a", ROWS[1])
        store.upsert_vector("a", ROWS[1])
        store.remove_vectors(["b", "x"])
        assert events(store) == [("a", shared), ("b", shared), ("a", alone), ("b", -1)]
        assert events(store) == []


@clause("INDEX-3", "ATOM-1")
def test_a_call_that_raises_leaves_no_event(target: Target) -> None:
    for store in journaled(target):
        store.add_vector("a", ROWS[0])
        events(store)
        calls: list[Callable[[VectorStore], Any]] = [
            lambda store: store.add_vectors(["b", "a"], ROWS[:2]),
            lambda store: store.upsert_vectors(["b", "a"], [[1.0, 2.0], [3.0, 1e39]]),
            lambda store: store._put(["b"], np.ones((1, 3), np.float32), "upsert"),
        ]
        for call in calls:
            with pytest.raises(ValueError):  # noqa: PT011 - of several kinds
                call(store)
        assert events(store) == []


@clause("INDEX-3", "ATOM-1")
@pytest.mark.parametrize("error", [OwnError, MemoryError, KeyboardInterrupt])
def test_nothing_is_forgotten_when_use_raises(target: Target, error: Any) -> None:
    for store in journaled(target):
        gone, _ = store.add_vectors(["a", "b"], ROWS[:2])
        store.remove_vector("a")

        def use(changes: Changes) -> None:
            next(iter(changes.blocks))
            raise error

        with unchanged(store), pytest.raises(error):
            store._changes(use)
        replica = Replica()
        assert store._changes(replica.replay) == 3
        assert replica.told(store) == content(store)
        assert replica.freed == [gone]


@clause("INDEX-3")
def test_written_are_active_rows_once_each_ascending(target: Target) -> None:
    for store in journaled(target):
        store.add_vectors(list("abcd"), ROWS[[3, 2, 1, 0]])
        store.remove_vector("b")
        store.upsert_vectors(["d", "a"], ROWS[[4, 0]])
        found = store._changes(lambda changes: (changes.written, [*map(np.array, changes.blocks)]))
        assert found[0].dtype == np.int64
        assert found[0].tolist() == store.indices().tolist()
        assert np.array_equal(np.concatenate(found[1]), store.get_all_vectors())
        assert store._changes(lambda changes: changes.written.tolist()) == []


@clause("INDEX-1", requires="dense_indices")
def test_a_freed_index_is_not_taken_until_it_is_reclaimed(target: Target) -> None:
    for store in journaled(target):
        store.add_vectors(list("abcd"), ROWS[:4])
        store.remove_vectors(["c", "b"])
        assert store.add_vector("x", ROWS[5]) == 4
        assert freed(store) == [1, 2]
        assert store.add_vector("y", ROWS[6]) == 5
        store._reclaim(np.array([2]))
        assert freed(store) == [1]
        assert store.add_vectors(["p", "q"], ROWS[7:9]).tolist() == [2, 6]


@clause("INDEX-1", requires="dense_indices")
@pytest.mark.parametrize("end", ["upsert_vectors", "clear"])
def test_every_way_of_freeing_holds_the_index_back(target: Target, end: str) -> None:
    for store in journaled(target):
        store.add_vectors(list("abc"), ROWS[:3])
        if end == "clear":
            store.clear()
            taken = store.add_vectors(["x", "y"], ROWS[3:5]).tolist()
        else:
            # The first frees 0; the second must not take it within the batch.
            taken = store.upsert_vectors(["a", "b"], ROWS[3:5]).tolist()
        assert taken == [3, 4]
        assert freed(store) == ([0, 1, 2] if end == "clear" else [0, 1])


@clause("INDEX-1", requires="dense_indices")
def test_the_lowest_reclaimed_index_comes_first(target: Target) -> None:
    for store in journaled(target):
        store.add_vectors(list("abcdef"), ROWS[:6])
        store.clear()
        store._reclaim(np.array([4, 1, 3]))
        store._reclaim(np.array([3, 0, 0]))
        assert store.add_vectors(list("abcdef"), ROWS[[6, 7, 8, 9, 0, 1]]).tolist() == [0, 1, 3, 4, 6, 7]
        assert freed(store) == [2, 5]


@clause("INDEX-1", requires="dense_indices")
def test_an_index_that_was_reclaimed_before_is_held_back_again(target: Target) -> None:
    for store in journaled(target):
        store.add_vectors(list("abc"), ROWS[:3])
        store.clear()
        store._reclaim(np.arange(3))
        assert store.add_vectors(list("xyz"), ROWS[3:6]).tolist() == [0, 1, 2]
        store.remove_vector("y")
        assert store.add_vector("w", ROWS[6]) == 3
        assert freed(store) == [1]


@clause("INDEX-1", "INDEX-2")
def test_what_is_not_held_back_cannot_be_reclaimed(target: Target) -> None:
    for store in journaled(target):
        store.add_vectors(["a", "b", "c"], ROWS[:3])
        store.remove_vector("c")
        with unchanged(store):
            store._reclaim(store.indices())
            store._reclaim(np.array([99, -1]))
            store._reclaim(np.empty(0, np.int64))
        store.add_vectors(["x", "y"], ROWS[5:7])
        assert store.get_vectors(["a", "b", "x", "y"]).tolist() == ROWS[[0, 1, 5, 6]].tolist()


@clause("THREAD-1", "INDEX-3", tier="standard", requires="thread_safe")
def test_changes_of_other_threads_are_told_once(
    target: Target, rng: np.random.Generator, budget: Budget
) -> None:
    for store in journaled(target):
        replica, over = Replica(), threading.Event()
        draws = [np.random.default_rng(rng.integers(2**32)) for _ in range(2)]

        def write(draw: np.random.Generator, store: VectorStore = store) -> None:
            for _ in range(budget(300)):
                ids = [f"id {one}" for one in draw.choice(12, 3, replace=False)]
                store.upsert_vectors(ids, draw.integers(0, 3, (3, 2)).astype(np.float32))
                store.remove_vectors(ids[:2])

        def flush(store: VectorStore = store, replica: Replica = replica, over: Any = over) -> None:
            while not over.is_set():
                store._changes(replica.replay)
                store._reclaim(np.array(replica.freed, np.int64))

        def writes(write: Any = write, draws: Any = draws, over: Any = over) -> None:
            try:
                assert together(*[lambda draw=draw: write(draw) for draw in draws]) == [None, None]
            finally:
                over.set()

        assert together(writes, flush) == [None, None]
        store._changes(replica.replay)
        assert replica.told(store) == content(store)


@clause("INDEX-3", "ATOM-3")
def test_what_use_itself_changes_is_not_lost(target: Target) -> None:
    for store in journaled(target):
        a, b = store.add_vectors(["a", "b"], ROWS[:2])
        calls: list[Changes] = []

        def use(changes: Changes, store: VectorStore = store, calls: list[Changes] = calls) -> list[Any]:
            calls.append(changes)
            if len(calls) == 1:
                store.add_vector("c", ROWS[2])
            return list(changes.events)

        told = store._changes(use)
        assert [*told, *events(store)] == [("a", a), ("b", b), ("c", store.get_index("c"))]


@clause("INDEX-1", "COUNT-1", requires="dense_indices")
def test_a_store_that_is_not_journaled_keeps_nothing(target: Target, make: Make) -> None:
    store = make(2)
    store.add_vectors(["a", "b"], ROWS[:2])
    store.remove_vector("a")
    assert store.add_vector("c", ROWS[2]) == 0
    if target.store._changes is not VectorStore._changes:
        assert attempt(lambda: events(store)) in (
            Outcome(("list", ())),
            Outcome(None, RefvecError, None, "NoneType"),
        )


@clause("DUR-2")
def test_the_changes_of_a_closed_store_raise(target: Target) -> None:
    for store in journaled(target):
        store.close()
        with pytest.raises(StoreClosedError):
            store._changes(fail)
        with pytest.raises(StoreClosedError):
            store._reclaim(np.array([0]))
