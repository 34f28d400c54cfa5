"""Setting the tests of its own clause on a mutant."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import hypothesis
import pytest

from ..hostile import Elsewhere
from ..marks import TIERS, claim_of
from .catalogue import HOST, VARIABLE, Mutant, mutants

TESTS = "refvec_conformance.tests"
_SLOW = (
    "test_stateful",
    "test_differential",
    "test_atomicity",
    "test_boundary",
    "test_interrupts",
    "test_leaks",
)
_PLUGINS = ("-p", "refvec_conformance.plugin", "-p", "no:cacheprovider", "-p", "no:terminal")


@dataclass(frozen=True)
class Fate:
    """What became of a mutant.

    Attributes
    ----------
    family, name, clause : str
        Which mutant.
    summary : str
        What is broken.
    killer : str or None
        The test of its own clause that failed first; None if it survived.
    ran : int
        How many tests of its clause it met.
    """

    family: str
    name: str
    clause: str
    summary: str
    killer: str | None
    ran: int


@dataclass(eq=False)
class _Index:
    """Collects which tests judge which clause, cheap ones first."""

    tier: str
    tests: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in sorted(items, key=lambda item: any(word in item.nodeid for word in _SLOW)):
            claim = claim_of(item, "0")
            if claim is None or TIERS.index(claim.tier) > TIERS.index(self.tier):
                continue
            name = item.nodeid.partition("[")[0].rpartition("::")[2]
            owner = _class_of(item)
            where = f"{item.path}::{owner.__name__}" if owner else str(item.path)
            for clause in claim.clauses:
                if f"{where}::{name}" not in self.tests[clause]:
                    self.tests[clause].append(f"{where}::{name}")


def _class_of(item: pytest.Item) -> type | None:
    found: type | None = getattr(item, "cls", None)
    return found


@dataclass(eq=False)
class _Witness:
    """Notes the first test that failed, and how many ran."""

    killer: str | None = None
    ran: int = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran += report.when == "call"
        if report.failed and self.killer is None:
            self.killer = report.nodeid.rpartition("/")[2].replace(".py::", "::")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            raise RuntimeError(f"the tests cannot be collected: {report.longreprtext}")


def own_tests(tier: str) -> dict[str, list[str]]:
    """Return the tests of every clause, by path and name, up to a tier."""
    index = _Index(tier)
    _pytest(["--collect-only", "--refvec-backend", HOST, "--pyargs", TESTS], index)
    return dict(index.tests)


def fate_of(position: int, tests: Mapping[str, Mapping[str, list[str]]]) -> Fate:
    """Return what becomes of the mutant at that position of the catalogue, tier by tier until it is killed.

    Parameters
    ----------
    position : int
        Where it is in `mutants`.
    tests : mapping
        Of every tier, the tests of every clause.
    """
    mutant = mutants()[position]
    ran = 0
    for tier, known in tests.items():
        witness = _met(mutant, known.get(mutant.clause, []), tier)
        ran += witness.ran
        if witness.killer:
            return _fate(mutant, _without_backend(witness.killer, mutant), ran)
    return _fate(mutant, None, ran)


def _fate(mutant: Mutant, killer: str | None, ran: int) -> Fate:
    return Fate(mutant.family, mutant.name, mutant.clause, mutant.summary, killer, ran)


def _met(mutant: Mutant, tests: list[str], tier: str) -> _Witness:
    witness = _Witness()
    if tests:
        with mutant.broken(), _in_children(mutant), mock.patch.object(Elsewhere, "PATIENCE", 2.0):
            options = ["-x", "--refvec-backend", mutant.spelling, "--refvec-tier", tier]
            _pytest([*options, *tests], witness)
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


def _without_backend(test: str, mutant: Mutant) -> str:
    for text in (f"[{mutant.spelling}]", f"{mutant.spelling}-", f"-{mutant.spelling}"):
        test = test.replace(text, "")
    return test


def _pytest(arguments: Iterable[str], plugin: object) -> None:
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # Shrinking would only make a killed mutant's example nicer.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("zoo", phases=phases, database=None, deadline=None)
    hypothesis.settings.load_profile("zoo")
    with tempfile.TemporaryDirectory() as empty:
        config = Path(empty, "pytest.ini")
        config.write_text("[pytest]\n", "utf-8")
        fixed = ["-c", str(config), "--rootdir", empty, "--import-mode=importlib", *_PLUGINS]
        code = pytest.main([*fixed, *arguments], plugins=[plugin])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"pytest ended with {code!r}: {arguments}")
