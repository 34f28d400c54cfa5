"""How long a run will be: at first by what tests take on the numpy backend, then by the backend's own speed.

``python -m refvec_conformance.runner.pace report.json SECONDS`` writes the table anew, from the report of
a run of numpy in the tier "standard" that took so many seconds on a machine that did nothing else.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ..judging.marks import TIERS
from ..judging.records import TestRecord

START = 5.0  # seconds until the first test: import, and collecting
_DEEPER = 10.0  # as many examples in the thorough tier
_ENOUGH = 5.0  # usual seconds after which the backend's own speed says more than ours


@cache
def usual() -> dict[str, dict[str, float]]:
    """Return the seconds that the tests of a tier take in a module, by tier and module."""
    text = resources.files(__package__).joinpath("usual.json").read_text("utf-8")
    return dict(json.loads(text))


def of_tier(tier: str) -> float:
    """Return the seconds that a whole run of a tier usually takes."""
    held = TIERS[: TIERS.index(tier) + 1]
    seconds = sum(sum(usual().get(one, {}).values()) for one in held)
    return START + seconds * (_DEEPER if tier == TIERS[-1] else 1.0)


def words(seconds: float) -> str:
    """Return a duration as one says it."""
    if seconds < 55:
        return f"{max(5, round(seconds / 5) * 5)} s"
    minutes = round(seconds / 60)
    return f"{minutes} minute{'s' * (minutes != 1)}"


class Pace:
    """What is left of a run.

    Parameters
    ----------
    tests : iterable of TestRecord
        Those that are to run.
    tier : str
        How deep the run goes.
    """

    def __init__(self, tests: Iterable[TestRecord], tier: str) -> None:
        rows = list(tests)
        self._deeper = _DEEPER if tier == TIERS[-1] else 1.0
        self._count = Counter((row.tier, _module(row.id)) for row in rows)
        self._each = {key: self._deeper * _usual_of(*key) / max(1, count) for key, count in self._count.items()}
        self._done = self._took = 0.0

    @property
    def factor(self) -> float | None:
        """How many times as long the backend takes as numpy; None before that can be told."""
        return self._took / self._done if self._done >= _ENOUGH else None

    @property
    def left(self) -> float:
        """Seconds that are left, about."""
        usual_left = sum(self._each[key] * count for key, count in self._count.items())
        return usual_left * (self.factor or 1.0)

    def finished(self, record: TestRecord) -> None:
        """Take note of a test that has ended; one that did not run says nothing of the speed."""
        key = record.tier, _module(record.id)
        if self._count[key] > 0:
            self._count[key] -= 1
            if record.duration:
                self._done += self._each[key]
                self._took += record.duration


def _usual_of(tier: str, module: str) -> float:
    return usual().get(tier, {}).get(module, 0.1)


def _module(test: str) -> str:
    return test.partition("::")[0]


def table(report: dict[str, Any], seconds: float) -> dict[str, dict[str, float]]:
    """Return the table, of the report of a run that took so long on a quiet machine."""
    backend = report["backends"][0]
    scale = (seconds - START) / sum(row["duration"] for row in backend["tests"])
    found: dict[str, Counter[str]] = {tier: Counter() for tier in TIERS[:-1]}
    for row in backend["tests"]:
        if row["duration"]:
            found[row["tier"]][_module(row["id"])] += row["duration"] * scale
    return {tier: {name: round(took, 2) for name, took in sorted(one.items())} for tier, one in found.items()}


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    made = json.dumps(table(given, float(sys.argv[2])), indent=1)
    Path(__file__).with_name("usual.json").write_text(made + "\n", "utf-8")
