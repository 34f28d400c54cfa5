"""What runs came to: a line for each in a log, and tables of many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

BROKEN = ("lost", "wrong", "stale reads", "two indices", "refcount errors")
COUNTED = ("acknowledged", "unknown", *BROKEN, "collected")
COLUMNS = ("what is done", "runs", "faults", "clients killed", *COUNTED)


@dataclass(frozen=True)
class Run:
    """What one run came to.

    Attributes
    ----------
    plan, name : str
        What it was a part of, and what was done.
    seed : int
        Its seed.
    faults, killed : int
        How many servers were killed, frozen or cut off, and how many clients were killed.
    counts : dict
        By the columns of the table.
    complaints : list of str
        What was not as promised.
    """

    plan: str
    name: str
    seed: int
    faults: int
    killed: int
    counts: dict[str, int]
    complaints: list[str]

    @property
    def broken(self) -> int:
        """How much was not as promised."""
        return sum(self.counts.get(kind, 0) for kind in BROKEN)

    def __str__(self) -> str:
        """Return it in one line."""
        counts = ", ".join(f"{self.counts.get(kind, 0):,} {kind}" for kind in COUNTED)
        return f"{self.plan}: {self.name} (seed {self.seed}): {self.faults} faults, {counts}"


def append(log: Path, run: Run) -> None:
    """Write a run down."""
    with log.open("a", encoding="utf-8") as file:
        print(json.dumps(asdict(run)), file=file)


def logged(log: Path) -> list[Run]:
    """Return all that was written down."""
    return [Run(**json.loads(line)) for line in log.read_text("utf-8").splitlines()]


def table(runs: Sequence[Run]) -> str:
    """Return the table of runs by what was done, as Markdown."""
    lines = [list(COLUMNS), ["---", *["--:"] * (len(COLUMNS) - 1)]]
    lines += [
        [name, *_numbers([run for run in runs if run.name == name])]
        for name in dict.fromkeys(run.name for run in runs)
    ]
    lines.append(["all", *_numbers(runs)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _numbers(runs: Sequence[Run]) -> list[str]:
    sums = [len(runs), sum(run.faults for run in runs), sum(run.killed for run in runs)]
    counts = [sum(run.counts.get(kind, 0) for run in runs) for kind in COUNTED]
    return [f"{number:,}" for number in (*sums, *counts)]
