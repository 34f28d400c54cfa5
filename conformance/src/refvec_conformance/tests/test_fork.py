"""THREAD-1: processes that fork while their threads use a store."""

from __future__ import annotations

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.forking import EXPECTED

from .helpers import program


@clause("THREAD-1", tier="standard", requires="thread_safe")
def test_a_child_of_busy_threads_has_a_whole_store_or_says_that_it_has_not(spelling: str) -> None:
    assert set(program("forking", spelling, 30)) <= EXPECTED


@clause("THREAD-1", tier="standard", requires="search")
def test_children_of_a_process_that_has_searched_search(spelling: str) -> None:
    """Threads with which a parent shared its work do not exist in a child."""
    assert program("forked_search", spelling) == ["same", "same"]
