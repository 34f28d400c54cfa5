"""THREAD-1: no call is cut in two by another, wherever the other comes in between."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import DuplicateIdError, InvalidIndexError, UnknownIdError, VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.concurrency import must, switching, together
from refvec_conformance.probes.fixtures import Budget, Make
from refvec_conformance.probes.interposing import interposed
from refvec_conformance.probes.outcomes import attempt, frozen

IDS = ["a", "b", "c"]
W, X, Y, Z, Q = np.array([[1, 0, 0, 9], [0, 1, 0, 8], [0, 0, 1, 7], [1, 1, 0, 6], [1, 1, 1, 5]], np.float32)
FIRST, SECOND = np.stack([X, X, Y]), np.stack([W, Z, Z])  # in both two vectors and three references
THIRD = np.stack([W, Z, Q])
POINTS = 80  # in the standard tier

Read = Callable[[VectorStore], Any]
Write = Callable[[VectorStore], Any]


def rows(found: Any) -> frozenset[bytes]:
    """Return rows as a set of what they hold."""
    return frozenset(row.tobytes() for row in found)


def whole(store: VectorStore) -> Any:
    """Return the vector of every id."""
    seen = store.snapshot()
    at = dict(zip(seen.indices.tolist(), seen.vectors, strict=True))
    assert len(seen.indices) == len({*seen.id_indices.tolist()}), "a snapshot contradicts itself"
    return {one: at[index].tobytes() for one, index in zip(seen.ids, seen.id_indices.tolist(), strict=True)}


def shape_of(indices: list[int]) -> list[int]:
    """Return which of the indices are equal: the same wherever the vectors are."""
    return [indices.index(one) for one in indices]


def first_hits(store: VectorStore) -> Any:
    """Return the scores and ids that two queries find."""
    if not type(store).capabilities.search:
        return whole(store)
    found = store.search([[0, 0, 0, 1], [1, 2, 3, 0]], 5, metric="dot")
    return frozen([found.scores, [[sorted(hit) for hit in row] for row in found.ids]])


def one_hit(store: VectorStore) -> Any:
    """Return the scores and ids that a query finds."""
    if not type(store).capabilities.search:
        return whole(store)
    found = store.search([0, 0, 0, 1], 5, metric="dot")
    return frozen([found.scores, [sorted(hit) for hit in found.ids]])


def narrowed(store: VectorStore) -> Any:
    """Return the scores and ids that a query finds within some ids."""
    if not type(store).capabilities.search:
        return whole(store)
    found = store.search([0, 0, 0, 1], 5, metric="dot", within=["a", "c"])
    return frozen([found.scores, found.ids])


# What sees the whole store, or much of it, in one call.
READS: dict[str, Read] = {
    "get_vectors": lambda store: store.get_vectors(IDS).tobytes(),
    "get_indices": lambda store: shape_of(store.get_indices(IDS).tolist()),
    "get_all_vectors": lambda store: rows(store.get_all_vectors()),
    "snapshot": whole,
    "find_vector": lambda store: store.find_vector(X) is None,
    "search": one_hit,
    "search of two queries": first_hits,
    "search within": narrowed,
    "copy": lambda store: whole(copy.copy(store)),
    "pickle": lambda store: whole(pickle.loads(pickle.dumps(store))),
}
every_read = pytest.mark.parametrize("read", READS.values(), ids=READS)


def switched(store: VectorStore, vectors: Any) -> Callable[[], Any]:
    """Return what replaces all vectors in one step."""
    return lambda: store.upsert_vectors(IDS, vectors)


@clause("THREAD-1", "GET-2", "GET-7", "GET-8", requires="atomic_batch")
@every_read
def test_a_read_sees_the_store_before_or_after_a_write_in_its_middle(
    make: Make, budget: Budget, read: Read
) -> None:
    store = make(4)
    store.add_vectors(IDS, FIRST)
    before = read(store)
    switched(store, SECOND)()
    after = read(store)

    def prepare() -> Any:
        store.upsert_vectors(IDS, FIRST)
        return lambda: read(store), switched(store, SECOND)

    assert before != after
    for found in interposed(prepare, budget(POINTS)):
        assert found.call in (before, after), "the read saw neither state"


@clause("THREAD-1", "SAVE-1", requires="atomic_batch")
def test_a_save_holds_the_store_before_or_after_a_write_in_its_middle(
    make: Make, budget: Budget, tmp_path: Path
) -> None:
    store, path = make(4), tmp_path / "saved"
    store.add_vectors(IDS, SECOND)
    after = whole(store)
    store.upsert_vectors(IDS, FIRST)
    before = whole(store)

    def prepare() -> Any:
        store.upsert_vectors(IDS, FIRST)
        return lambda: store.save(path), switched(store, SECOND)

    for found in interposed(prepare, budget(2 * POINTS)):
        assert found.call is None
        assert whole(VectorStore.load(path, backend=type(store).backend)) in (before, after)


# What asks by index, or goes by indices inside: those stay, and what is at them is renewed.
RENEWED: dict[str, tuple[Read, Any]] = {
    "get_vectors_by_indices": (lambda store: store.get_vectors_by_indices([0, 1, 0]).tobytes(), SECOND),
    "out": (lambda store: store.get_vectors_by_indices([1, 0], np.empty((2, 4), np.float32)).tobytes(), SECOND),
    "get_refcounts": (lambda store: store.get_refcounts([0, 1]).tolist(), SECOND),
    "ids_at": (lambda store: store.ids_at(0), SECOND),
    "get_vector_by_index": (lambda store: store.get_vector_by_index(1).tobytes(), SECOND),
    "iter_batches": (lambda store: [*map(pairs, store.iter_batches(2))], SECOND),
    "get_vectors": (lambda store: store.get_vectors(IDS).tobytes(), SECOND),
    "get_vector": (lambda store: store.get_vector("b").tobytes(), SECOND),  # type: ignore[union-attr]
    "get_all_vectors": (lambda store: rows(store.get_all_vectors()), THIRD),
    "snapshot": (whole, SECOND),
    "search": (one_hit, SECOND),
    "search of two queries": (first_hits, THIRD),
}


def pairs(batch: Any) -> list[tuple[int, bytes]]:
    """Return the indices of a batch, each with its vector."""
    return [(index, row.tobytes()) for index, row in zip(batch[0].tolist(), batch[1], strict=True)]


def renewed(store: VectorStore, vectors: Any) -> None:
    """Put other vectors at the same indices, and the ids in another order."""
    store.remove_vectors(IDS)
    store.add_vectors(IDS if vectors is FIRST else IDS[::-1], vectors)


@clause("THREAD-1", "GET-2", "GET-3", "GET-6", "GET-7", "GET-9", requires="dense_indices")
@pytest.mark.parametrize(("read", "vectors"), RENEWED.values(), ids=RENEWED)
def test_a_read_sees_one_state_though_indices_are_used_again(
    make: Make, budget: Budget, read: Read, vectors: Any
) -> None:
    store, states = make(4), []
    for state in (vectors, FIRST):
        renewed(store, state)
        states.append(attempt(lambda: read(store)))
    store.clear()
    states.append(attempt(lambda: read(store)))

    def prepare() -> Any:
        renewed(store, FIRST)
        return lambda: attempt(lambda: read(store)), lambda: renewed(store, vectors)

    assert states[0] != states[1]
    for found in interposed(prepare, budget(POINTS)):
        if found.call.error not in (InvalidIndexError, UnknownIdError):
            assert found.call in states, "the read saw none of the states"


# What counts: everything is there, or nothing.
COUNTS: dict[str, Read] = {
    "get_statistics": lambda store: {
        name: store_says
        for name, store_says in store.get_statistics().items()
        if name
        in ("unique_vectors", "total_references", "free_indices", "utilization", "dimension", "capacity")
    },
    "repr": repr,
    "ids": lambda store: sorted(store.ids()),
    "indices": lambda store: len(store.indices()),
    "snapshot": lambda store: [len(part) for part in store.snapshot()],
}


@clause("THREAD-1", "COUNT-3", "NAME-2", requires="atomic_batch")
@pytest.mark.parametrize("read", COUNTS.values(), ids=COUNTS)
@pytest.mark.parametrize("start", ["full", "empty"])
def test_counts_are_of_one_moment(make: Make, budget: Budget, read: Read, start: str) -> None:
    store, before = make(4), []

    def prepare() -> Any:
        store.clear()
        if start == "full":
            store.add_vectors(IDS, FIRST)
        before.append(read(store))  # how much is free, a store may answer in another way each time
        if start == "full":
            return lambda: read(store), lambda: store.remove_vectors(IDS)
        return lambda: read(store), lambda: store.add_vectors(IDS, FIRST)

    for found in interposed(prepare, budget(POINTS)):
        assert found.call in (before[-1], read(store)), "the counts never were"


@clause("THREAD-1", "OPEN-7", "COUNT-3", "NAME-2", requires="thread_safe")
@pytest.mark.parametrize("read", [COUNTS["get_statistics"], repr], ids=["get_statistics", "repr"])
def test_the_dimension_and_the_counts_are_of_one_moment(make: Make, budget: Budget, read: Read) -> None:
    store = make()
    empty = read(store)
    store.add_vector("a", X)
    states = [empty, read(store)]

    def prepare() -> Any:
        fresh = make()
        return lambda: read(fresh), lambda: fresh.add_vector("a", X)

    for found in interposed(prepare, budget(POINTS)):
        assert found.call in states, "a dimension without a vector, or a vector without a dimension"


REFERENCES: Read = operator.attrgetter("total_references")

# What writes: from the first state, in one step.
WRITES: dict[str, Write] = {
    "upsert_vector": lambda store: store.upsert_vector("a", Q),
    "upsert_vector to a shared one": lambda store: store.upsert_vector("c", X),
    "upsert_vectors": lambda store: store.upsert_vectors(IDS, SECOND),
    "add_vectors": lambda store: store.add_vectors(["d", "e"], [Q, X]),
    "remove_vectors": lambda store: store.remove_vectors(IDS),
    "remove_vectors in part": lambda store: store.remove_vectors(["c", "a"]),
    "clear": lambda store: store.clear(),
}


@clause("THREAD-1", "ADD-2", "UPSERT-1", "UPSERT-2", "REMOVE-3", requires="atomic_batch")
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_reader_in_the_middle_of_a_write_sees_it_done_or_not_begun(
    make: Make, budget: Budget, write: Write
) -> None:
    # One call each: between two of them the write may end.
    for read in (whole, REFERENCES):

        def prepare(read: Read = read) -> Any:
            store = make(4)
            store.add_vectors(IDS, FIRST)
            return lambda: write(store), lambda: read(store)

        states = []
        for done in (False, True):
            call, look = prepare()
            if done:
                call()
            states.append(look())
        for found in interposed(prepare, budget(POINTS)):
            assert found.other in states, "the write was seen half done"


@clause("THREAD-1", "REMOVE-1", requires="thread_safe")
@pytest.mark.parametrize("method", ["remove_vector", "remove_vectors"])
def test_of_two_removals_one_finds_the_id(make: Make, budget: Budget, method: str) -> None:
    store = make(4)
    argument: Any = "a" if method == "remove_vector" else ["a"]

    def prepare() -> Any:
        store.upsert_vectors(IDS, FIRST)
        return lambda: getattr(store, method)(argument), lambda: getattr(store, method)(argument)

    for found in interposed(prepare, budget(POINTS)):
        assert sorted(found) == [0, 1]


@clause("THREAD-1", "ADD-1", requires="thread_safe")
@pytest.mark.parametrize("method", ["add_vector", "add_vectors"])
def test_of_two_adds_one_succeeds(make: Make, budget: Budget, method: str) -> None:
    store = make(4)

    def add(vector: Any) -> Callable[[], Any]:
        if method == "add_vector":
            return lambda: store.add_vector("a", vector)
        return lambda: store.add_vectors(["b", "a"], [vector, vector])

    def prepare() -> Any:
        store.clear()
        return add(X), add(Y)

    for found in interposed(prepare, budget(POINTS)):
        assert [isinstance(one, DuplicateIdError) for one in found].count(True) == 1
        won = Y if isinstance(found.call, DuplicateIdError) else X
        assert store.get_vector("a").tobytes() == won.tobytes()  # type: ignore[union-attr]


@clause("THREAD-1", "UPSERT-1", "UPSERT-2", "ADD-1", "ADD-2", requires="thread_safe")
@pytest.mark.parametrize("method", ["add_vector", "add_vectors", "upsert_vector", "upsert_vectors"])
def test_the_index_that_a_write_returns_is_that_of_its_vector(make: Make, budget: Budget, method: str) -> None:
    store = make(4)
    store.add_vectors(["x", "y"], [X, Y])
    wanted = store.get_index("x")

    def prepare() -> Any:
        store.remove_vector("new")
        batch = method.endswith("s")
        call = getattr(store, method)
        return lambda: call(["new"] if batch else "new", [X] if batch else X), lambda: store.upsert_vector(
            "new", Y
        )

    for found in interposed(prepare, budget(POINTS)):
        if not isinstance(found.call, DuplicateIdError):
            assert int(np.ravel(found.call)[0]) == wanted


@clause("THREAD-1", "GET-2", "GET-7", "COUNT-3", requires="atomic_batch")
def test_reads_beside_a_writer_that_never_rests_see_one_of_its_states(
    make: Make, target: Target, budget: Budget
) -> None:
    """For stores whose calls Python cannot interrupt, but whose threads run at the same time."""
    store = make(4)
    states: dict[str, list[Any]] = {name: [] for name in READS}
    for vectors in (SECOND, FIRST):
        store.upsert_vectors(IDS, vectors)
        for name, read in READS.items():
            states[name].append(read(store))
    rounds = budget(20)

    def write() -> None:
        for turn in range(rounds * len(READS)):
            store.upsert_vectors(IDS, SECOND if turn % 2 == 0 else FIRST)

    def look() -> list[str]:
        return [name for _ in range(rounds) for name, read in READS.items() if read(store) not in states[name]]

    with switching(1e-6):
        _, wrong, more = must(together(write, look, look))
    assert [*wrong, *more] == [], target.name
