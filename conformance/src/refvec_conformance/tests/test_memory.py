"""ATOM-1, ATOM-2: memory that cannot be had, in children whose address space is limited ever more."""

from __future__ import annotations

import pytest

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.children import run_child
from refvec_conformance.probes.memory import CHANGES, READS, SEARCHES


def complaints(spelling: str, method: str) -> str:
    """Return what a child has to say against a method, "" if nothing."""
    code = "import sys; from refvec_conformance.probes.memory import main; sys.exit(main(*sys.argv[1:]))"
    done = run_child(code, spelling, method, env={"RUST_BACKTRACE": "1"})
    return (
        done.stdout.strip()
        if done.returncode in range(101) and not done.stderr
        else f"{done.stdout}{done.stderr}"
    )


@clause("ATOM-1", "ATOM-2", tier="standard")
@pytest.mark.parametrize("method", CHANGES)
def test_a_change_without_memory_raises_memory_error_and_changes_nothing(spelling: str, method: str) -> None:
    assert complaints(spelling, method) == ""


@clause("ATOM-1", "ATOM-2", tier="standard")
@pytest.mark.parametrize("method", READS)
def test_a_look_without_memory_raises_memory_error(spelling: str, method: str) -> None:
    assert complaints(spelling, method) == ""


@clause("ATOM-2", "SEARCH-1", tier="standard", requires="search")
@pytest.mark.parametrize("method", SEARCHES)
def test_a_search_without_memory_raises_memory_error(spelling: str, method: str) -> None:
    assert complaints(spelling, method) == ""
