"""The file of expected failures: known, reviewed, and strict.

One table per failure::

    [[expected]]
    id = "test_add::test_duplicate_id"   # a test (with or without its case), or a clause such as "ADD-1"
    kind = "notyet"                      # notimpl, notyet, never or regression
    exception = "AssertionError"         # the class, or a base of it; "Crash" and "Hang" for those
    reason = "tracked as #12"
    suite = "0.1"                        # the version of the suite with which this was reviewed
    backend = "mine"                     # optional: for this backend only

An entry that nothing fails for is an error, and so is one that was reviewed
with an older minor version of the suite (except of kind "never").
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from .clauses import clauses, numbers
from .records import Outcome, TestRecord, covers

KINDS = ("notimpl", "notyet", "never", "regression")


class ExpectedFileError(ValueError):
    """The file of expected failures cannot be understood."""


@dataclass(frozen=True)
class Entry:
    """One expected failure; the attributes are the keys of the file."""

    id: str
    kind: str
    exception: str
    reason: str
    suite: str
    backend: str | None = None

    def concerns(self, record: TestRecord, backend: str) -> bool:
        """Return whether the entry is about this test on this backend."""
        if self.backend not in (None, backend):
            return False
        return self.id in record.clauses or covers(self.id, record.id)

    def expired(self, suite: str) -> bool:
        """Return whether the entry has to be reviewed again."""
        return self.kind != "never" and numbers(self.suite) < numbers(suite)


@dataclass(frozen=True)
class Expectations:
    """All entries of a file."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def read(cls, path: Path | str | None) -> Expectations:
        """Return the entries of a file, none for None; raises `ExpectedFileError`."""
        if path is None:
            return cls()
        try:
            rows = tomllib.loads(Path(path).read_text("utf-8")).get("expected", [])
        except (OSError, ValueError) as error:
            raise ExpectedFileError(f"The file of expected failures {str(path)!r}: {error}") from error
        if not isinstance(rows, list):
            raise ExpectedFileError(f"The file of expected failures {str(path)!r} needs tables [[expected]]")
        return cls(tuple(_entry(row, number) for number, row in enumerate(rows, 1)))

    def judge(self, record: TestRecord, backend: str) -> TestRecord:
        """Return the record, with a failure that is expected marked as such."""
        if record.outcome is not Outcome.FAILED or record.failure is None:
            return record
        for entry in self.entries:
            names = {part for name in record.failure.exceptions for part in (name, name.rpartition(".")[2])}
            if entry.concerns(record, backend) and entry.exception in names:
                reason = f"{entry.kind}: {entry.reason}"
                return replace(record, outcome=Outcome.EXPECTED_FAIL, reason=reason)
        return record

    def problems(self, records: Iterable[TestRecord], backend: str, suite: str) -> list[str]:
        """Return what is wrong with the entries themselves, given all records of a backend."""
        rows = list(records)
        mine = [entry for entry in self.entries if entry.backend in (None, backend)]
        return [text for entry in mine if (text := _problem(entry, rows, backend, suite))]


def _entry(row: object, number: int) -> Entry:
    known = {field.name for field in fields(Entry)}
    if not isinstance(row, dict) or not known - {"backend"} <= row.keys() <= known:
        raise ExpectedFileError(f"Expected failure {number} needs exactly {', '.join(sorted(known))}: {row}")
    if not all(isinstance(value, str) for value in row.values()):
        raise ExpectedFileError(f"Expected failure {number}: every value is a string: {row}")
    entry = Entry(**row)
    try:
        numbers(entry.suite)
    except ValueError as error:
        raise ExpectedFileError(f"Expected failure {number}: suite = {entry.suite!r} is no version") from error
    if entry.kind not in KINDS:
        raise ExpectedFileError(f"Expected failure {number}: kind must be one of {', '.join(KINDS)}")
    return entry


def _problem(entry: Entry, rows: list[TestRecord], backend: str, suite: str) -> str | None:
    name = f"Expected failure {entry.id!r} ({entry.reason})"
    if entry.expired(suite):
        return f"{name} was reviewed with suite {entry.suite}; this is {suite}: review it again."
    about = [row for row in rows if entry.concerns(row, backend)]
    if not about and entry.id not in clauses():
        return f"{name}: no test or clause has this id."
    outcomes = {row.outcome for row in about}
    if Outcome.EXPECTED_FAIL in outcomes or Outcome.PASSED not in outcomes:
        return None
    return f"{name} passed unexpectedly: delete the entry."
