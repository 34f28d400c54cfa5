"""NET-2: histories of several clients, each explained by some order of the calls for every id."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any

import pytest
from refvec import DuplicateIdError

from refvec_conformance import linearizability
from refvec_conformance.inputs.operations import Op, Operations, Trace, codes
from refvec_conformance.judging.marks import clause
from refvec_conformance.linearizability import Labels, Sequential
from refvec_conformance.linearizability.history import Call, History
from refvec_conformance.oracle.model import Contents
from refvec_conformance.probes.accounts import held, swept
from refvec_conformance.probes.fixtures import Budget
from refvec_conformance.probes.meanwhile import SWEEP, Scene
from refvec_conformance.probes.site import Points, Site

LABELS = Labels({"X": (1, 2, 3, 4), "Y": (-4, -3, -2, -1), "Z": (5, 6, 7, 8)})
MODEL = Sequential(LABELS, dense=False, ordered=False, atomic=False, chained=False)
IDS = ("a", "b", "c")
X, Y, Z = codes("X", "Y", "Z")
STOCK = [Op("upsert_vectors", (("a", "b"), (X, X)))]
LOOK = [Op("get_vector", (one,)) for one in IDS]
WRITES = ("add_vector", "upsert_vector", "upsert_vector", "remove_vector", "upsert_vectors", "remove_vectors")

CALLS = {
    "add": Op("add_vector", ("c", Y)),
    "add a vector that is there": Op("add_vector", ("c", X)),
    "add a batch": Op("add_vectors", (("c", "d"), (Y, Y))),
    "upsert": Op("upsert_vector", ("a", Y)),
    "upsert a batch": Op("upsert_vectors", (("a", "c"), (Y, X))),
    "remove": Op("remove_vector", ("a",)),
    "remove a batch": Op("remove_vectors", (("a", "b"),)),
    "get": Op("get_vector", ("a",)),
    "get a batch": Op("get_vectors", (("a", "b"),)),
}
every_call = pytest.mark.parametrize("op", CALLS.values(), ids=CALLS)


def explain(history: History) -> None:
    """Fail if there is no order."""
    linearizability.explain(history, MODEL, Contents(dimension=4))


def others_of(op: Op, random: Random, count: int) -> list[Trace]:
    """Return what others may do in the middle of a call: the likely troubles, and some by chance."""
    reused = [Op("remove_vectors", (("a", "b"),)), Op("add_vector", ("c", Z))]  # c where a was
    troubles = [
        reused,
        [*reused, Op("add_vector", ("a", Y))],
        [Op("upsert_vectors", (("a", "b"), (Z, Y)))],
        [op],
        [op, SWEEP],
        [op, Op("remove_vectors", (("a", "b", "c"),))],
        [SWEEP],
    ]
    operations = Operations(random, IDS, (X, Y, Z))
    return troubles + [operations.trace(WRITES, 3) for _ in range(count)]


@clause("NET-2", "NET-3", "NET-5", requires="networked", since="1.1")
@every_call
def test_what_others_do_between_two_messages_of_a_call_is_before_it_or_after_it(
    site: Site, op: Op, seed: int, budget: Budget, points: Points
) -> None:
    one, other = (site.open(address) for address in [site.new()] * 2)
    for others in others_of(op, Random(seed), budget(10)):
        count = Scene(LABELS, one, other, STOCK).play(op, [], -1, LOOK)
        for at in points(count):
            other.clear()
            scene = Scene(LABELS, one, other, STOCK)
            scene.play(op, others, at, LOOK)
            explain(scene.history)
            assert swept(other) == [], (at, others)
        other.clear()


def perform(op: Op, store: object) -> object:
    """Return the outcome of a call, in labels."""
    return LABELS.perform(op, store)


@clause("NET-2", requires="networked", since="1.1")
@pytest.mark.parametrize(
    "names",
    [
        ("add_vector", "upsert_vector", "remove_vector", "remove_vector", "get_vector"),
        ("upsert_vectors", "remove_vectors", "get_vectors", "add_vector", "add_vectors"),
    ],
    ids=["single calls", "batches"],
)
def test_histories_of_processes_are_linearizable_for_every_id(
    site: Site, names: tuple[str, ...], seed: int, budget: Budget
) -> None:
    random = Random(seed)
    operations = Operations(random, IDS, (X, Y))
    for _ in range(budget(30)):
        address = site.new()
        programs = [operations.trace(names, 8) for _ in range(3)]
        jobs = [site.job(address, *(partial(perform, op) for op in ops)) for ops in programs]
        history = [
            Call(f"process {number}", op, done.began, done.ended, done.result())
            for number, (ops, client) in enumerate(zip(programs, site.clients.run(*jobs), strict=True))
            for op, done in zip(ops, client.calls, strict=True)
        ]
        explain(history)
        assert swept(site.open(address)) == []


SHARED = [f"shared {number}" for number in range(24)]


def taken(store: Any, mine: float) -> dict[str, tuple[float, ...]]:
    """Add every shared id, half of them with a vector that all have, and return those that nobody had added."""
    won: dict[str, tuple[float, ...]] = {}
    for number, chunk_id in enumerate(SHARED):
        row = (float(number % 5), 1.0, 2.0, mine if number % 2 else 3.0)
        try:
            store.add_vector(chunk_id, row)
        except DuplicateIdError:
            continue
        won[chunk_id] = row
    return won


@clause("NET-2", requires="networked", since="1.1")
def test_of_all_who_add_an_id_one_wins(site: Site) -> None:
    address = site.new()
    clients = site.clients.run(*(site.job(address, partial(taken, mine=10.0 + one)) for one in range(4)))
    won = [client.results()[0] for client in clients]
    assert sorted(chunk_id for one in won for chunk_id in one) == sorted(SHARED)
    store = site.open(address)
    assert held(store) == {chunk_id: row for one in won for chunk_id, row in one.items()}
    assert swept(store) == []
