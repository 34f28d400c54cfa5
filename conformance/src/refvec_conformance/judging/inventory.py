"""Which tests hold which clause, without running any."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from .. import __version__
from ..runner.isolation import arguments, environment
from .clauses import clauses, contract_version
from .marks import claim_of
from .results import ClauseResult, Verdict
from .selection import test_id

TESTS = "refvec_conformance.tests"


class _Collector:
    def __init__(self) -> None:
        self.tests: dict[str, tuple[str, ...]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            claim = claim_of(item, __version__)
            if claim is not None:
                self.tests[test_id(item)] = claim.clauses
        items.clear()


def collected(tests: str = TESTS, seed: int = 0) -> dict[str, tuple[str, ...]]:
    """Return the clauses of every test of the suite, by the test's id.

    Parameters
    ----------
    tests : str
        The package with the tests.
    seed : int
        The seed of the hashes of strings, which must not matter.
    """
    with tempfile.TemporaryDirectory() as home:
        answer = Path(home) / "tests.json"
        child = subprocess.run(
            [sys.executable, "-m", __name__, tests, home, str(answer)],
            cwd=home,
            env=environment(Path(home).resolve(), seed),
            capture_output=True,
            text=True,
            check=False,
        )
        if child.returncode != 0:
            raise RuntimeError(f"The suite cannot be collected:\n{child.stdout}{child.stderr}")
        return {name: tuple(held) for name, held in json.loads(answer.read_text("utf-8")).items()}


def _collect(tests: str, home: str, answer: str) -> int:
    collector = _Collector()
    code = pytest.main(arguments(Path(home), tests), plugins=[collector])
    Path(answer).write_text(json.dumps(collector.tests), "utf-8")
    return 0 if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else int(code)


def inventory(as_of: str | None = None) -> tuple[ClauseResult, ...]:
    """Return every clause in force, with the ids of the tests that judge it.

    Parameters
    ----------
    as_of : str, optional
        The version of the contract; the newest one by default.
    """
    tests = collected()
    return tuple(
        ClauseResult(
            one.id, Verdict.NOT_RUN, tests=tuple(name for name, held in tests.items() if one.id in held)
        )
        for one in clauses().values()
        if one.in_force(as_of or contract_version())
    )


if __name__ == "__main__":
    sys.exit(_collect(*sys.argv[1:]))
