"""What a run found: the structures that `run` returns and the JSON report holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from typing import Any

from .records import Outcome, TestRecord


class Verdict(StrEnum):
    """How one clause ended on one backend: exactly one of these."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    EXPECTED_FAIL = "expected-fail"
    UNSUPPORTED_PROVEN = "unsupported-proven"
    NOT_APPLICABLE = "not-applicable"
    BLOCKED = "blocked"
    NOT_RUN = "not-run"


class ExitCode(IntEnum):
    """What the process that ran the suite answers."""

    CONFORMS = 0
    FAILS = 1
    CANNOT_RUN = 2
    VACUOUS = 3

    @property
    def meaning(self) -> str:
        """The words for it."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.CONFORMS: "everything that was run holds",
    ExitCode.FAILS: "clauses are broken, or the expected failures are not as expected",
    ExitCode.CANNOT_RUN: "the backend, or the suite, could not be started",
    ExitCode.VACUOUS: "nothing failed, and too little was run to mean anything",
}
_WORST_FIRST = (ExitCode.CANNOT_RUN, ExitCode.FAILS, ExitCode.VACUOUS, ExitCode.CONFORMS)


def worst(codes: list[ExitCode]) -> ExitCode:
    """Return the exit code that several backends share; none at all is vacuous."""
    return next((code for code in _WORST_FIRST if code in codes), ExitCode.VACUOUS)


@dataclass(frozen=True)
class ClauseResult:
    """One clause on one backend.

    Attributes
    ----------
    id : str
        The clause.
    verdict : Verdict
        How it ended.
    reason : str
        Why, unless it passed.
    tests : tuple of str
        The ids of the tests that judge it.
    """

    id: str
    verdict: Verdict
    reason: str = ""
    tests: tuple[str, ...] = ()


@dataclass(frozen=True)
class LevelResult:
    """One conformance level.

    Attributes
    ----------
    name : str
        Core, Search, Concurrent or Durable.
    status : {"earned", "withheld", "not-claimed"}
        Not claimed: the backend does not declare the capability.
    reason : str
        What stands in the way.
    """

    name: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class BackendResult:
    """Everything about one backend.

    Attributes
    ----------
    name : str
        The backend's name, or the spelling by which it was asked for.
    distribution, version : str
        Where it comes from.
    capabilities : dict
        The manifest: what it declares, with its limits.
    tests : tuple of TestRecord
        Every test of the suite.
    clauses : tuple of ClauseResult
        Every clause of the contract, in its order.
    levels : tuple of LevelResult
        Every level.
    exit_code : ExitCode
        As of the command, for this backend alone.
    messages : tuple of str
        Why it could not run, what blocks it, what is wrong with the expected failures.
    duration : float
        Seconds.
    """

    name: str
    distribution: str
    version: str
    capabilities: dict[str, Any]
    tests: tuple[TestRecord, ...]
    clauses: tuple[ClauseResult, ...]
    levels: tuple[LevelResult, ...]
    exit_code: ExitCode
    messages: tuple[str, ...] = ()
    duration: float = 0.0

    @property
    def totals(self) -> dict[Verdict, int]:
        """How many clauses ended how; the values add up to the number of clauses."""
        count = Counter(row.verdict for row in self.clauses)
        return {verdict: count[verdict] for verdict in Verdict}

    @property
    def earned(self) -> tuple[str, ...]:
        """The names of the levels that it earned."""
        return tuple(level.name for level in self.levels if level.status == "earned")

    @property
    def failures(self) -> tuple[TestRecord, ...]:
        """The tests that failed, provisional ones included."""
        return tuple(row for row in self.tests if row.outcome is Outcome.FAILED)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> BackendResult:
        """Return the result that `RunResult.to_json` made a dict of."""
        given = {key: value for key, value in row.items() if key != "totals"}
        given["tests"] = tuple(TestRecord.from_json(one) for one in row["tests"])
        given["clauses"] = tuple(
            ClauseResult(**{**one, "verdict": Verdict(one["verdict"]), "tests": tuple(one["tests"])})
            for one in row["clauses"]
        )
        given["levels"] = tuple(LevelResult(**one) for one in row["levels"])
        given["messages"] = tuple(row["messages"])
        given["exit_code"] = ExitCode(row["exit_code"])
        return cls(**given)


@dataclass(frozen=True)
class RunResult:
    """A whole run, or several combined.

    Attributes
    ----------
    suite, contract : str
        The versions of the suite, and of the contract that was asked for.
    tier : str
        How deep it went.
    seed : int
        The seed of everything random.
    environment : dict
        Versions of Python, numpy and the platform.
    backends : tuple of BackendResult
        One for each backend.
    """

    suite: str
    contract: str
    tier: str
    seed: int
    environment: dict[str, str]
    backends: tuple[BackendResult, ...]

    FORMAT = "refvec-conformance-report"
    FORMAT_VERSION = 1

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the command."""
        return worst([backend.exit_code for backend in self.backends])

    @property
    def conforms(self) -> bool:
        """Whether every backend holds everything that was run."""
        return self.exit_code is ExitCode.CONFORMS

    def to_json(self) -> dict[str, Any]:
        """Return the JSON report, as its published schema describes it."""
        body = asdict(self)
        for row, backend in zip(body["backends"], self.backends, strict=True):
            row["totals"] = {str(verdict): count for verdict, count in backend.totals.items()}
        return {"format": self.FORMAT, "format_version": self.FORMAT_VERSION, **body}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> RunResult:
        """Return the run that a JSON report holds; ``ValueError`` for any other document."""
        given = dict(document)
        if given.pop("format", None) != cls.FORMAT:
            raise ValueError("not a report of the refvec conformance suite")
        if given.pop("format_version", None) != cls.FORMAT_VERSION:
            raise ValueError(f"a report of another format version than {cls.FORMAT_VERSION}")
        try:
            given["backends"] = tuple(BackendResult.from_json(row) for row in given["backends"])
            return cls(**given)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"a damaged report: {type(error).__name__}: {error}") from error
