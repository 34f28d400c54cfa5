"""The checker on hand-made histories, good and bad, and on a store that is known to be wrong."""

from __future__ import annotations

from random import Random

import pytest
from refvec import DimensionMismatchError, DuplicateIdError, StoreClosedError, VectorStore
from refvec_conformance.inputs.operations import ARGUMENTS, Op, Operations, codes
from refvec_conformance.linearizability import (
    Call,
    Labels,
    Sequential,
    drawn,
    is_linearizable,
    record,
    smallest_failure,
)
from refvec_conformance.linearizability.checking import parts
from refvec_conformance.oracle.model import Contents
from refvec_conformance.probes.outcomes import Outcome

LABELS = Labels({"X": (1.0, 0.0), "Y": (0.0, 1.0)})
X, Y = codes("X", "Y")
FULL = Sequential(LABELS)
LOOSE = Sequential(LABELS, dense=False, ordered=False, atomic=False)
FRESH = Contents(dimension=2)
NEEDS_OTHERS = {"get_vector_by_index", "ids_at", "get_refcount", "get_vectors_by_indices", "get_refcounts"}
NEEDS_OTHERS |= {"filled", "iter_batches", "copied", "reopened", "indices", "get_all_vectors"}
NAMES = sorted(ARGUMENTS.keys() - NEEDS_OTHERS)


def call(thread, begin, end, result, name, *args):
    outcome = Outcome(error=result) if isinstance(result, type) else Outcome(result)
    return Call(f"t{thread}", Op(name, args), begin, end, outcome)


ADD = call(0, 0, 1, 0, "add_vector", "a", X)

GOOD = {
    "empty": [],
    "sequential": [ADD, call(0, 2, 3, "X", "get_vector", "a")],
    "overlapping read sees the old state": [
        call(0, 0, 3, 0, "add_vector", "a", X),
        call(1, 1, 2, None, "get_vector", "a"),
    ],
    "overlapping read sees the new state": [
        call(0, 0, 3, 0, "add_vector", "a", X),
        call(1, 1, 2, "X", "get_vector", "a"),
    ],
    "one of two adds wins": [
        call(0, 0, 2, DuplicateIdError, "add_vector", "a", X),
        call(1, 1, 3, 0, "add_vector", "a", Y),
    ],
    "the lowest freed index is taken": [
        ADD,
        call(0, 2, 3, 1, "add_vector", "b", Y),
        call(0, 4, 5, True, "remove_vector", "a"),
        call(0, 6, 7, 1, "add_vector", "c", Y),
        call(0, 8, 9, 0, "add_vector", "d", X),
    ],
    "an upsert never takes the slot that it frees": [ADD, call(0, 2, 3, 1, "upsert_vector", "a", Y)],
    "closed": [ADD, call(0, 2, 3, None, "close"), call(1, 4, 5, StoreClosedError, "get_vector", "a")],
    "a pending call may have taken effect": [
        Call("t0", Op("add_vector", ("a", X)), 0, needed=False),
        call(1, 1, 2, "X", "get_vector", "a"),
    ],
    "a pending call may not have taken effect": [
        Call("t0", Op("add_vector", ("a", X)), 0, needed=False),
        call(1, 1, 2, None, "get_vector", "a"),
    ],
}

BAD = {
    "stale read": [ADD, call(1, 2, 3, None, "get_vector", "a")],
    "value from nowhere": [ADD, call(1, 2, 3, "Y", "get_vector", "a")],
    "both adds win": [call(0, 0, 2, 0, "add_vector", "a", X), call(1, 1, 3, 0, "add_vector", "a", X)],
    "lost update": [
        ADD,
        call(0, 2, 4, 1, "upsert_vector", "a", Y),
        call(1, 3, 5, True, "remove_vector", "a"),
        call(0, 6, 7, "X", "get_vector", "a"),
    ],
    "time runs backwards for two readers": [
        call(0, 0, 9, 0, "add_vector", "a", X),
        call(1, 1, 2, "X", "get_vector", "a"),
        call(2, 3, 4, None, "get_vector", "a"),
    ],
    "torn batch": [
        call(0, 0, 9, (0, 0), "add_vectors", ("a", "b"), (X, X)),
        call(1, 1, 2, (("a", "X"),), "snapshot"),
    ],
    "the same vector twice": [call(0, 0, 2, 0, "add_vector", "a", X), call(1, 1, 3, 1, "add_vector", "b", X)],
    "an index skipped": [call(0, 0, 1, 1, "add_vector", "a", X)],
    "open after close": [call(0, 0, 1, None, "close"), call(1, 2, 3, None, "get_vector", "a")],
    "another error": [ADD, call(1, 2, 3, KeyError, "add_vector", "a", X)],
    "a crash": [call(0, 0, 1, RuntimeError, "ids")],
}


