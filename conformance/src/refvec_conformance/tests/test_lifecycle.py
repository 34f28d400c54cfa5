"""DUR-2: closing, ``with``, and what a closed store refuses."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from refvec import StoreClosedError, VectorStore

from refvec_conformance.inputs.hostile import OwnError
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import unchanged
from refvec_conformance.probes.bare import bare
from refvec_conformance.probes.children import output_of
from refvec_conformance.probes.distributions import variant
from refvec_conformance.probes.fixtures import UNITS, Make

CLOSED: dict[str, Callable[[VectorStore], object]] = {
    "add_vector": lambda store: store.add_vector("x", UNITS[0]),
    "add_vectors": lambda store: store.add_vectors(["x"], UNITS[:1]),
    "add_vectors, empty": lambda store: store.add_vectors([], []),
    "upsert_vector": lambda store: store.upsert_vector("x", UNITS[0]),
    "upsert_vectors": lambda store: store.upsert_vectors(["x"], UNITS[:1]),
    "remove_vector": lambda store: store.remove_vector("a"),
    "remove_vectors": lambda store: store.remove_vectors(["a"]),
    "remove_vectors, empty": lambda store: store.remove_vectors([]),
    "clear": lambda store: store.clear(),
    "get_vector": lambda store: store.get_vector("a"),
    "get_vectors": lambda store: store.get_vectors(["a"]),
    "get_vectors, empty": lambda store: store.get_vectors([]),
    "get_index": lambda store: store.get_index("a"),
    "get_indices": lambda store: store.get_indices(["a"]),
    "get_vector_by_index": lambda store: store.get_vector_by_index(0),
    "get_vectors_by_indices": lambda store: store.get_vectors_by_indices([0]),
    "get_vectors_by_indices, empty": lambda store: store.get_vectors_by_indices([]),
    "get_all_vectors": lambda store: store.get_all_vectors(),
    "indices": lambda store: store.indices(),
    "ids": lambda store: store.ids(),
    "ids_at": lambda store: store.ids_at(0),
    "get_refcount": lambda store: store.get_refcount(0),
    "get_refcounts": lambda store: store.get_refcounts([0]),
    "find_vector": lambda store: store.find_vector(UNITS[0]),
    "snapshot": lambda store: store.snapshot(),
    "items": lambda store: next(iter(store.items()), None),
    "iter_batches": lambda store: next(iter(store.iter_batches()), None),
    "get_statistics": lambda store: store.get_statistics(),
    "search": lambda store: store.search(UNITS[0]),
    "save": lambda store: store.save(os.devnull + ".never"),
    "flush": lambda store: store.flush(),
    "refresh": lambda store: store.refresh(),
    "verify": lambda store: store.verify(),
    "compact": lambda store: store.compact(),
    "drop": lambda store: store.drop(),
    "vacuum": lambda store: store.vacuum(),
    "len": len,
    "in": lambda store: "a" in store,
    "in, no id": lambda store: None in store,
    "bool": bool,
    "count": lambda store: store.count,
    "total_references": lambda store: store.total_references,
    "with": lambda store: store.__enter__(),
}


@clause("DUR-2", tier="smoke")
def test_a_new_store_is_open(store: VectorStore) -> None:
    assert store.closed is False


@clause("DUR-2", tier="smoke")
def test_close_closes(store: VectorStore) -> None:
    store.close()
    assert store.closed is True


@clause("DUR-2")
@pytest.mark.parametrize("flush", [True, False])
def test_close_is_idempotent(stocked: VectorStore, flush: bool) -> None:
    stocked.close(flush=flush)
    stocked.close()
    stocked.close(flush=False)
    assert stocked.closed


@clause("DUR-2")
@pytest.mark.parametrize("call", CLOSED.values(), ids=CLOSED)
def test_every_other_method_of_a_closed_store_raises(stocked: VectorStore, call: Any) -> None:
    stocked.close()
    with pytest.raises(StoreClosedError):
        call(stocked)


@clause("DUR-2")
def test_a_closed_store_is_a_value_error(stocked: VectorStore) -> None:
    stocked.close()
    with pytest.raises(ValueError, match="closed"):
        stocked.ids()


@clause("DUR-2", "GET-9")
def test_batches_of_a_store_closed_meanwhile_raise(stocked: VectorStore) -> None:
    batches = stocked.iter_batches(1)
    next(batches)
    stocked.close()
    with pytest.raises(StoreClosedError):
        next(batches)


@clause("DUR-2", "SAVE-1")
def test_saving_a_closed_store_writes_nothing(stocked: VectorStore, tmp_path: Path) -> None:
    stocked.close()
    with pytest.raises(StoreClosedError):
        stocked.save(tmp_path / "saved")
    assert list(tmp_path.iterdir()) == []


@clause("DUR-2")
def test_flush_in_memory_does_nothing(stocked: VectorStore) -> None:
    with unchanged(stocked):
        assert stocked.flush() is None  # type: ignore[func-returns-value]


@clause("DUR-2")
def test_with_gives_the_store_itself(store: VectorStore) -> None:
    with store as found:
        assert found is store


@clause("DUR-2")
def test_with_closes(store: VectorStore) -> None:
    with store:
        store.add_vector("a", UNITS[0])
    assert store.closed


@clause("DUR-2")
def test_with_closes_when_the_body_raised(store: VectorStore) -> None:
    with pytest.raises(OwnError), store:
        raise OwnError
    assert store.closed


@clause("DUR-2")
def test_with_does_not_mind_a_store_closed_in_the_body(store: VectorStore) -> None:
    with store:
        store.close()
    assert store.closed


@clause("DUR-2")
def test_closing_one_store_leaves_the_others(make: Make) -> None:
    one, other = make(4), make(4)
    one.close()
    other.add_vector("a", UNITS[0])
    assert len(other) == 1


@clause("DUR-2", tier="standard", requires="!networked")
def test_a_forked_child_has_a_store_of_its_own(spelling: str) -> None:
    # In a child, because a test process may have threads and must not fork.
    found = output_of(
        """
        import os, sys
        from refvec_conformance.judging.target import resolved
        with resolved(sys.argv[1]) as target:
            store = target.open(2)
            store.add_vector("a", [1, 0])
            child = os.fork()
            if not child:
                store.add_vector("b", [0, 1])
                os._exit(len(store))
            ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(ended, store.ids())
        """,
        spelling,
    )
    assert found == "2 ['a']"


# What ending and counting ask of a backend


def recording(target: Target, names: Sequence[str]) -> tuple[type[VectorStore], list[tuple[Any, ...]]]:
    """Return a backend like the one under test, and the list of the calls of those primitives."""
    calls: list[tuple[Any, ...]] = []

    def recorded(name: str) -> Callable[..., Any]:
        def call(self: VectorStore, *args: Any) -> Any:
            calls.append((name, *args))
            return getattr(super(kind, self), name)(*args)

        return call

    kind = variant(target.store, "recorded", **{name: recorded(name) for name in names})
    return kind, calls


@clause("DUR-2")
def test_close_releases_and_drops_nothing(target: Target) -> None:
    kind, calls = recording(target, ["_drop", "_close", "_put"])
    store = kind(4)
    store.add_vector("a", UNITS[0])
    calls.clear()
    store.close()
    store.close()
    assert calls == [("_close",)]


@clause("DUR-2")
def test_what_lives_elsewhere_outlives_close(target: Target) -> None:
    store = bare(target, _close=lambda self: None)(4)  # noqa: ARG005
    store.add_vectors(["a", "b"], UNITS[:2])
    elsewhere = store._held
    store.close()
    assert store.closed
    assert sorted(elsewhere.ids()) == ["a", "b"]


@clause("COUNT-3", "THREAD-1")
@pytest.mark.parametrize(
    "describe", [VectorStore.get_statistics, repr, len], ids=["get_statistics", "repr", "len"]
)
def test_counts_are_of_one_moment(target: Target, describe: Any) -> None:
    asked: list[str] = []

    def size(self: Any) -> Any:
        asked.append("_size")
        return self._held._size()

    store = bare(target, _size=size)(4)
    store.add_vector("a", UNITS[0])
    asked.clear()
    describe(store)
    assert asked == ["_size"]
