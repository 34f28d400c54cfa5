"""A backend is not judged by those that are installed beside it."""

from __future__ import annotations

import pytest
from refvec_conformance import run
from refvec_conformance.judging.records import Outcome

SPOILT = """
from dataclasses import replace
from refvec import BackendPlugin, hookimpl
from refvec_backends.python import PythonVectorStore

class Spoilt(PythonVectorStore):
    backend = "spoilt"
    capabilities = replace(PythonVectorStore.capabilities, {lacking})
    {body}

@hookimpl
def refvec_backend():
    return BackendPlugin(Spoilt)
"""
FORGETS = """
    def _open(self, spec, state):
        super()._open(spec, state)
        if state is not None and self.ids():
            self.remove_vector(self.ids()[0])
"""
READS_WRONG = """
    def get_refcount(self, index):
        return 0 if type(self).backend == "spoilt" else super().get_refcount(index)
"""
TOGETHER = [
    "test_saving::test_any_backend_loads_it",
    "test_differential::test_all_installed_backends_agree_on_a_random_trace",
    "test_durable_format::test_a_store_opens_in_every_other_durable_backend",
    "test_durable_format::test_what_a_store_does_next_is_the_same_in_every_backend",
    "test_durable_format::test_indices_that_are_held_back_are_so_in_every_backend",
]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a backend beside the others, for the workers that are started."""

    def one(body, lacking=""):
        info = tmp_path / "spoilt_store-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spoilt-store\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[refvec.backends]\nspoilt = spoilt_store\n")
        (tmp_path / "spoilt_store.py").write_text(SPOILT.format(body=body.strip(), lacking=lacking))

    monkeypatch.syspath_prepend(tmp_path)
    return one


def outcomes(result):
    named = [row for row in result.tests if row.outcome is not Outcome.NOT_NAMED]
    return {row.id: row.outcome for row in named}


@pytest.mark.parametrize(
    ("body", "tests"), [(FORGETS, TOGETHER), (READS_WRONG, TOGETHER[:1])], ids=["forgets", "reads wrong"]
)
def test_a_broken_neighbour_is_blamed_and_the_good_backend_is_not(install, body, tests):
    install(body)
    (result,) = run("numpy", only=tests).backends
    found = outcomes(result)
    assert [one for one, outcome in found.items() if outcome is Outcome.FAILED] == []
    assert found["test_saving::test_any_backend_loads_it[spoilt]"] is Outcome.NOT_APPLICABLE
    assert found["test_saving::test_any_backend_loads_it[numpy]"] is Outcome.PASSED
    assert len(blamed(result)) == 1


def blamed(result):
    """Return what is said of the spoilt backend; what else is installed here is none of this test's concern."""
    told = [text for text in result.messages if text.startswith("Not held against it")]
    return [text for text in told if "'spoilt' is at fault" in text]


def test_the_broken_one_is_not_excused_by_its_neighbours(install):
    install(FORGETS)
    (result,) = run("spoilt", only=TOGETHER[:1]).backends
    assert outcomes(result)["test_saving::test_any_backend_loads_it[spoilt]"] is Outcome.FAILED


def test_a_neighbour_that_numbers_as_it_likes_is_no_fault_of_either(install):
    install("", lacking="dense_indices=False, ordered_ids=False")
    (result,) = run("numpy", only=TOGETHER[:2]).backends
    found = outcomes(result)
    assert Outcome.FAILED not in found.values()
    assert found["test_saving::test_any_backend_loads_it[spoilt]"] is Outcome.PASSED
    assert blamed(result) == []
