"""From records to verdicts, levels and exit codes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from refvec import Capabilities
from refvec_conformance.judging.clauses import clauses
from refvec_conformance.judging.ledger import levels, missing_clauses, settle, verdict_code
from refvec_conformance.judging.records import Failure, Outcome, TestRecord
from refvec_conformance.judging.results import ExitCode, Verdict, worst

ALL = dict.fromkeys(Capabilities().__dict__, True)
NONE = {**ALL, "search": False, "durable": False, "dense_indices": False}


def record(outcome="passed", clause="ADD-1", name="t::a", **more):
    outcome = Outcome(outcome)
    failure = (
        Failure("assertion", ("AssertionError",), "it broke")
        if outcome in ("failed", "expected-fail")
        else None
    )
    return TestRecord(
        name, (clause,), outcome=outcome, reason=more.pop("reason", "why"), failure=failure, **more
    )


def verdict(*rows, capabilities=ALL, clause="ADD-1", contract="1.0"):
    return next(row for row in settle(rows, capabilities, contract) if row.id == clause).verdict


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["passed"], "pass"),
        (["passed", "not-applicable"], "pass"),
        (["passed", "failed"], "fail"),
        (["failed", "blocked", "expected-fail"], "fail"),
        (["blocked", "expected-fail", "passed"], "blocked"),
        (["expected-fail", "passed"], "expected-fail"),
        (["passed", "skipped"], "not-run"),
        (["passed", "not-run"], "not-run"),
        (["not-run"], "not-run"),
        (["not-applicable"], "not-applicable"),
        ([], "not-run"),
    ],
)
def test_each_clause_has_one_verdict(outcomes, expected):
    rows = [record(one, name=f"t::{number}") for number, one in enumerate(outcomes)]
    assert verdict(*rows) == expected


def test_tests_of_a_deeper_tier_do_not_count():
    deep = record("too-deep", name="t::deep")
    assert verdict(record(), deep) == "pass"
    assert verdict(deep) == "not-run"


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("passed", "unsupported-proven"),
        ("failed", "fail"),
        ("blocked", "blocked"),
        ("expected-fail", "expected-fail"),
        ("not-run", "not-run"),
        ("skipped", "not-run"),
    ],
)
def test_a_capability_not_declared_is_judged_by_its_refusal(outcome, expected):
    refusal = record(outcome, "PLUGIN-3", "t::refused", requires="!search")
    positive = record("not-applicable", "SEARCH-2", "t::search", requires="search")
    assert verdict(refusal, positive, capabilities=NONE, clause="SEARCH-2") == expected


def test_a_capability_without_a_refusal_is_not_applicable():
    row = record("not-applicable", "INDEX-1", requires="dense_indices")
    assert verdict(row, capabilities=NONE, clause="INDEX-1") == "not-applicable"


def test_a_provisional_failure_harms_nothing():
    assert verdict(record(), record("failed", name="t::new", provisional=True)) == "pass"
    assert verdict(record("failed", provisional=True)) == "not-run"


def test_the_totals_add_up():
    rows = settle([record(), record("failed", "ADD-2", "t::b")], ALL, "1.0")
    assert [row.id for row in rows] == list(clauses())
    assert all(isinstance(row.verdict, Verdict) for row in rows)


def everything(**more):
    return [
        record(clause=one.id, name=f"t::{one.id}", **more) for one in clauses().values() if one.planned is None
    ]


def earned(rows, capabilities, tier="standard"):
    found = settle(rows, capabilities, "1.0")
    return {row.name: row.status for row in levels(found, capabilities, tier)}


def test_levels_are_earned_by_what_was_run():
    refusals = [
        record(clause="PLUGIN-3", name=f"t::no_{one}", requires=f"!{one}")
        for one in ("search", "durable", "networked")
    ]
    able = {**ALL, "durable": False, "networked": False}
    rows = everything() + refusals[1:]
    assert earned(rows, able) == {
        "Core": "earned",
        "Search": "earned",
        "Concurrent": "earned",
        "Durable": "not-claimed",
        "Distributed": "not-claimed",
    }
    assert earned(everything() + refusals, NONE)["Search"] == "not-claimed"
    assert earned(rows, able, "quick")["Core"] == "withheld"
    assert earned(rows, ALL)["Durable"] == "earned"


@pytest.mark.parametrize("outcome", ["failed", "expected-fail", "blocked", "skipped", "not-run"])
def test_no_level_with_a_broken_or_skipped_must(outcome):
    rows = [
        replace(row, outcome=Outcome(outcome)) if row.clauses == ("ADD-1",) else row for row in everything()
    ]
    found = earned(rows, {**ALL, "durable": False})
    assert found["Core"] == "withheld"
    assert found["Search"] == "withheld"


def code(rows, tier="standard", problems=(), **more):
    capabilities = {**ALL, "durable": False}
    return verdict_code(settle(rows, capabilities, "1.0"), rows, tier, problems, **more)


def test_exit_codes():
    refusal = record(clause="PLUGIN-3", name="t::no", requires="!durable")
    rows = [*everything(), refusal]
    assert code(rows) is ExitCode.CONFORMS
    assert code(rows, problems=["unexpected pass"]) is ExitCode.FAILS
    assert code([replace(rows[0], outcome=Outcome.FAILED), *rows[1:]]) is ExitCode.FAILS
    assert code([]) is ExitCode.VACUOUS
    assert code(rows[1:]) is ExitCode.VACUOUS  # one clause fewer than the manifest implies
    assert code(rows[1:2], partial=True) is ExitCode.CONFORMS
    assert code([replace(row, outcome=Outcome.SKIPPED) for row in rows]) is ExitCode.VACUOUS
    assert code([replace(rows[0], outcome=Outcome.EXPECTED_FAIL), *rows[1:]]) is ExitCode.CONFORMS


def test_clauses_of_deeper_tiers_are_not_missing():
    rows = everything()
    rows[0] = replace(rows[0], tier="thorough", outcome=Outcome.TOO_DEEP)
    found = settle(rows, ALL, "1.0")
    assert rows[0].clauses[0] not in missing_clauses(found, rows, "standard")


def test_the_worst_code_of_several_backends_counts():
    fails, cannot, vacuous, fine = ExitCode.FAILS, ExitCode.CANNOT_RUN, ExitCode.VACUOUS, ExitCode.CONFORMS
    assert worst([fine, vacuous, fails, cannot]) is cannot
    assert worst([fine, vacuous, fails]) is fails
    assert worst([fine, vacuous]) is vacuous
    assert worst([fine]) is fine
    assert worst([]) is vacuous
