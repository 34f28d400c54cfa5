"""The worker process: imports the backend, opens a store, runs the tests, and says what happens."""

from __future__ import annotations

import sys
import traceback
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path

import pytest
from refvec import VectorStore
from refvec.claims import GROUP

from ..judging.records import TestRecord
from ..judging.target import Target, resolved
from ..plugin import suite_session
from .isolation import arguments
from .narrowing import OTHERS, modules_of
from .protocol import Emitter, Request


class Reporter:
    """The pytest plugin that turns a session into events."""

    def __init__(self, request: Request, emitter: Emitter, *, narrowed: bool) -> None:
        self._request = request
        self._beside = [OTHERS] if narrowed else []
        self._emit = emitter.emit

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Tell the session what was asked for and what has been done."""
        session = suite_session(config)
        session.listener = self
        session.done = frozenset(self._request.done)
        session.choice = replace(session.choice, only=tuple(self._request.only))
        if self._request.smoke_failed:
            session.smoke_failed.add(self._request.spelling)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say that a module of the suite cannot be collected."""
        if report.failed:
            self._emit("refused", reason=f"the suite cannot be collected: {report.longreprtext}")

    def collected(self, backend: str, records: list[TestRecord]) -> None:
        """Every test is known, or those of the modules that are collected."""
        self._emit("collected", tests=[asdict(record) for record in [*records, *self._beside]])

    def started(self, backend: str, test: str) -> None:
        """A test begins."""
        self._emit("started", test=test)

    def finished(self, backend: str, record: TestRecord) -> None:
        """A test has ended, or is blocked."""
        self._emit("finished", test=asdict(record))


def work(request: Request) -> None:
    """Do what a request asks for."""
    emitter = Emitter(request.events)
    try:
        context = resolved(request.spelling)
        target = context.__enter__()
    except (Exception, SystemExit) as error:
        emitter.emit("refused", reason=_described(error))
        return
    emitter.emit("resolved", **_identity(request.spelling, target))
    error_text = _probe(target)
    emitter.emit("probed", error=error_text)
    if error_text is None:
        modules = _modules(request)
        reporter = Reporter(request, emitter, narrowed=modules != [request.tests])
        code = pytest.main(_arguments(request, modules), plugins=[reporter])
        emitter.emit("ended", code=int(code))
    else:
        emitter.emit("ended", code=0)


def _identity(spelling: str, target: Target) -> dict[str, object]:
    points = [point for point in metadata.entry_points(group=GROUP, name=spelling) if point.dist]
    owner = points[0].dist if points else None
    return {
        "name": target.name,
        "distribution": owner.name if owner else target.store.__module__,
        "version": owner.version if owner else "",
        "capabilities": vars(target.capabilities),
    }


def _probe(target: Target) -> str | None:
    """Return why a store cannot even be opened, None if it can."""
    try:
        store: object = target.open(4)
        if not isinstance(store, VectorStore):
            return f"it returned {type(store).__name__}, which is no refvec.VectorStore"
    except BaseException as error:  # whatever a factory raises is to be told
        return "".join(traceback.format_exception(error)[-4:])
    return None


def _described(error: BaseException) -> str:
    chain = [error]
    while (cause := chain[-1].__cause__) is not None:
        chain.append(cause)
    return "\n  because of ".join(f"{type(one).__name__}: {one}" for one in chain)


def _modules(request: Request) -> list[str]:
    # Expected failures are compared with the ids of all tests.
    return [request.tests] if request.expected else modules_of(request.tests, request.only)


def _arguments(request: Request, modules: list[str]) -> list[str]:
    found = arguments(Path(request.home), *modules)
    found += ["--refvec-backend", request.spelling, "--refvec-tier", request.tier]
    found += ["--refvec-seed", str(request.seed), "--refvec-as-of", request.contract]
    return found + (["--refvec-expected", request.expected] if request.expected else [])


if __name__ == "__main__":
    work(Request.read(sys.argv[1]))
