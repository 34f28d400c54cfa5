"""Run the suite in worker processes: what happens to a backend does not happen to the run."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import hypothesis
import numpy
import pytest
import refvec

from .. import __version__
from ..judging.clauses import contract_version, numbers
from ..judging.expected import Expectations
from ..judging.marks import TIERS
from ..judging.records import current_id
from ..judging.results import BackendResult, RunResult
from .backend import examine
from .protocol import Event, Request

TESTS = "refvec_conformance.tests"
SECONDS = dict(zip(TIERS, (30.0, 60.0, 180.0, 1800.0), strict=True))
Hear = Callable[[str, Event], None]


def run(
    names: str | Iterable[str],
    *,
    tier: str = "standard",
    seed: int = 0,
    expected: str | Path | None = None,
    only: Iterable[str] = (),
    as_of: str | None = None,
    jobs: int = 1,
    timeout: float | None = None,
    hear: Hear | None = None,
    tests: str = TESTS,
) -> RunResult:
    """Run the conformance suite on one backend, or on several.

    Parameters
    ----------
    names : str or iterable of str
        Names of installed backends, or "module:Class".
    tier : {"smoke", "quick", "standard", "thorough"}
        How deep to go.
    seed : int
        The seed of everything random: the same seed gives the same run.
    expected : str or Path, optional
        A file of expected failures, see `refvec_conformance.judging.expected`.
    only : iterable of str, optional
        Ids of tests, with or without the case; a run of some is never conforming.
    as_of : str, optional
        The version of the contract to judge by, such as "1.0"; the newest one by default.
    jobs : int
        How many backends to run at once.
    timeout : float, optional
        Seconds that a test may take; the default depends on the tier.
    hear : callable, optional
        Called with a backend and an event as the run goes on.
    tests : str
        The package to take the tests from.

    Returns
    -------
    RunResult
        Verdicts per backend and clause; ``exit_code`` as of the command.

    Raises
    ------
    ValueError
        If the tier or the version is unknown, or the file of expected failures is wrong.
    """
    contract = _checked(tier, as_of)
    expectations = Expectations.read(expected)
    path = None if expected is None else str(Path(expected).resolve())
    wanted = [current_id(one) for one in only]
    requests = [
        Request(one, "", tests, tier, seed, contract, path, wanted)
        for one in dict.fromkeys([names] if isinstance(names, str) else names)
    ]
    limit = timeout or SECONDS[tier]

    def examined(request: Request) -> BackendResult:
        return examine(request, expectations, limit, partial(hear or _deaf, request.spelling))

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        found = tuple(pool.map(examined, requests))
    return RunResult(__version__, contract, tier, seed, _versions(), found)


def _checked(tier: str, as_of: str | None) -> str:
    if tier not in TIERS:
        raise ValueError(f"tier must be one of {', '.join(TIERS)}, got {tier!r}")
    newest = contract_version()
    if as_of is not None and not (1, 0) <= numbers(as_of) <= numbers(newest):
        raise ValueError(f"the suite knows the contract from 1.0 to {newest}, not {as_of}")
    return as_of or newest


def _deaf(backend: str, event: Event) -> None:
    """Hear nothing."""


def _versions() -> dict[str, str]:
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": f"{platform.system()} {platform.machine()}",
        "refvec": refvec.__version__,
        "numpy": numpy.__version__,
        "pytest": pytest.__version__,
        "hypothesis": hypothesis.__version__,
    }
