"""Which of several causes is told first, and which of its tests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from refvec_conformance.inputs.operations import Op
from refvec_conformance.judging.records import Failure, Outcome, TestRecord
from refvec_conformance.reports.causes import causes_of
from refvec_conformance.telling.forms import UNEXPLAINED


def record(name, sentence, cause, tier="quick"):
    failure = Failure("assertion", message=sentence, cause=cause)
    return TestRecord(f"test_x::{name}", ("INDEX-1",), tier, outcome=Outcome.FAILED, failure=failure)


@pytest.fixture
def told(mixed):
    return lambda *rows: causes_of(replace(mixed.backends[0], tests=rows))


def test_a_plain_cause_is_told_before_a_timeline_of_threads(told):
    races = [record(f"race_{n}", "add_vector('a', A) = 1 in T1", UNEXPLAINED) for n in range(3)]
    plain = record("plain", "store.add_vector('a', [1.0]) returned 3; expected 0", "add_vector", "standard")
    assert [one.example.id for one in told(*races, plain)] == ["test_x::plain", "test_x::race_0"]


@pytest.mark.parametrize(
    "vague",
    [
        "store.ids_at(index) raised KeyError('3'); expected no error",
        "store._rows(*x) raised KeyError('3'); expected no error",
        "store.get(key, 1) returned 1; expected 2",
    ],
)
def test_the_example_of_a_cause_shows_values_and_no_names_of_the_suite(told, vague):
    clear = (
        """store.add_vectors(['a', "it's"], [[1.0, nan], None], k=2) raised KeyError(3); expected no error"""
    )
    (cause,) = told(record("vague", vague, "same"), record("clear", clear, "same"))
    assert cause.sentence == clear


def test_what_the_suite_calls_in_a_race_is_what_its_reader_can_call():
    assert str(Op("seen")) == "copy.copy(store).snapshot()"
    assert str(Op("len")) == "len(store)"
    assert str(Op("remove_vector", ("a",))) == "remove_vector('a')"
