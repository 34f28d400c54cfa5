"""History: a series of each measurement over commits, and asv's own judgement of where it stepped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from asv.graph import Graph
from asv.step_detect import detect_regressions

from .results import Commit, Measurement, Results

THRESHOLD = 0.05  # asv's own default: smaller steps are not reported
FEWEST = 2  # commits before a step, and after it

Piece = tuple[int, int, float, float, float]  # asv's: first, past the last, value, least, error


@dataclass(frozen=True)
class Step:
    """A lasting change of a measurement."""

    series: Sequence[Measurement]
    at: Commit
    before: float
    after: float

    @property
    def slower(self) -> bool:
        """Whether it is a regression: more time, or more memory."""
        return self.after > self.before


def all_series(results: Results) -> list[list[Measurement]]:
    """Return each measurement over commits, the oldest first."""
    found: dict[tuple[str, object], list[Measurement]] = {}
    for one in sorted(results.measurements, key=lambda one: one.commit):
        found.setdefault((one.benchmark, one.parameters), []).append(one)
    return list(found.values())


def steps(series: Sequence[Measurement]) -> list[Step]:
    """Return where a series stepped: the regressions that asv reports, and gains."""
    graph = Graph(series[0].benchmark, {})
    for place, one in enumerate(series):
        graph.add_data_point(place, one.value, weight(one))
    pieces = graph.get_steps()
    # asv reports a step of the very last commit too; a single one is as likely noise.
    lasting = {left for left, right, *_ in pieces if left >= FEWEST and right - left >= FEWEST}
    _, _, jumps = detect_regressions(pieces, THRESHOLD)
    worse = [
        Step(series, series[after].commit, old, new) for _, after, old, new in jumps or () if after in lasting
    ]
    return worse + gains(series, pieces, lasting)


def weight(one: Measurement) -> float | None:
    """Return how much a point counts: the less its samples differ, the more."""
    width = one.spread[1] - one.spread[0] if one.spread else 0.0
    return 1 / width if width > 0 else None


def gains(series: Sequence[Measurement], pieces: Sequence[Piece], lasting: set[int]) -> list[Step]:
    """Return the steps downwards between neighbouring pieces."""
    return [
        Step(series, series[left].commit, old, new)
        for (_, _, old, _, _), (left, _, new, _, _) in pairwise(pieces)
        if new < old * (1 - THRESHOLD) and left in lasting
    ]
