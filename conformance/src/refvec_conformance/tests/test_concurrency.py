"""THREAD-1: histories of real threads, each explained by some order of the calls."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np

from refvec_conformance.inputs.operations import Op, Operations, Trace, codes
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.linearizability import (
    Labels,
    Sequential,
    explain,
    record,
)
from refvec_conformance.oracle.model import Contents
from refvec_conformance.probes.concurrency import jostled, must, switching, together
from refvec_conformance.probes.fixtures import Budget, Make

VECTORS = {"X": (1.0, 2.0, 3.0, 4.0), "Y": (-4.0, -3.0, -2.0, -1.0)}
LABELS = Labels(VECTORS)
IDS = ("a", "b", "c")
X, Y = codes(*VECTORS)

# What the threads do, by what may go wrong; a name twice counts twice.
SINGLES = (
    "add_vector",
    "add_vector",
    "upsert_vector",
    "remove_vector",
    "remove_vector",
    "get_vector",
    "get_index",
    "find_vector",
    "len",
)
REFERENCES = ("add_vector", "remove_vector", "remove_vector", "find_vector", "len", "snapshot")
BATCHES = (
    "add_vectors",
    "upsert_vectors",
    "upsert_vectors",
    "remove_vectors",
    "get_vectors",
    "snapshot",
    "ids",
)
UPSERTS = ("upsert_vector", "upsert_vector", "get_vectors", "snapshot", "ids", "get_statistics")
CLEARING = ("add_vectors", "upsert_vector", "clear", "snapshot", "len", "find_vector")
COPYING = ("add_vector", "upsert_vectors", "remove_vector", "seen", "seen")
CLOSING = ("add_vector", "upsert_vectors", "get_vector", "snapshot", "seen", "remove_vector", "close")
LOCAL = (
    "add_vector",
    "upsert_vector",
    "remove_vector",
    "get_vector",
    "add_vectors",
    "upsert_vectors",
    "get_vectors",
)
SEARCHING = ("upsert_vector", "upsert_vectors", "remove_vector", "add_vector", "search", "search")


def model_of(target: Target, labels: Labels = LABELS) -> Sequential:
    declared = target.capabilities
    return Sequential(labels, declared.dense_indices, declared.ordered_ids, declared.atomic_batch)


def programs(random: Random, names: Sequence[str], *, threads: int = 3, length: int = 5) -> list[Trace]:
    operations = Operations(random, IDS, (X, Y))
    return [operations.trace(names, length) for _ in range(threads)]


def check(
    make: Make, model: Sequential, random: Random, threads: list[Trace], before: Sequence[Op] = ()
) -> None:
    store = make(4)
    history = record(store, model.labels, threads, random, before=list(before))
    explain(history, model, Contents(dimension=4))


def rounds(make: Make, target: Target, seed: int, budget: Budget, names: Sequence[str]) -> None:
    random = Random(seed)
    for _ in range(budget(60)):
        check(make, model_of(target), random, programs(random, names))


@clause("THREAD-1", requires="thread_safe")
def test_single_calls_are_linearizable(make: Make, target: Target, seed: int, budget: Budget) -> None:
    rounds(make, target, seed, budget, SINGLES)


@clause("THREAD-1", "REMOVE-2", requires="thread_safe")
def test_references_are_not_lost_to_races(make: Make, target: Target, seed: int, budget: Budget) -> None:
    rounds(make, target, seed, budget, REFERENCES)


@clause("THREAD-1", requires="thread_safe")
def test_batches_are_linearizable(make: Make, target: Target, seed: int, budget: Budget) -> None:
    rounds(make, target, seed, budget, BATCHES)


@clause("THREAD-1", "UPSERT-1", requires="thread_safe")
def test_upserts_are_linearizable(make: Make, target: Target, seed: int, budget: Budget) -> None:
    random = Random(seed)
    before = [Op("upsert_vectors", (IDS, (X, X, X)))]
    for _ in range(budget(60)):
        check(make, model_of(target), random, programs(random, UPSERTS), before)


@clause("THREAD-1", "REMOVE-3", requires="thread_safe")
def test_clear_is_linearizable(make: Make, target: Target, seed: int, budget: Budget) -> None:
    rounds(make, target, seed, budget, CLEARING)


@clause("THREAD-1", "SAVE-2", requires="thread_safe")
def test_copies_hold_one_moment(make: Make, target: Target, seed: int, budget: Budget) -> None:
    rounds(make, target, seed, budget, COPYING)


@clause("THREAD-1", "DUR-2", requires="thread_safe")
def test_close_is_linearizable(make: Make, target: Target, seed: int, budget: Budget) -> None:
    rounds(make, target, seed, budget, CLOSING)


@clause("THREAD-1", requires="thread_safe")
def test_searches_see_one_moment(make: Make, target: Target, seed: int, budget: Budget) -> None:
    names = SEARCHING if target.capabilities.search else BATCHES
    rounds(make, target, seed, budget, names)


@clause("THREAD-1", "INDEX-2", requires="thread_safe")
def test_a_slot_used_again_is_not_served_to_those_who_knew_the_old(
    make: Make, target: Target, seed: int, budget: Budget
) -> None:
    random = Random(seed)
    first, second = Op("add_vector", ("a", X)), Op("add_vector", ("b", Y))
    cycle = [Op("remove_vector", ("a",)), second, Op("remove_vector", ("b",)), first]
    for _ in range(budget(60)):
        check(make, model_of(target), random, [cycle * 2, [Op("get_vector", ("a",))] * 8], [first])


@clause("THREAD-1", tier="standard", requires="thread_safe")
def test_longer_histories_of_single_ids(make: Make, target: Target, seed: int, budget: Budget) -> None:
    random = Random(seed)
    model = Sequential(LABELS, dense=False, ordered=False, atomic=target.capabilities.atomic_batch)
    # In servers calls overlap for all their length, and the search for an order grows with what overlaps.
    length = 6 if target.capabilities.networked else 12
    for _ in range(budget(20)):
        check(make, model, random, programs(random, LOCAL, threads=4, length=length))


@clause("THREAD-1", "OPEN-7", requires="thread_safe")
def test_one_thread_fixes_the_dimension(make: Make, target: Target, seed: int, budget: Budget) -> None:
    random, labels = Random(seed), Labels({"X": (1.0, 2.0), "W": (1.0, 2.0, 3.0)})
    for _ in range(budget(40)):
        threads = [
            [Op("add_vector", (chunk_id, label)), Op("get_statistics")]
            for chunk_id, label in zip(IDS, codes("X", "W", "X"), strict=True)
        ]
        history = record(make(), labels, threads, random)
        explain(history, model_of(target, labels), Contents())


@clause("THREAD-1", "DEDUP-4", requires="thread_safe")
def test_identical_vectors_added_at_once_share_one_index(make: Make, seed: int) -> None:
    store = make(4)
    jobs = [lambda n=n: [store.add_vector(f"{n}-{j}", VECTORS["X"]) for j in range(25)] for n in range(4)]
    with switching(1e-6), jostled(Random(seed)):
        found = must(together(*jobs))
    assert len({index for indices in found for index in indices}) == 1
    assert (len(store), store.total_references, store.get_refcount(found[0][0])) == (1, 100, 100)


@clause("THREAD-1", "ADD-1", requires="thread_safe")
def test_of_many_adds_of_one_id_one_succeeds(make: Make, seed: int) -> None:
    store = make(4)
    with switching(1e-6), jostled(Random(seed)):
        for round_ in range(20):
            jobs = [lambda n=n, one=f"{round_}": store.add_vector(one, [n, 0, 0, 0]) for n in range(4)]
            found = together(*jobs)
            kinds = sorted(type(result).__name__ for result in found)
            assert kinds == ["DuplicateIdError"] * 3 + ["int"]


@clause("THREAD-1", "GET-7", requires="thread_safe")
def test_no_reader_sees_half_a_batch(make: Make, target: Target, seed: int, budget: Budget) -> None:
    store, ids, count = make(4), [f"{n}" for n in range(16)], budget(40)
    store.add_vectors(ids, [VECTORS["X"]] * 16)

    def write() -> None:
        for turn in range(count):
            store.upsert_vectors(ids, [VECTORS["XY"[turn % 2]]] * 16)

    def read() -> list[int]:
        return [len(np.unique(store.get_vectors(ids), axis=0)) for _ in range(count)]

    def look() -> list[tuple[int, int, int]]:
        seen = [store.snapshot() for _ in range(count)]
        return [(len(one.indices), len(one.vectors), len(set(one.id_indices.tolist()))) for one in seen]

    with switching(1e-5), jostled(Random(seed)):
        _, widths, looks = must(together(write, read, look))
    assert all(len(set(look)) == 1 for look in looks), "a snapshot contradicts itself"
    if target.capabilities.atomic_batch:
        assert {*widths, *(look[0] for look in looks)} == {1}, "a read saw half a batch"


@clause("THREAD-1", "GET-9", requires="thread_safe")
def test_iteration_while_others_write(make: Make, seed: int, budget: Budget) -> None:
    store, count = make(4), budget(30)
    rows = np.arange(80, dtype=np.float32).reshape(20, 4)
    fixed = store.add_vectors([f"{n}" for n in range(20)], rows).tolist()

    def write() -> None:
        for turn in range(count):
            store.add_vector("new", [turn, 0.5, 0, 0])
            store.remove_vector("new")

    def read() -> list[Any]:
        return [
            [(ids.tolist(), vectors.copy()) for ids, vectors in store.iter_batches(7)] for _ in range(count)
        ]

    with switching(1e-5), jostled(Random(seed)):
        _, runs = must(together(write, read))
    for batches in runs:
        indices = [index for found, _ in batches for index in found]
        assert indices == sorted(set(indices))
        assert set(fixed) <= set(indices)
        at = {index: row for found, vectors in batches for index, row in zip(found, vectors, strict=True)}
        assert all(np.array_equal(at[index], row) for index, row in zip(fixed, rows, strict=True))


@clause("THREAD-1", tier="standard", requires="thread_safe")
def test_every_method_at_once_raises_nothing_strange(
    make: Make, target: Target, seed: int, budget: Budget
) -> None:
    store, random = make(4), Random(seed)
    store.add_vectors(list(IDS), [VECTORS["X"]] * 3)
    reads = (store.ids, store.indices, store.snapshot, store.get_all_vectors, store.get_statistics)
    more = (lambda: repr(store), lambda: copy.copy(store).ids(), lambda: "a" in store, lambda: store.flush())

    def write() -> None:
        for turn in range(budget(50)):
            store.upsert_vector(IDS[turn % 3], [turn % 5, 0, 0, 1])
            store.remove_vector(IDS[(turn + 1) % 3])

    def read(methods: Sequence[Callable[[], Any]]) -> None:
        for _ in range(budget(50)):
            random.choice(methods)()

    with switching(1e-5), jostled(random):
        must(together(write, write, lambda: read(reads), lambda: read(more)))
    seen = store.snapshot()
    assert sorted(set(seen.id_indices.tolist())) == seen.indices.tolist()
    assert store.total_references == len(seen.ids)
