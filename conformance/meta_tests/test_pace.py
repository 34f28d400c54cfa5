"""How long a run will be: from the table, then from the backend's own speed."""

from __future__ import annotations

import io
import re
from dataclasses import asdict, replace
from importlib import resources

import pytest
from refvec_conformance.judging.records import Outcome, TestRecord
from refvec_conformance.reports.terminal import Meter
from refvec_conformance.runner import pace
from refvec_conformance.runner.pace import Pace, of_tier, table, usual, words
from rich.console import Console
from rich.progress import Progress

MODULE = "test_boundary"
TESTS = [TestRecord(f"{MODULE}::test_{one}", ("ATOM-2",), "standard", reason="") for one in range(100)]


def finish(found, tests, factor):
    each = usual()["standard"][MODULE] / len(TESTS)
    for row in tests:
        found.finished(replace(row, outcome=Outcome.PASSED, duration=each * factor))


def test_the_table_is_of_the_tests_that_there_are():
    there = {path.name.removesuffix(".py") for path in resources.files("refvec_conformance.tests").iterdir()}
    named = {module for row in usual().values() for module in row}
    assert named - there == set()
    assert len(named) > 60


def test_deeper_tiers_take_longer():
    found = [of_tier(one) for one in ("smoke", "quick", "standard", "thorough")]
    assert found == sorted(found)
    assert 100 < found[2] < 200


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "5 s"), (42, "40 s"), (58, "1 minute"), (125, "2 minutes"), (1205, "20 minutes")]
)
def test_durations_are_said_as_one_says_them(seconds, text):
    assert words(seconds) == text


def test_before_anything_has_run_it_is_what_the_table_says():
    found = Pace(TESTS, "standard")
    assert found.factor is None
    assert found.left == pytest.approx(usual()["standard"][MODULE])


@pytest.mark.parametrize("factor", [0.5, 1, 4])
def test_then_it_is_what_the_backend_takes(factor):
    found = Pace(TESTS, "standard")
    finish(found, TESTS[:50], factor)
    assert found.factor == pytest.approx(factor)
    assert found.left == pytest.approx(usual()["standard"][MODULE] / 2 * factor)


def test_what_did_not_run_says_nothing_of_the_speed():
    found = Pace(TESTS, "standard")
    for row in TESTS:
        found.finished(row)
    assert found.factor is None
    assert found.left == pytest.approx(0)


def test_what_was_said_is_corrected_as_often_as_it_is_wrong():
    console = Console(file=io.StringIO(), width=200)
    meter, each = Meter(Progress(console=console), "standard"), usual()["standard"][MODULE] / len(TESTS)
    meter.hear("slow", {"event": "collected", "tests": [asdict(row) for row in TESTS]})
    for number, row in enumerate(TESTS):
        ended = replace(row, outcome=Outcome.PASSED, duration=each * (1 if number < 50 else 9))
        meter.hear("slow", {"event": "finished", "test": asdict(ended)})
    said = console.file.getvalue()
    assert [float(one) for one in re.findall(r"slow: ([0-9.]+) times as long", said)] == [1.7, 2.8, 4.6]


def test_nothing_is_left_at_the_end():
    found = Pace(TESTS, "standard")
    finish(found, TESTS, 1)
    assert found.left == pytest.approx(0)


def test_a_table_adds_up_to_the_seconds_of_a_quiet_machine():
    rows = [{"id": "test_a::test_one", "tier": "quick", "duration": 3.0}]
    rows += [{"id": "test_b::test_two", "tier": "standard", "duration": 1.0}]
    made = table({"backends": [{"tests": rows}]}, pace.START + 2)
    assert made == {"smoke": {}, "quick": {"test_a": 1.5}, "standard": {"test_b": 0.5}}
