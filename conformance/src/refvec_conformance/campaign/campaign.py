"""Many lives of writers, and what they leave, judged by who does not die."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from refvec import RefvecError, VectorStore

from ..judging.target import Target
from .expecting import Expectation
from .killing import Trigger, life
from .load import digest, opened
from .report import Kill, Tally

LIVES = 25  # of one store


class Campaign:
    """Kills writers of one backend.

    Parameters
    ----------
    target : Target
        The backend.
    place : Path
        A directory for the stores.
    seed : int
        Of the load, and of when it ends.
    step : callable
        Called with each kill, and what they came to so far.
    """

    def __init__(
        self, target: Target, place: Path, seed: int, step: Callable[[Kill, Tally], object] = lambda *_: None
    ) -> None:
        self._target = target
        self._place = place
        self._step = step
        self._rng = np.random.default_rng(seed)
        self.tally = Tally(target.name, seed)

    def run(self, kills: int) -> Tally:
        """Kill so many writers, and return what it came to."""
        while self.tally.kills < kills:
            self._store(min(LIVES, kills - self.tally.kills))
        return self.tally

    def _store(self, lives: int) -> None:
        """Use one store until its lives are over."""
        self.tally.stores += 1
        path = self._place / f"store {self.tally.stores}"
        with opened(self._target, self._place / "empty") as empty:
            expected = Expectation(digest(empty))
        reader = _Reader(self._target, path) if self._rng.random() < 0.5 else None
        for _ in range(lives):
            self._life(path, expected, reader)
        self.tally.counts.update(expected.counts)
        if not expected.complaints:
            shutil.rmtree(path, ignore_errors=True)

    def _life(self, path: Path, expected: Expectation, reader: _Reader | None) -> None:
        trigger, before = Trigger.drawn(self._rng), len(expected.complaints)
        told = life(self._target, path, np.random.default_rng(self._rng.integers(2**63)), trigger)
        expected.follow(told)
        outcome = "not looked at"
        if self._rng.random() < 0.7:
            outcome = self._look(path, expected, "r" if self._rng.random() < 0.5 else "r+")
        if reader is not None and expected.created:
            reader.look(expected)
        new = expected.complaints[before:]
        kill = Kill(
            self.tally.kills, self.tally.stores, trigger.flushes, trigger.delay, len(told), outcome, new
        )
        self.tally.add(kill)
        self._step(kill, self.tally)

    def _look(self, path: Path, expected: Expectation, mode: str) -> str:
        try:
            with opened(self._target, path, mode) as store:
                store.verify()
                return expected.found(digest(store), f"a store with mode {mode!r}")
        except FileNotFoundError as error:
            return expected.refused(error) if expected.created else "nothing yet"
        except (RefvecError, OSError) as error:
            return expected.refused(error)


class _Reader:
    """One who reads all the time, while writers come and go."""

    def __init__(self, target: Target, path: Path) -> None:
        self._target = target
        self._path = path
        self._store: VectorStore | None = None

    def look(self, expected: Expectation) -> None:
        """See what is there now."""
        try:
            if self._store is None:
                self._store = opened(self._target, self._path, "r")
            self._store.refresh()
            expected.found(digest(self._store), "a reader that stays")
        except (RefvecError, OSError) as error:
            expected.refused(error)
