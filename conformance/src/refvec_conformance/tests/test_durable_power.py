"""DUR-1: only what was synced is counted on, in whatever order the rest reaches the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from refvec import RefvecError

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.durability import flushes, held, small_logs
from refvec_conformance.probes.fixtures import Budget
from refvec_conformance.probes.journals import step
from refvec_conformance.probes.losing import Image, Losing


class Life:
    """A store whose power may fail at any moment, and what it held after each flush."""

    def __init__(self, target: Target, place: Path, rng: np.random.Generator, most: int) -> None:
        self.target, self.place = target, place
        self.losing = Losing(place, rng, most)
        self.states: list[dict[str, Any]] = []

    def run(self, seed: int, count: int, turn: int = 0) -> None:
        """Open the store, flush so many times, and close it."""
        self._from_now(len(self.states))
        with self.losing.watching(), small_logs():
            store = self.target.open(2, 2, path=self.place)
            self._acknowledged(held(store))
            if not turn:
                store.add_vector("a", [1, 2])
                store.clear()  # a flush without rows: sqlite's log is there when the row file is made
                store.flush()
                self._acknowledged(held(store))
            for now in flushes(store, seed, count):
                self._acknowledged(now)
            store.close()
            self._acknowledged(self.states[-1])

    def compact(self, seed: int, count: int) -> None:
        """Open the store, change and compact it so many times, and close it."""
        rng = np.random.default_rng(seed)
        self._from_now(len(self.states))
        with self.losing.watching(), small_logs():
            store = self.target.open(path=self.place)
            self._acknowledged(held(store))
            for _ in range(count):
                step(rng, store)
                store.compact()
                self._acknowledged(held(store))
            store.close()
            self._acknowledged(self.states[-1])

    def grow(self, count: int) -> None:
        """Flush long ids, so many times, and have the log of sqlite go into its database each time."""
        self._from_now(len(self.states))
        with self.losing.watching(), small_logs():
            store = self.target.open(2, 2, path=self.place)
            self._acknowledged(held(store))
            for number in range(count):
                store.add_vector(f"{number}" * 60_000, [number, 1])
                store.flush()
                self._acknowledged(held(store))
            store.close()
            self._acknowledged(self.states[-1])

    def _acknowledged(self, state: dict[str, Any]) -> None:
        self.states.append(state)
        self.losing.allowed = (len(self.states) - 1,)
        self.losing.look()
        self._from_now(len(self.states))

    def _from_now(self, number: int) -> None:
        """Let what follows be the state before it, or after it; before the first there is nothing."""
        self.losing.allowed = (number - 1, number)

    def complaints(self) -> list[str]:
        """Return what is wrong with what a loss of power may have left."""
        found = []
        if self.place.parent not in self.losing.parents:
            found.append("the name of the store's directory is not synced")
        for number, (allowed, image) in enumerate(self.losing.images):
            wrong = self._wrong(self.place.with_name(f"lost {number}"), allowed, image, again=number % 8 == 0)
            if wrong:
                found.append(f"image {number}, {sorted(image)}, of one of the flushes {allowed}: {wrong}")
        return found

    def _wrong(self, path: Path, allowed: tuple[int, ...], image: Image, *, again: bool) -> str | None:
        path.mkdir()
        for name, content in image.items():
            (path / name).write_bytes(content)
        try:
            with self.target.open(2, 2, path=path, mode="a" if -1 in allowed else "r") as store:
                store.verify()
                state = held(store)
            if state not in [self.states[max(0, one)] for one in allowed]:
                return "it holds something else"
            if again:
                self._goes_on(path, state)
        except (RefvecError, OSError) as error:
            return f"{type(error).__name__}: {error}"
        return None

    def _goes_on(self, path: Path, state: dict[str, Any]) -> None:
        with self.target.open(path=path) as store:
            assert held(store) == state
            *_, state = flushes(store, 1, 2)
        with self.target.open(path=path, mode="r") as store:
            store.verify()
            assert held(store) == state


@clause("DUR-1", requires="durable")
def test_power_may_fail_at_any_moment_of_a_short_life(
    target: Target, place: Path, seed: int, rng: np.random.Generator
) -> None:
    life = Life(target, place, rng, 8)
    life.run(seed, 3)
    assert life.complaints() == []


@clause("DUR-1", requires="durable")
def test_power_may_fail_at_any_moment_of_a_compaction(
    target: Target, place: Path, seed: int, rng: np.random.Generator
) -> None:
    life = Life(target, place, rng, 8)
    life.run(seed, 3)
    life.compact(seed + 1, 3)
    assert life.complaints() == []


@clause("DUR-1", requires="durable")
def test_power_may_fail_while_the_catalog_grows(target: Target, place: Path, rng: np.random.Generator) -> None:
    # Half way through a checkpoint, sqlite's database says that it is longer than it is: its log knows better.
    life = Life(target, place, rng, 32)  # few of the combinations show it
    life.grow(4)
    assert life.complaints() == []


@clause("DUR-1", tier="standard", requires="durable")
def test_power_may_fail_at_any_moment_of_several_lives(
    target: Target, place: Path, seed: int, rng: np.random.Generator, budget: Budget
) -> None:
    life = Life(target, place, rng, 16)
    for turn in range(3):
        life.run(seed + turn, budget(10) // 2, turn)
    assert life.complaints() == []
    assert life.losing.exhausted
