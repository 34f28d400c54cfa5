"""What the events of a backend's workers add up to, and whom to blame when one dies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..judging.expected import Expectations
from ..judging.failing import command
from ..judging.marks import TIERS
from ..judging.records import Failure, Kind, Outcome, TestRecord
from .process import End
from .protocol import Event

LIFE = "ATOM-2"  # the clause that no input ends a process
FACTORY = "OPEN-1"  # the clause that there is a store at all


class Journal:
    """One backend's run as its workers tell it.

    Parameters
    ----------
    spelling : str
        The backend.
    tier, seed
        For the commands that reproduce a failure.
    expectations : Expectations
        The expected failures.
    """

    def __init__(self, spelling: str, tier: str, seed: int, expectations: Expectations) -> None:
        self.identity: dict[str, Any] = {
            "name": spelling,
            "distribution": "",
            "version": "",
            "capabilities": {},
        }
        self.records: dict[str, TestRecord] = {}
        self.done: dict[str, None] = {}  # in the order in which they ended
        self.phase = "import"
        self.refusal: str | None = None
        self.factory_error: str | None = None
        self.ended = False
        self._spelling, self._tier, self._seed = spelling, tier, seed
        self._expectations = expectations
        self._running: str | None = None
        self._forked = self._interrupted = False

    @property
    def smoke_failed(self) -> bool:
        """Whether a test of the smoke tier has failed."""
        return any(
            row.tier == TIERS[0] and row.outcome is Outcome.FAILED and not row.provisional
            for row in self.records.values()
        )

    def hear(self, event: Event) -> None:
        """Take note of one event."""
        getattr(self, f"_on_{event.pop('event')}")(**event)

    def begin(self) -> None:
        """Take note that a new worker starts."""
        self.phase, self.ended, self._running = "import", False, None
        self._interrupted = False

    def _on_resolved(self, **identity: Any) -> None:
        self.identity, self.phase = identity, "open"

    def _on_refused(self, reason: str) -> None:
        self.refusal = self.refusal or reason

    def _on_probed(self, error: str | None) -> None:
        self.factory_error, self.phase = error, "collect"

    def _on_collected(self, tests: list[dict[str, Any]]) -> None:
        self.phase = "test"
        for row in tests:
            record = TestRecord.from_json(row)
            self.records.setdefault(record.id, record)

    def _on_started(self, test: str) -> None:
        self._running, self._forked = test, False

    def _on_finished(self, test: dict[str, Any]) -> None:
        record = TestRecord.from_json(test)
        self._running = None
        self._settle(record)
        if self._forked:
            self._forked = False
            self._blame_fork(record)

    def _on_forked(self, test: str | None) -> None:
        # The child may be quicker than its parent, or slower, even by some tests.
        if test is not None and test == self._running:
            self._forked = True
        elif test is not None:
            self._blame_fork(self.records[test])

    def _blame_fork(self, record: TestRecord) -> None:
        self._fail(record, "fork", "Fork", "the backend forked, and the child came back from the call", "")

    def _on_ended(self, code: int) -> None:
        self.ended, self._interrupted = code in (0, 1, 5), code == 2

    def close(self, end: End) -> None:
        """Take note of a worker's end, and blame it on whom it belongs to."""
        if self.ended and self._running is None and end.status == 0:
            return
        if self.phase == "import":
            self.refusal = self.refusal or f"while it was imported {end.words}\n{end.log}"
        elif self.phase == "open":
            self.factory_error = f"while a store was opened {end.words}\n{end.log}"
        elif self.phase == "collect":
            self.refusal = self.refusal or f"while the tests were collected {end.words}\n{end.log}"
        elif self.refusal is None:
            self._blame(end)

    def _blame(self, end: End) -> None:
        hung = end.status is None
        kind: Kind = "hang" if hung else "crash"
        name = kind.title()
        if self._running is not None:
            words = end.words
            if self._interrupted:
                kind, name = "exception", "KeyboardInterrupt"
                words = "it raised KeyboardInterrupt, though nobody interrupted"
            self._fail(self.records[self._running], kind, name, words, end.log)
            return
        place = "after the last test" if self.ended else f"after {next(reversed(self.done), 'the start')}"
        record = TestRecord(f"runner::{place}", (LIFE,))
        self._fail(record, kind, name, f"{end.words}, {place}", end.log)

    def _fail(self, record: TestRecord, kind: Kind, name: str, message: str, log: str) -> None:
        again = command(self._spelling, record.id, self._tier, self._seed)
        failure = Failure(kind, (name,), message, traceback=log, command=again)
        failed = replace(record, outcome=Outcome.FAILED, reason="", failure=failure)
        self._settle(self._expectations.judge(failed, self.identity["name"]))

    def _settle(self, record: TestRecord) -> None:
        self.records[record.id] = record
        self.done[record.id] = None
