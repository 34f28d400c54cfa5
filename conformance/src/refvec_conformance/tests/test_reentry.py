"""ATOM-1, ATOM-3, THREAD-1: code that runs in the middle of a call, in children that must not hang."""

from __future__ import annotations

import pytest

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.reentry import ENOUGH, WAYS

from .helpers import program


@clause("ATOM-3", "THREAD-1", tier="standard", requires="thread_safe")
@pytest.mark.parametrize("way", WAYS)
def test_who_comes_in_the_middle_of_a_call_finds_a_whole_store(spelling: str, seed: int, way: str) -> None:
    [visits] = program("reentry", spelling, way, seed)
    assert int(visits) > ENOUGH


@clause("ATOM-1", tier="standard", requires="interrupt_safe")
def test_a_call_that_a_signal_interrupts_has_happened_wholly_or_not_at_all(spelling: str, seed: int) -> None:
    [interrupted] = program("interrupting", spelling, seed, 800)
    assert int(interrupted) > 50
