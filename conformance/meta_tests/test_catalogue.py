"""The suite about itself: clauses, tests, ids, marks and scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from refvec_conformance import tests as clause_tests
from refvec_conformance.judging.clauses import Clause, clauses
from refvec_conformance.judging.inventory import collected
from refvec_conformance.judging.marks import clause, provisional
from refvec_conformance.judging.records import _aliases, covers, current_id
from refvec_conformance.judging.selection import Choice, describe


@pytest.fixture(scope="module")
def tests():
    return collected()


def test_every_must_has_a_test(tests):
    held = {one for judged in tests.values() for one in judged}
    missing = [one.id for one in clauses().values() if one.keyword == "MUST" and not one.planned]
    assert [one for one in missing if one not in held] == []


def test_no_test_is_without_a_clause(tests):
    judged = {name.partition("[")[0] for name in tests}
    written = {
        f"{path.stem}::{name}"
        for path in Path(clause_tests.__file__).parent.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert written - judged == set()


def test_ids_are_the_same_in_every_process(tests):
    assert set(tests) ^ set(collected(seed=1)) == set()


def test_aliases_lead_to_tests_that_exist(tests):
    assert set(_aliases().values()) <= {name.partition("[")[0] for name in tests} | set(tests)
    assert not set(_aliases()) & set(tests)


def test_an_id_names_a_test_with_or_without_its_case():
    assert covers("m::t", "m::t")
    assert covers("m::t", "m::t[1]")
    assert not covers("m::t", "m::ta")
    assert not covers("m::t[2]", "m::t[1]")
    assert current_id("m::t") == "m::t"


@pytest.mark.parametrize(
    ("ids", "more"),
    [((), {}), (("ADD-99",), {}), (("ADD-1",), {"tier": "deep"}), (("ADD-1",), {"requires": "flying"})],
)
def test_a_mark_that_says_nothing_true_is_refused(ids, more):
    with pytest.raises(ValueError, match="clause"):
        clause(*ids, **more)
    with pytest.raises(ValueError, match="invalid"):
        provisional("soon")


class Item:
    """Enough of a pytest item to be asked for its marks."""

    def __init__(self, **marks) -> None:
        self._marks = marks

    def get_closest_marker(self, name):
        return self._marks.get(name)


def described(monkeypatch, contract="1.0", suite="0.1.0", **kwargs):
    monkeypatch.setattr("refvec_conformance.judging.selection.test_id", lambda _item: "m::t")
    monkeypatch.setattr("refvec_conformance.judging.selection.__version__", suite)
    new = kwargs.pop("new", None)
    mark = pytest.mark.clause("ADD-1", tier="quick", requires=None, since=kwargs.get("since", "1.0")).mark
    item = Item(clause=mark, provisional=new and pytest.mark.provisional(since=new).mark)
    return describe(item, Choice("standard", contract), {})


def test_a_provisional_test_counts_from_the_next_minor_version_on(monkeypatch):
    assert described(monkeypatch, new="0.1").provisional is True
    assert described(monkeypatch, new="0.1", suite="0.1.9").provisional is True
    assert described(monkeypatch, new="0.1", suite="0.2.0").provisional is False
    assert described(monkeypatch).provisional is False


def test_a_test_of_a_later_contract_is_not_applicable(monkeypatch):
    assert described(monkeypatch, since="1.1").outcome == "not-applicable"
    assert described(monkeypatch, since="1.1", contract="1.1").pending


def test_clauses_are_in_force_between_their_versions():
    row = Clause("X-1", "MUST", "Core", "text", since="1.1", withdrawn="1.3")
    assert [row.in_force(f"1.{minor}") for minor in range(5)] == [False, True, True, False, False]


@pytest.mark.parametrize(("provisional_mark", "verdict"), [("", "fail"), ('@provisional(since="0.1")', "pass")])
def test_a_provisional_failure_is_counted_and_harms_nothing(bench, provisional_mark, verdict):
    more = f"""
    {provisional_mark or "# certain"}
    @clause("GET-5")
    def test_new(store):
        assert False
    """
    result = bench.judge(more=more)
    assert next(row for row in result.clauses if row.id == "GET-5").verdict == verdict
    assert len(result.failures) == 1
