"""One backend from its import to its verdicts, over as many workers as it takes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .. import __version__
from ..judging.clauses import clauses
from ..judging.expected import Expectations
from ..judging.ledger import levels, missing_clauses, settle, verdict_code
from ..judging.prerequisites import NEIGHBOUR
from ..judging.records import Failure, Outcome, TestRecord, covers
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
    messages += [*problems, *_about_neighbours(records)]
    if request.only:
        messages += _about_named(request, records, code)
    elif code is ExitCode.VACUOUS:
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


def _about_neighbours(records: Sequence[TestRecord]) -> list[str]:
    """Return who else is broken, each once; it is not held against this backend."""
    reasons = dict.fromkeys(row.reason for row in records if row.reason.startswith(NEIGHBOUR))
    first = {reason.split("'")[1]: reason for reason in reversed(reasons)}
    return [f"Not held against it: {reason}." for reason in first.values()]


def _about_named(request: Request, records: Sequence[TestRecord], code: ExitCode) -> list[str]:
    """Return what to say of a run of some tests: what was not found, and how to get a verdict."""
    known = [row.id for row in records]
    told = []
    for wanted in request.only:
        found = [row for row in records if covers(wanted, row.id)]
        if not found:
            near = get_close_matches(wanted, known, 1, 0.0)
            told.append(f"No test is called {wanted!r}" + (f"; the nearest is {near[0]!r}." if near else "."))
        elif all(row.outcome is Outcome.TOO_DEEP for row in found):
            told.append(f"{wanted!r} is not run in tier {request.tier}: add --tier {found[0].tier}.")
        told += [f"{row.id} was not run: {row.reason}." for row in found if _left_out(row)]
    if code is ExitCode.CONFORMS:
        told.append(f"For the verdict: refvec conformance {request.spelling}")
    return told


def _left_out(row: TestRecord) -> bool:
    return row.outcome is Outcome.NOT_APPLICABLE and not row.reason.startswith(NEIGHBOUR)


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
