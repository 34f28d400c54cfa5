"""The checker on hand-made histories, good and bad, and on a store that is known to be wrong."""

from __future__ import annotations

from random import Random

import pytest
from refvec import VectorStore
from refvec_conformance.linearizability import (
    Call,
    Contents,
    Model,
    Op,
    drawn,
    is_linearizable,
    record,
    smallest_failure,
)
from refvec_conformance.linearizability.checking import parts
from refvec_conformance.linearizability.workloads import MAKERS, programs

VECTORS = {"X": (1.0, 0.0), "Y": (0.0, 1.0)}
WIDTHS = dict.fromkeys(VECTORS, 2)
FULL = Model(WIDTHS)
LOOSE = Model(WIDTHS, dense=False, ordered=False, atomic=False)
FRESH = Contents(width=2)


def call(thread, begin, end, result, name, *args):
    return Call(f"t{thread}", Op(name, args), begin, end, result)


ADD = call(0, 0, 1, 0, "add", "a", "X")

GOOD = {
    "empty": [],
    "sequential": [ADD, call(0, 2, 3, "X", "get", "a")],
    "overlapping read sees the old state": [
        call(0, 0, 3, 0, "add", "a", "X"),
        call(1, 1, 2, None, "get", "a"),
    ],
    "overlapping read sees the new state": [
        call(0, 0, 3, 0, "add", "a", "X"),
        call(1, 1, 2, "X", "get", "a"),
    ],
    "one of two adds wins": [
        call(0, 0, 2, "DuplicateIdError", "add", "a", "X"),
        call(1, 1, 3, 0, "add", "a", "Y"),
    ],
    "the lowest freed index is taken": [
        ADD,
        call(0, 2, 3, 1, "add", "b", "Y"),
        call(0, 4, 5, True, "remove", "a"),
        call(0, 6, 7, 1, "add", "c", "Y"),
        call(0, 8, 9, 0, "add", "d", "X"),
    ],
    "an upsert never takes the slot that it frees": [ADD, call(0, 2, 3, 1, "upsert", "a", "Y")],
    "closed": [ADD, call(0, 2, 3, None, "close"), call(1, 4, 5, "StoreClosedError", "get", "a")],
    "a pending call may have taken effect": [
        Call("t0", Op("add", ("a", "X")), 0, needed=False),
        call(1, 1, 2, "X", "get", "a"),
    ],
    "a pending call may not have taken effect": [
        Call("t0", Op("add", ("a", "X")), 0, needed=False),
        call(1, 1, 2, None, "get", "a"),
    ],
}

BAD = {
    "stale read": [ADD, call(1, 2, 3, None, "get", "a")],
    "value from nowhere": [ADD, call(1, 2, 3, "Y", "get", "a")],
    "both adds win": [call(0, 0, 2, 0, "add", "a", "X"), call(1, 1, 3, 0, "add", "a", "X")],
    "lost update": [
        ADD,
        call(0, 2, 4, 1, "upsert", "a", "Y"),
        call(1, 3, 5, True, "remove", "a"),
        call(0, 6, 7, "X", "get", "a"),
    ],
    "time runs backwards for two readers": [
        call(0, 0, 9, 0, "add", "a", "X"),
        call(1, 1, 2, "X", "get", "a"),
        call(2, 3, 4, None, "get", "a"),
    ],
    "torn batch": [
        call(0, 0, 9, (0, 0), "add_many", ("a", "X"), ("b", "X")),
        call(1, 1, 2, (("a", "X"),), "snapshot"),
    ],
    "the same vector twice": [call(0, 0, 2, 0, "add", "a", "X"), call(1, 1, 3, 1, "add", "b", "X")],
    "an index skipped": [call(0, 0, 1, 1, "add", "a", "X")],
    "open after close": [call(0, 0, 1, None, "close"), call(1, 2, 3, None, "get", "a")],
    "another error": [ADD, call(1, 2, 3, "KeyError", "add", "a", "X")],
    "a crash": [call(0, 0, 1, "RuntimeError", "ids")],
}


