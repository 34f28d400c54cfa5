"""One backend from its import to its verdicts, over as many workers as it takes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import __version__
from ..judging.clauses import clauses
from ..judging.expected import Expectations
from ..judging.ledger import levels, missing_clauses, settle, verdict_code
from ..judging.records import Failure, Outcome, TestRecord
from ..judging.results import BackendResult, ClauseResult, ExitCode, LevelResult, Verdict
from .journal import FACTORY, Journal
from .process import attend
from .protocol import Event, Request

MAX_WORKERS = 30
WRONG_FACTORY = "Your factory is wrong: no store can be opened, so nothing else was run."
WRONG_BACKEND = (
    "Your backend is wrong: a store opens, but the smoke tier fails, so the other tests were not run."
)


def examine(
    request: Request, expectations: Expectations, limit: float, hear: Callable[[Event], None]
) -> BackendResult:
    """Run the tests on one backend and return its verdicts.

    Parameters
    ----------
    request : Request
        What to run; its home is not used.
    expectations : Expectations
        The expected failures.
    limit : float
        Seconds that a test may take.
    hear : callable
        Called with every event, to show progress.
    """
    begun = time.monotonic()
    journal = Journal(request.spelling, request.tier, request.seed, expectations)

    def both(event: Event) -> None:
        hear(dict(event))
        journal.hear(event)

    for _ in range(MAX_WORKERS):
        before = len(journal.done)
        _one_worker(request, journal, limit, both)
        if journal.refusal or journal.factory_error or journal.ended or len(journal.done) == before:
            break
    _give_up(journal)
    return replace(_verdicts(request, journal, expectations), duration=time.monotonic() - begun)


def _one_worker(request: Request, journal: Journal, limit: float, hear: Callable[[Event], None]) -> None:
    with tempfile.TemporaryDirectory(prefix="refvec-", ignore_cleanup_errors=True) as home:
        journal.begin()
        turn = replace(
            request,
            home=str(Path(home).resolve()),
            done=list(journal.done),
            smoke_failed=journal.smoke_failed,
        )
        journal.close(attend(turn, request.seed, limit, hear))


def _give_up(journal: Journal) -> None:
    why = "its id differs from process to process" if journal.ended else f"{MAX_WORKERS} workers died before"
    for record in journal.records.values():
        if record.pending and record.id not in journal.done:
            journal.records[record.id] = replace(record, reason=why)


def _verdicts(request: Request, journal: Journal, expectations: Expectations) -> BackendResult:
    if journal.refusal is not None:
        return _stopped(journal, ExitCode.CANNOT_RUN, Verdict.NOT_RUN, f"Cannot run: {journal.refusal}")
    if journal.factory_error is not None:
        return _without_factory(journal)
    records = tuple(journal.records.values())
    found = settle(records, journal.identity["capabilities"], request.contract)
    problems = expectations.problems(records, journal.identity["name"], __version__)
    code = verdict_code(found, records, request.tier, problems, partial=bool(request.only))
    messages = [WRONG_BACKEND] if any(row.outcome is Outcome.BLOCKED for row in records) else []
    messages += problems
    if code is ExitCode.VACUOUS:
        lacking = missing_clauses(found, records, request.tier)
        messages.append(f"Not run, though tier and manifest imply them: {', '.join(lacking) or 'all clauses'}")
    return BackendResult(
        **journal.identity,
        tests=records,
        clauses=found,
        levels=levels(found, journal.identity["capabilities"], request.tier),
        exit_code=code,
        messages=tuple(messages),
    )


def _stopped(journal: Journal, code: ExitCode, verdict: Verdict, message: str) -> BackendResult:
    rows = tuple(ClauseResult(one, verdict, message.partition("\n")[0]) for one in clauses())
    names = dict.fromkeys(one.level for one in clauses().values())
    held = tuple(LevelResult(name, "withheld", message.partition("\n")[0]) for name in names)
    identity: dict[str, Any] = journal.identity
    return BackendResult(**identity, tests=(), clauses=rows, levels=held, exit_code=code, messages=(message,))


def _without_factory(journal: Journal) -> BackendResult:
    name, error = journal.identity["name"], journal.factory_error or ""
    message = f"{WRONG_FACTORY}\nVectorStore(4, backend={name!r}): {error}"
    result = _stopped(journal, ExitCode.FAILS, Verdict.BLOCKED, message)
    failure = Failure("factory", ("Factory",), error.strip().rpartition("\n")[2], error)
    probe = TestRecord(
        "runner::factory", (FACTORY,), "smoke", outcome=Outcome.FAILED, reason="", failure=failure
    )
    rows = tuple(
        ClauseResult(row.id, Verdict.FAIL, failure.message, (probe.id,)) if row.id == FACTORY else row
        for row in result.clauses
    )
    return replace(result, tests=(probe,), clauses=rows)
