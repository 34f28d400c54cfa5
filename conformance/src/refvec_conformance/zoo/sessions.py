"""Sessions of pytest inside this process: collecting the tests of clauses, and setting them on mutants."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import hypothesis
import pytest

from ..inputs.hostile import Elsewhere
from ..judging.marks import TIERS, claim_of
from ..judging.selection import spelling_of, test_id
from ..plugin import suite_session
from .catalogue import HOST, VARIABLE, Mutant

Tests = dict[str, list[str]]  # by clause, as paths and names

_TESTS = "refvec_conformance.tests"
# In children, with many calls, or with many rows: whoever can be killed without them is.
_SLOW = tuple(
    f"test_{one}"
    for one in (
        *("stateful", "differential", "atomicity", "boundary", "interrupts", "primitives", "journal"),
        *("large_searches", "many", "widths", "torn", "leaks", "saving_memory", "memory", "reentry", "fork"),
        *("durable_ending", "durable_readers", "durable_damage", "durable_power", "durable_faults"),
    )
)
# What cannot be raised would be a warning, for which pytest collects garbage several times a session.
_WITHOUT = ("cacheprovider", "terminal", "unraisableexception")
_PLUGINS = ("-p", "refvec_conformance.plugin", *(word for one in _WITHOUT for word in ("-p", f"no:{one}")))
_PATIENCE = 2.0  # a mutant that holds a lock is to be found out soon


class _Index:
    """Collects which tests judge which clause, cheap ones first."""

    def __init__(self, tier: str) -> None:
        self._tiers = TIERS[: TIERS.index(tier) + 1]
        self.tests: defaultdict[str, dict[str, None]] = defaultdict(dict)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in sorted(items, key=_slowness):
            claim = claim_of(item, "0")
            if claim is not None and claim.tier in self._tiers:
                for clause in claim.clauses:
                    self.tests[clause][_address(item)] = None


def _slowness(item: pytest.Item) -> int:
    return _SLOW.index(item.path.stem) + 1 if item.path.stem in _SLOW else 0


def _address(item: pytest.Item) -> str:
    owner: type | None = getattr(item, "cls", None)
    name: str = getattr(item, "originalname", item.name)
    return "::".join([str(item.path), *([owner.__name__] if owner else []), name])


class Witness:
    """Notes the first test that fails on every mutant, and spares the dead the rest.

    Parameters
    ----------
    spellings : sequence of str
        The mutants.
    only : mapping, optional
        Of every mutant the id of the one test that it is to meet.

    Attributes
    ----------
    killers : dict
        Of every mutant that died, by its spelling, the id of the test.
    ran : Counter
        How many tests every mutant met.
    told : dict
        Of every mutant that died, what its author would read.
    """

    def __init__(self, spellings: Sequence[str], only: Mapping[str, str] | None = None) -> None:
        self._only = only
        self.killers: dict[str, str] = {}
        self.ran: Counter[str] = Counter()
        self.told: dict[str, str] = {}
        self._alive = set(spellings)
        # A test without a backend tells nothing about one of several.
        self._default = spellings[0] if len(spellings) == 1 else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what no mutant is to meet."""
        if self._only is not None:
            items[:] = [item for item in items if self._only.get(self._spelling(item) or "") == test_id(item)]

    def _spelling(self, item: pytest.Item) -> str | None:
        return spelling_of(item) or self._default

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Leave out what would only kill the dead again.

        Not by leaving out the protocol: the fixtures of the test before would
        stay, and the next mutant would be killed by them.
        """
        spelling = self._spelling(item)
        if spelling is None or spelling in self.killers:
            pytest.skip("it would tell nothing")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how the test ended."""
        report = yield
        spelling = self._spelling(item)
        if spelling is None:
            return report
        self.ran[spelling] += report.when == "call"
        if report.failed:
            self.killers.setdefault(spelling, test_id(item))
            self._alive.discard(spelling)
            if not self._alive:
                item.session.shouldfail = "nobody is left"
        return report

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep what was told of the failures."""
        records = suite_session(session.config).records
        for spelling, killer in self.killers.items():
            failure = records[spelling][killer].failure
            self.told[spelling] = failure.message if failure else ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Stop at tests that cannot be collected."""
        if report.failed:
            raise RuntimeError(f"the tests cannot be collected: {report.longreprtext}")


def own_tests(tier: str) -> Tests:
    """Return the tests of every clause, up to a tier."""
    index = _Index(tier)
    _pytest(["--collect-only", "--refvec-backend", HOST, "--pyargs", _TESTS], index)
    return {clause: list(tests) for clause, tests in index.tests.items()}


def meet(
    mutants: Sequence[Mutant], tests: Sequence[str], tier: str, only: Mapping[str, str] | None = None
) -> Witness:
    """Return what the tests make of backends, or of one broken front door; `only` is as of `Witness`."""
    spellings = [mutant.spelling for mutant in mutants]
    witness = Witness(spellings, only)
    if tests:
        options = [f"--refvec-backend={one}" for one in spellings]
        with mutants[0].broken(), _in_children(mutants[0]), mock.patch.object(Elsewhere, "PATIENCE", _PATIENCE):
            _pytest([*options, "--refvec-tier", tier, *tests], witness)
    return witness


@contextmanager
def _in_children(mutant: Mutant) -> Iterator[None]:
    """Break the front door in child processes too: they inherit our path, and import `sitecustomize`."""
    if mutant.is_backend:
        yield
        return
    environ = {VARIABLE: f"{mutant.family}:{mutant.name}"}
    hooks = str(Path(__file__).with_name("in_children"))
    with mock.patch.dict(os.environ, environ), mock.patch.object(sys, "path", [hooks, *sys.path]):
        yield


def _pytest(arguments: Iterable[str], plugin: object) -> None:
    # Shrinking would only make the example that kills a mutant nicer.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("zoo", phases=phases, database=None, deadline=None)
    hypothesis.settings.load_profile("zoo")
    with (
        tempfile.TemporaryDirectory() as empty,
        mock.patch.dict(os.environ, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}),
    ):
        config = Path(empty, "pytest.ini")
        config.write_text("[pytest]\n", "utf-8")
        fixed = ["-c", str(config), "--rootdir", empty, "--import-mode=importlib", *_PLUGINS]
        code = pytest.main([*fixed, *arguments], plugins=[plugin])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"pytest ended with {code!r}: {arguments}")