@pytest.mark.parametrize("name", GOOD)
def test_good_history_is_explained(name):
    assert is_linearizable(GOOD[name], FULL, FRESH)


@pytest.mark.parametrize("name", BAD)
def test_bad_history_is_refused(name):
    assert not is_linearizable(BAD[name], FULL, FRESH)


def test_undeclared_capabilities_are_not_demanded():
    skipped = [call(0, 0, 1, 7, "add", "a", "X"), call(0, 2, 3, 9, "add", "b", "Y")]
    order = [*skipped, call(0, 4, 5, ("b", "a"), "ids")]
    assert is_linearizable(order, LOOSE, FRESH)
    assert not is_linearizable(skipped, FULL, FRESH)


def test_without_atomic_batch_each_item_is_one_operation():
    torn = BAD["torn batch"]
    assert is_linearizable(torn, Model(WIDTHS, atomic=False), FRESH)
    backwards = [torn[0], call(1, 1, 2, (("b", "X"),), "snapshot")]
    assert not is_linearizable(backwards, Model(WIDTHS, atomic=False), FRESH)


def test_dimension_is_fixed_by_one_winner():
    model = Model({"X": 2, "W": 3})
    race = [call(0, 0, 2, 0, "add", "a", "X"), call(1, 1, 3, "DimensionMismatchError", "add", "b", "W")]
    assert is_linearizable(race, model)
    assert not is_linearizable([race[0], call(1, 1, 3, 1, "add", "b", "W")], model)


def test_histories_are_split_by_ids_where_indices_are_not_compared():
    history = [
        call(0, 0, 1, 0, "add", "a", "X"),
        call(1, 0, 1, 0, "add", "b", "X"),
        call(2, 2, 3, ("X", "X"), "get_many", "b", "c"),
        call(0, 4, 5, "X", "get", "c"),
    ]
    assert [len(part) for part in parts(history, LOOSE)] == [1, 3]
    assert len(parts(history, FULL)) == 1


def test_long_local_histories_stay_cheap():
    history = [
        call(thread, 10 * step, 10 * step + 9, False, "remove", f"{thread}-{step}")
        for step in range(60)
        for thread in range(6)
    ]
    assert is_linearizable(history, LOOSE, FRESH)


def test_smallest_failure_keeps_what_matters():
    noise = [call(3, 20 + 2 * step, 21 + 2 * step, None, "get", "z") for step in range(5)]
    history = [ADD, call(0, 2, 3, 0, "add", "b", "X"), call(1, 4, 5, None, "get", "a"), *noise]
    assert smallest_failure(history, FULL, FRESH) == [ADD, history[2]]


def test_smallest_failure_blames_no_innocent_read():
    # Leaving the add out would make the good read of it look wrong.
    history = [ADD, call(1, 2, 3, "X", "get", "a"), call(2, 4, 5, "Y", "get", "a")]
    assert smallest_failure(history, FULL, FRESH) == [history[2]]


def test_timeline_shows_overlap():
    assert drawn(BAD["both adds win"]).splitlines() == [
        "t0  |- add(a, X) = 0 -|",
        "t1   |- add(a, X) = 0 -|",
    ]


def test_timeline_of_what_follows():
    first, second = drawn(BAD["stale read"]).splitlines()
    assert first.rindex("|") < second.index("|")


@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_recorded_histories_of_correct_backends_are_explained(backend):
    for seed in range(40):
        random = Random(seed)
        threads = programs(random, list(MAKERS))
        history = record(VectorStore(2, backend=backend), VECTORS, threads, random)
        assert len(history) == sum(map(len, threads))
        assert is_linearizable(history, FULL, FRESH), drawn(smallest_failure(history, FULL, FRESH))
