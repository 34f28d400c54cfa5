"""Who tests the tests: every mutant dies by a test of its own clause, and nothing correct does."""

from __future__ import annotations

import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from refvec_conformance.judging.clauses import clauses
from refvec_conformance.zoo import mutants
from refvec_conformance.zoo.kill_matrix import main, markdown, matrix, published
from refvec_conformance.zoo.killing import Fate, unharmed

# What says nothing to somebody who does not know the suite.
_OURS = re.compile(
    r"AssertionError|Outcome\(|^assert |\bassert \[|<function|<lambda>|0x[0-9a-f]{6}|told as raised"
)


def not_plain(line):
    return bool(_OURS.search(line)) or "expected " not in line or len(line) > 900


LAST = Path(__file__).parents[2] / "docs" / "kill-matrix.md"
PAGE = [
    Fate("ids", "Normalised", "ID-2", "Ids are brought to NFC.", "test_ids::test_a", 3),
    Fate("adding", "Odd", "ADD-1", "A | B.", None, 7),
]


@pytest.fixture(scope="module")
def fates():
    """Every mutant meets the test that killed it last time first, and all others only if it survives."""
    return matrix(usual=published(LAST.read_text("utf-8")))


def test_every_mutant_is_killed_by_a_test_of_its_own_clause(fates):
    assert [f"{fate.clause} {fate.family}.{fate.name}" for fate in fates if fate.killer is None] == []


def test_the_matrix_covers_the_zoo(fates):
    assert [(fate.family, fate.name) for fate in fates] == [(one.family, one.name) for one in mutants()]


def test_every_failure_begins_with_one_plain_sentence(fates):
    first = {f"{fate.family}.{fate.name}": fate.told.partition("\n")[0] for fate in fates if fate.killer}
    assert {name: line for name, line in first.items() if not_plain(line)} == {}


def test_nothing_is_killed_that_is_not_broken():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        stock, door = pool.map(unharmed, ("quick", "standard"))
    assert {fate.name: fate.killer for fate in (*stock, *door)} == {
        "Specimen": None,
        "Scattered": None,
        "nothing": None,
    }
    assert min(fate.ran for fate in stock) > 2000
    assert door[0].ran > 20


def test_the_page_goes_by_clause_and_shows_survivors():
    page = markdown(PAGE)
    assert page.index("| ID-2") < page.index("| ADD-1"), "not in the order of the contract"
    assert "1 of 2 mutants" in page
    assert "**survived** (7 tests)" in page
    assert "A \\| B." in page
    assert published(page)["ids.Normalised"] == "test_ids::test_a"


def test_the_command_fails_when_a_mutant_survives(capsys, monkeypatch):
    monkeypatch.setattr("refvec_conformance.zoo.kill_matrix.matrix", lambda *_: PAGE)
    assert main([]) == 1
    assert "survived: ADD-1 adding.Odd" in capsys.readouterr().out


def test_clauses_of_the_matrix_are_of_the_contract():
    assert {fate.clause for fate in PAGE} <= clauses().keys()
