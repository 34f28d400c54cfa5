"""What counts as growth of a process: a leak, in whatever window; not what fills up once."""

from __future__ import annotations

import pytest
from refvec_conformance.probes import leaks

MIB = 2**20


@pytest.fixture
def held(monkeypatch):
    """Memory as the probe reads it: a number that a cycle can raise."""
    held = [100 * MIB]
    monkeypatch.setattr(leaks, "resident", lambda: held[0])
    return held


def grow(held, by, until=10**9):
    rounds = iter(range(10**9))

    def cycle():
        if next(rounds) < until:
            held[0] += by

    return cycle


def test_a_leak_grows_every_window(held):
    assert leaks.growth(grow(held, MIB // 10)) > leaks.ALLOWED


def test_what_fills_up_once_is_no_leak(held):
    """A cache, or the arenas of an allocator, that stops growing in the middle of the first window."""
    assert leaks.growth(grow(held, MIB // 5, until=leaks.WARM_UP + 100)) == 0


def test_a_flat_process_is_measured_once(held):
    rounds = []
    assert leaks.growth(lambda: rounds.append(1)) == 0
    assert len(rounds) == leaks.WARM_UP + leaks.CYCLES


def test_a_small_growth_is_told_as_it_is(held):
    assert leaks.growth(grow(held, 1000)) == 1000 * leaks.CYCLES
