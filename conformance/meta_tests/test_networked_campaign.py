"""The books of a campaign on servers: what is acknowledged, unknown, lost and wrong."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from refvec_conformance.campaign.networked.ledger import Ledger
from refvec_conformance.campaign.networked.records import (
    DUPLICATE,
    OK,
    REFUSED,
    UNKNOWN,
    WRONG,
    Log,
    Record,
    records,
)
from refvec_conformance.campaign.networked.rows import number_of, rows_of


def record(call: str, outcome: str = OK, number: int | None = None, value: int | None = None, **more) -> Record:
    """Return a call on the id "a" of one client, or on another."""
    given = {"ids": ["a"], "began": 0.0, "ended": 1.0, **more}
    return Record(call, numbers=[] if number is None else [number], outcome=outcome, value=value, **given)


ADDED, REMOVED = record("add_vectors", number=1), record("remove_vectors", value=1)
HISTORIES = {
    "added": ([ADDED], {1}),
    "never ended": ([record("add_vectors", UNKNOWN, 1, ended=math.inf)], {1, None}),
    "refused": ([record("add_vectors", REFUSED, 1)], {None}),
    "replaced": ([ADDED, record("upsert_vectors", number=2)], {2}),
    "perhaps replaced": ([ADDED, record("upsert_vectors", UNKNOWN, 2)], {1, 2}),
    "removed": ([ADDED, REMOVED], {None}),
    "perhaps removed": ([ADDED, record("remove_vectors", UNKNOWN)], {1, None}),
    "not removed": ([ADDED, record("remove_vectors", REFUSED)], {1}),
}


@pytest.mark.parametrize(("told", "allowed"), HISTORIES.values(), ids=HISTORIES)
@pytest.mark.parametrize("found", [1, 2, 3, None])
def test_what_may_be_there(told: list[Record], allowed: set[int | None], found: int | None) -> None:
    ledger = Ledger()
    ledger.follow(0, told)
    assert ledger.complaints == []
    content = {} if found is None else {"a": found}
    assert bool(ledger.lost(content)) == (found is None and None not in allowed)
    assert bool(ledger.wrong(content)) == (found is not None and found not in allowed)


WITNESSED = {
    "not there to be removed": ([ADDED, record("remove_vectors", value=0)], "lost"),
    "there already": ([record("add_vectors", DUPLICATE, 1)], "wrong"),
    "an error": ([record("add_vectors", WRONG, 1)], "wrong"),
    "read as it was before": ([ADDED, record("get_vector", value=None)], "stale reads"),
    "read as it never was": ([ADDED, record("get_vector", value=2)], "wrong"),
}


@pytest.mark.parametrize(("told", "kind"), WITNESSED.values(), ids=WITNESSED)
def test_what_clients_saw_counts(told: list[Record], kind: str) -> None:
    ledger = Ledger()
    ledger.follow(0, told)
    assert ledger.counts[kind] == len(ledger.complaints) == 1


def shared(call: str, outcome: str = OK, **more) -> Record:
    """Return a call on a shared id."""
    return record(call, outcome, ids=["shared 1"], **more)


ONE, OTHER = {"began": 0.0, "ended": 3.0}, {"began": 1.0, "ended": 2.0}
RACES = {
    "one wins": (
        shared("add_vector", number=1, **ONE),
        shared("add_vector", DUPLICATE, number=2, **OTHER),
        1,
        True,
    ),
    "both win": (shared("add_vector", number=1, **ONE), shared("add_vector", number=2, **OTHER), 1, False),
    "neither wins": (
        shared("add_vector", DUPLICATE, number=1, **ONE),
        shared("add_vector", DUPLICATE, number=2, **OTHER),
        None,
        False,
    ),
    "the winner is not known": (
        shared("add_vector", UNKNOWN, number=1, **ONE),
        shared("add_vector", DUPLICATE, number=2, **OTHER),
        1,
        True,
    ),
    "removed by nobody": (
        shared("add_vector", number=1, **ONE),
        shared("add_vector", REFUSED, number=2),
        None,
        False,
    ),
    "removed": (shared("add_vector", number=1, **ONE), shared("remove_vector", value=1, **OTHER), None, True),
    "another vector": (
        shared("add_vector", number=1, **ONE),
        shared("add_vector", REFUSED, number=2),
        9,
        False,
    ),
}


@pytest.mark.parametrize(("one", "other", "found", "explained"), RACES.values(), ids=RACES)
def test_shared_ids_need_an_order(one: Record, other: Record, found: int | None, explained: bool) -> None:
    ledger = Ledger()
    ledger.follow(0, [one])
    ledger.follow(1, [other])
    content = {} if found is None else {"shared 1": found}
    assert (ledger.wrong(content) == []) == explained
    assert ledger.lost(content) == []


def test_a_log_tells_what_was_begun_and_not_ended(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.begin("add_vectors", ["a", "b"], [1, 2])
    log.end(OK, None, "")
    log.begin("remove_vectors", ["a"], [])
    done, begun = records(tmp_path / "log")
    assert (done.outcome, done.ids, done.numbers) == (OK, ["a", "b"], [1, 2])
    assert done.began <= done.ended < begun.ended == math.inf
    assert begun.outcome == UNKNOWN


def test_numbers_and_vectors_name_each_other() -> None:
    numbers = [0, 1, 4095, 4096, 12_345_678]
    assert [number_of(row) for row in rows_of(numbers)] == numbers
    assert number_of(rows_of([5])[0] * 2) == -1


@pytest.mark.parametrize("found", [{"shared 1": 1}, {}], ids=["there", "absent"])
def test_a_shared_id_whose_only_call_never_ended_may_be_there(found: dict[str, int]) -> None:
    ledger = Ledger()
    ledger.follow(0, [shared("add_vector", UNKNOWN, number=1, began=100.0, ended=math.inf)])
    assert ledger.wrong(found) == []
