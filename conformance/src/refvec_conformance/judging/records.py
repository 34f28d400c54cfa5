"""What is known about one test on one backend."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from .marks import TIERS

Tier = Annotated[str, {"enum": list(TIERS)}]
Kind = Literal["assertion", "exception", "crash", "hang", "fork", "factory"]


class Outcome(StrEnum):
    """How one test ended."""

    PASSED = "passed"
    FAILED = "failed"
    EXPECTED_FAIL = "expected-fail"
    BLOCKED = "blocked"
    SKIPPED = "skipped"
    NOT_RUN = "not-run"
    TOO_DEEP = "too-deep"
    NOT_NAMED = "not-named"
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
        A sentence: what was called, what was expected, what came back. Further lines are details.
    cause : str
        What failures of the same fault are likely to have in common.
    traceback : str
        Where it happened.
    output : str
        What the backend printed meanwhile.
    command : str
        A command that runs this test alone.
    script : str
        A Python script that shows it without the suite, if the test generates one.
    """

    kind: Kind
    exceptions: tuple[str, ...] = ()
    message: str = ""
    traceback: str = ""
    output: str = ""
    command: str = ""
    script: str = ""
    cause: str = ""


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
    clauses: Annotated[tuple[str, ...], {"minItems": 1}]
    tier: Tier = "quick"
    requires: Annotated[str | None, {"pattern": "^!?[a-z_]+$"}] = None
    provisional: bool = False
    outcome: Outcome = Outcome.NOT_RUN
    reason: str = "not reached"
    duration: Annotated[float, {"minimum": 0}] = 0.0
    failure: Failure | None = field(default=None)

    @property
    def pending(self) -> bool:
        """Whether it is still to run."""
        return self.outcome is Outcome.NOT_RUN

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
