"""What is known about one test on one backend."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

TOO_DEEP = "in a deeper tier"
NOT_NAMED = "not among the tests asked for"


class Outcome(StrEnum):
    """How one test ended."""

    PASSED = "passed"
    FAILED = "failed"
    EXPECTED_FAIL = "expected-fail"
    BLOCKED = "blocked"
    SKIPPED = "skipped"
    NOT_RUN = "not-run"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True)
class Failure:
    """Why a test failed, and how to see it again.

    Attributes
    ----------
    kind : {"assertion", "exception", "crash", "hang", "fork", "factory"}
        What happened.
    exceptions : tuple of str
        The class of the exception, then its bases.
    message : str
        The exception's message: what was expected and what came.
    traceback : str
        Where it happened.
    output : str
        What the backend printed meanwhile.
    command : str
        A command that runs this test alone.
    script : str
        A Python script that runs this test alone, without pytest and, where
        the test allows it, without the suite.
    """

    kind: str
    exceptions: tuple[str, ...] = ()
    message: str = ""
    traceback: str = ""
    output: str = ""
    command: str = ""
    script: str = ""


@dataclass(frozen=True)
class TestRecord:
    """One test on one backend.

    Attributes
    ----------
    id : str
        Permanent: module, name and case, without the backend.
    clauses : tuple of str
        The clauses that it judges.
    tier : str
        The smallest tier that runs it.
    requires : str or None
        As in the mark `clause`.
    provisional : bool
        Whether it is too new to fail anybody.
    outcome : Outcome
        How it ended.
    reason : str
        Why it did not run.
    duration : float
        Seconds.
    failure : Failure or None
        If it failed, expected or not.
    """

    __test__ = False  # not a test, whatever pytest thinks of the name

    id: str
    clauses: tuple[str, ...]
    tier: str = "quick"
    requires: str | None = None
    provisional: bool = False
    outcome: Outcome = Outcome.NOT_RUN
    reason: str = "not reached"
    duration: float = 0.0
    failure: Failure | None = field(default=None)

    @property
    def asked_for(self) -> bool:
        """Whether the tier, and the names given, include it."""
        return self.outcome is not Outcome.NOT_RUN or self.reason not in (TOO_DEEP, NOT_NAMED)

    @property
    def pending(self) -> bool:
        """Whether it is still to run."""
        return self.outcome is Outcome.NOT_RUN and self.asked_for

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> TestRecord:
        """Return the record that ``dataclasses.asdict`` made a dict of."""
        failure = row["failure"]
        return cls(
            **{
                **row,
                "clauses": tuple(row["clauses"]),
                "outcome": Outcome(row["outcome"]),
                "failure": failure and Failure(**{**failure, "exceptions": tuple(failure["exceptions"])}),
            }
        )


@cache
def _aliases() -> dict[str, str]:
    text = resources.files(__package__).joinpath("aliases.toml").read_text("utf-8")
    return dict(tomllib.loads(text)["aliases"])


def current_id(test_id: str) -> str:
    """Return the id that a test has today, given one that it has or had."""
    return _aliases().get(test_id, test_id)


def covers(wanted: str, test_id: str) -> bool:
    """Return whether `wanted`, a test id with or without the case, names that test."""
    today = current_id(wanted)
    return test_id == today or test_id.startswith(f"{today}[")
