"""The broken variants of the backend: every clause about servers has some, and the page has them all."""

from importlib import import_module
from pathlib import Path

import pytest
from refvec_conformance.zoo.kill_matrix import published

ROOT = Path(__file__).parents[2]


@pytest.fixture
def matrix(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "redis_backend" / "zoo")
    return import_module("kill_matrix")


def test_every_clause_about_servers_is_broken_by_a_mutant(matrix):
    assert matrix.unrepresented() == []


def test_the_page_has_every_mutant_and_its_killer(matrix):
    page = (ROOT / "docs" / "kill-matrix-distributed.md").read_text("utf-8")
    killers = published(page)
    assert set(killers) == {one.name for one in matrix.MUTANTS}
    assert "survived" not in page


def test_what_a_mutant_changes_in_the_servers_is_there(matrix):
    text = import_module("refvec_redis.library")._body()
    assert [old for old in import_module("mutants").REPLACED if text.count(old) != 1] == []
