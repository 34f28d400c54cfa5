"""Several runs as one matrix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..judging.marks import TIERS
from ..judging.results import RunResult


def combine(runs: Iterable[RunResult]) -> RunResult:
    """Return one run with the backends of all; the last result of a backend counts.

    Raises
    ------
    ValueError
        If there are none, or they are of different suites or contracts: their
        clauses do not compare.
    """
    given = list(runs)
    if not given:
        raise ValueError("there is no report to combine")
    first = given[0]
    for other in given[1:]:
        if (other.suite, other.contract) != (first.suite, first.contract):
            raise ValueError(
                f"suite {first.suite} with contract {first.contract}, and suite {other.suite} with contract "
                f"{other.contract}: run both with the same suite"
            )
    backends = {one.name: one for run in given for one in run.backends}
    return replace(
        first,
        tier=min((run.tier for run in given), key=TIERS.index),
        environment={key: _joined(run.environment.get(key, "") for run in given) for key in first.environment},
        backends=tuple(backends.values()),
    )


def _joined(values: Iterable[str]) -> str:
    return " / ".join(dict.fromkeys(value for value in values if value))