@pytest.mark.parametrize("name", GOOD)
def test_good_history_is_explained(name):
    assert is_linearizable(GOOD[name], FULL, FRESH)


@pytest.mark.parametrize("name", BAD)
def test_bad_history_is_refused(name):
    assert not is_linearizable(BAD[name], FULL, FRESH)


def test_undeclared_capabilities_are_not_demanded():
    skipped = [call(0, 0, 1, 7, "add_vector", "a", X), call(0, 2, 3, 9, "add_vector", "b", Y)]
    order = [*skipped, call(0, 4, 5, ("b", "a"), "ids")]
    assert is_linearizable(order, LOOSE, FRESH)
    assert not is_linearizable(skipped, FULL, FRESH)


def test_without_atomic_batch_each_item_is_one_operation():
    torn = BAD["torn batch"]
    assert is_linearizable(torn, Sequential(LABELS, atomic=False), FRESH)
    backwards = [torn[0], call(1, 1, 2, (("b", "X"),), "snapshot")]
    assert not is_linearizable(backwards, Sequential(LABELS, atomic=False), FRESH)


def test_dimension_is_fixed_by_one_winner():
    model = Sequential(Labels({"X": (1.0, 2.0), "W": (1.0, 2.0, 3.0)}))
    w = codes("W")[0]
    race = [call(0, 0, 2, 0, "add_vector", "a", X), call(1, 1, 3, DimensionMismatchError, "add_vector", "b", w)]
    assert is_linearizable(race, model)
    assert not is_linearizable([race[0], call(1, 1, 3, 1, "add_vector", "b", w)], model)


def test_histories_are_split_by_ids_where_indices_are_not_compared():
    history = [
        call(0, 0, 1, 0, "add_vector", "a", X),
        call(1, 0, 1, 0, "add_vector", "b", X),
        call(2, 2, 3, ("X", "X"), "get_vectors", ("b", "c")),
        call(0, 4, 5, "X", "get_vector", "c"),
    ]
    assert [len(part) for part in parts(history, LOOSE)] == [1, 3]
    assert len(parts(history, FULL)) == 1


def test_long_local_histories_stay_cheap():
    history = [
        call(thread, 10 * step, 10 * step + 9, False, "remove_vector", f"{thread}-{step}")
        for step in range(60)
        for thread in range(6)
    ]
    assert is_linearizable(history, LOOSE, FRESH)


def test_smallest_failure_keeps_what_matters():
    noise = [call(3, 20 + 2 * step, 21 + 2 * step, None, "get_vector", "z") for step in range(5)]
    history = [ADD, call(0, 2, 3, 0, "add_vector", "b", X), call(1, 4, 5, None, "get_vector", "a"), *noise]
    assert smallest_failure(history, FULL, FRESH) == [ADD, history[2]]


def test_smallest_failure_blames_no_innocent_read():
    # Leaving the add out would make the good read of it look wrong.
    history = [ADD, call(1, 2, 3, "X", "get_vector", "a"), call(2, 4, 5, "Y", "get_vector", "a")]
    assert smallest_failure(history, FULL, FRESH) == [history[2]]


def test_timeline_shows_overlap():
    assert drawn(BAD["both adds win"]).splitlines() == [
        "t0  |- add_vector('a', X) = 0 -|",
        "t1   |- add_vector('a', X) = 0 -|",
    ]


def test_timeline_of_what_follows():
    first, second = drawn(BAD["stale read"]).splitlines()
    assert first.rindex("|") < second.index("|")


@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_recorded_histories_of_correct_backends_are_explained(backend):
    for seed in range(40):
        random = Random(seed)
        operations = Operations(random, "abc", (X, Y))
        threads = [operations.trace(NAMES, 5) for _ in range(3)]
        history = record(VectorStore(2, backend=backend), LABELS, threads, random)
        assert len(history) == sum(map(len, threads))
        assert is_linearizable(history, FULL, FRESH), drawn(smallest_failure(history, FULL, FRESH))
