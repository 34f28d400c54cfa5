"""What one pytest session with tests of the suite does: select, block, record, sum up."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import cache
from typing import Any, Protocol

import pytest
from refvec import backends

from .. import __version__
from ..telling import Comparison
from .assertions import WHY
from .expected import Expectations
from .failing import failure_of
from .ledger import settle
from .marks import TIERS
from .prerequisites import NeighbourError, PrerequisiteError
from .records import Outcome, TestRecord
from .results import ExitCode, Verdict
from .selection import Choice, describe, order, spelling_of, test_id
from .systems import lacking
from .target import resolved

_SMOKE_FAILED = "the smoke tier failed"


class Listener(Protocol):
    """Who is told how the session goes."""

    def collected(self, backend: str, records: list[TestRecord]) -> None:
        """Every test is known."""

    def started(self, backend: str, test: str) -> None:
        """A test begins."""

    def finished(self, backend: str, record: TestRecord) -> None:
        """A test has ended, or is blocked."""


@cache
def manifest(spelling: str) -> dict[str, Any]:
    """Return what the backend of that spelling declares."""
    with resolved(spelling) as target:
        return vars(target.capabilities)


@cache
def backend_name(spelling: str) -> str:
    """Return the name of the backend of that spelling."""
    with resolved(spelling) as target:
        return target.name


class SuiteSession:
    """The part of the plugin that lives as long as a session.

    Parameters
    ----------
    chosen : list of str
        The spellings of the backends; empty for every installed one that loads.
    choice : Choice
        Tier, contract and tests asked for.
    expectations : Expectations
        The expected failures.
    """

    def __init__(self, chosen: list[str], choice: Choice, expectations: Expectations) -> None:
        self._chosen = chosen
        self.choice = choice
        self.expectations = expectations
        self.listener: Listener | None = None
        self.records: dict[str, dict[str, TestRecord]] = {}
        self.smoke_failed: set[str] = set()
        self.done: frozenset[str] = frozenset()
        self._comparison: Comparison | None = None  # the last that did not hold in the test that runs

    @property
    def chosen(self) -> list[str]:
        """The spellings of the backends; nothing is imported before somebody asks."""
        if not self._chosen:
            self._chosen = [row.name for row in backends() if row.error is None]
        return self._chosen

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what is too deep or does not apply, and run the smoke tier first."""
        if not __debug__ and any(item.get_closest_marker("clause") for item in items):
            pytest.exit(WHY, returncode=ExitCode.CANNOT_RUN)
        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        for item in items:
            (kept if self._keep(item) else dropped).append(item)
        order(kept)
        items[:] = kept
        if dropped:
            config.hook.pytest_deselected(items=dropped)
        if self.listener:
            for backend, records in self.records.items():
                self.listener.collected(backend, list(records.values()))

    def _keep(self, item: pytest.Item) -> bool:
        kept = item.get_closest_marker("clause") is None
        for backend in [] if kept else self._backends(item):
            record = describe(item, self.choice, manifest(backend))
            assert record is not None
            self.records.setdefault(backend, {})[record.id] = record
            kept = kept or (record.pending and record.id not in self.done)
        return kept

    def _backends(self, item: pytest.Item) -> list[str]:
        """Return whom a test is about: a test without a backend is about each of them."""
        spelling = spelling_of(item)
        return self.chosen if spelling is None else [spelling]

    def _known(self, item: pytest.Item) -> list[tuple[str, TestRecord]]:
        if item.get_closest_marker("clause") is None:
            return []
        name = test_id(item)
        return [(one, self.records[one][name]) for one in self._backends(item)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """Keep what was compared: pytest's own words are not for the author of a backend."""
        self._comparison = Comparison(op, left, right)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Announce the test, or block it because the smoke tier of its backend failed."""
        known = self._known(item)
        blocked = [row for row in known if row[0] in self.smoke_failed and row[1].tier != TIERS[0]]
        for backend, record in blocked:
            self._store(backend, replace(record, outcome=Outcome.BLOCKED, reason=_SMOKE_FAILED))
        if known and len(blocked) == len(known):
            return True
        if self.listener:
            for backend, record in known:
                self.listener.started(backend, record.id)
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how the test ended; show an expected failure as such."""
        report = yield
        known = self._known(item)
        if not known:
            return report
        excuse = _excuse(call)
        if excuse is not None:
            report.outcome = "skipped"  # for pytest, which has no other word; not for the ledger
            report.longrepr = (str(item.path), item.location[1] or 0, str(excuse))
            marked = [(backend, _excused(record, report, excuse)) for backend, record in known]
        else:
            marked = [(backend, self._noted(backend, record, item, call, report)) for backend, record in known]
        for backend, record in marked:
            self.records[backend][record.id] = record
            if record.outcome is Outcome.EXPECTED_FAIL and report.failed:
                report.outcome = "skipped"
                report.wasxfail = record.reason
            if report.when == "teardown":
                self._store(backend, record)
        self._comparison = None  # it holds on to stores
        return report

    def _noted(
        self,
        backend: str,
        record: TestRecord,
        item: pytest.Item,
        call: pytest.CallInfo[None],
        report: pytest.TestReport,
    ) -> TestRecord:
        record = replace(record, duration=record.duration + report.duration)
        if report.failed and record.failure is None:
            failure = failure_of(item, call, report, self._comparison)
            failed = replace(record, outcome=Outcome.FAILED, reason="", failure=failure)
            return self.expectations.judge(failed, backend_name(backend))
        if report.skipped and record.failure is None:
            why = report.longrepr[2] if isinstance(report.longrepr, tuple) else "expected to fail"
            return replace(record, outcome=Outcome.SKIPPED, reason=why)
        if report.when == "call" and report.passed:
            return replace(record, outcome=Outcome.PASSED, reason="")
        return record

    def _store(self, backend: str, record: TestRecord) -> None:
        self.records[backend][record.id] = record
        failed = record.outcome is Outcome.FAILED and not record.provisional
        if failed and record.tier == TIERS[0]:
            self.smoke_failed.add(backend)
        if self.listener:
            self.listener.finished(backend, record)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a session whose expected failures are not as expected."""
        if session.exitstatus == pytest.ExitCode.OK and any(self._problems().values()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the totals of the ledger of every backend."""
        if not self.records or self.listener or hasattr(terminalreporter.config, "workerinput"):
            return
        terminalreporter.section("refvec conformance")
        problems = self._problems()
        for backend, rows in self.records.items():
            results = settle(rows.values(), manifest(backend), self.choice.contract)
            count = {one: sum(row.verdict is one for row in results) for one in Verdict}
            totals = ", ".join(f"{number} {verdict}" for verdict, number in count.items() if number)
            terminalreporter.line(f"{backend}: of {len(results)} clauses {totals}")
            for text in problems[backend]:
                terminalreporter.line(text, red=True)
        terminalreporter.line("One page per clause, levels and badge: refvec conformance --help")

    def _problems(self) -> dict[str, list[str]]:
        return {
            backend: self.expectations.problems(rows.values(), backend_name(backend), __version__)
            for backend, rows in self.records.items()
        }


def _excuse(call: pytest.CallInfo[None]) -> PrerequisiteError | NeighbourError | None:
    """Return why the end of a test says nothing about the backend."""
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, PrerequisiteError | NeighbourError):
        return error
    reason = lacking(error) if error is not None else None
    return None if reason is None else PrerequisiteError(reason)


def _excused(
    record: TestRecord, report: pytest.TestReport, excuse: PrerequisiteError | NeighbourError
) -> TestRecord:
    beside = isinstance(excuse, NeighbourError)
    outcome = Outcome.NOT_APPLICABLE if beside else Outcome.NOT_RUN
    return replace(record, duration=record.duration + report.duration, outcome=outcome, reason=str(excuse))
