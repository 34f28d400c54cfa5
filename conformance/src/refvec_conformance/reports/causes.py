"""Failures by what caused them: one fault fails many tests, and is to be read once."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..judging.marks import TIERS
from ..judging.records import Failure, TestRecord
from ..judging.results import BackendResult
from ..telling.forms import UNEXPLAINED

_SUITE = re.compile(r"refvec_conformance[/\\\\]")
# In a sentence: where its call ends, a text, and a name that stands for a value.
_VERB = re.compile(r" (?:raised|returned|is|changed) ")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?![\w(=.])")
_VALUES = {"store", "None", "True", "False", "nan", "inf", "items", "characters", "bytes"}
_FRAME = re.compile(r"^(\S+?):(\d+): in (\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Cause:
    """Tests that failed in the same way.

    Attributes
    ----------
    tests : tuple of TestRecord
        The one that is told first: of the smallest tier, with the shortest sentence.
    """

    tests: tuple[TestRecord, ...]

    @property
    def example(self) -> TestRecord:
        """The test that is told."""
        return self.tests[0]

    @property
    def failure(self) -> Failure:
        """Its failure."""
        assert self.example.failure is not None
        return self.example.failure

    @property
    def sentence(self) -> str:
        """What was called, what was expected, what came back."""
        return self.failure.message.strip().partition("\n")[0] or self.failure.kind

    @property
    def details(self) -> list[str]:
        """The further lines of the message."""
        return self.failure.message.strip().splitlines()[1:]

    @property
    def where(self) -> str:
        """Where in the code an exception was raised, "" for what the suite asserts."""
        return _raised_at(self.failure)

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses of all its tests."""
        return tuple(dict.fromkeys(one for row in self.tests for one in row.clauses))


def causes_of(backend: BackendResult) -> list[Cause]:
    """Return the failures of a backend by cause, plain ones first, of the smallest tier, of most tests.

    What one call tells is read sooner than a timeline of several threads, and is often behind it.
    """
    groups: dict[str, list[TestRecord]] = {}
    for row in backend.failures:
        if row.failure is not None:
            groups.setdefault(_key(row, row.failure), []).append(row)
    found = [Cause(tuple(_ordered(rows))) for rows in groups.values()]
    return sorted(found, key=_order)


def _order(cause: Cause) -> tuple[bool, int, int]:
    return cause.failure.cause == UNEXPLAINED, TIERS.index(cause.example.tier), -len(cause.tests)


def _key(row: TestRecord, failure: Failure) -> str:
    """Return what failures of one cause have in common: a line of the backend's, or how they are told."""
    place = _raised_at(failure)
    if place and not _SUITE.search(place):
        return f"{failure.exceptions[:1]} {place}"
    return failure.cause or f"{failure.kind} {row.id}"


def _raised_at(failure: Failure) -> str:
    frames = [] if failure.kind == "assertion" else _FRAME.findall(failure.traceback)
    return "{}, line {}, in {}".format(*frames[-1]) if frames else ""


def _ordered(rows: list[TestRecord]) -> list[TestRecord]:
    """Put first what is told in the way of most of them, and of these the simplest."""
    told = Counter(row.failure.cause for row in rows if row.failure is not None)
    return sorted(rows, key=lambda row: (-told[row.failure.cause if row.failure else ""], *_simplicity(row)))


def _simplicity(row: TestRecord) -> tuple[int, bool, int, int]:
    """Return what sorts tests: those of small tiers first, whose sentence says most with the least."""
    sentence = row.failure.message.partition("\n")[0] if row.failure else ""
    return TIERS.index(row.tier), _names_left(sentence), sentence.count("("), len(sentence)


def _names_left(sentence: str) -> bool:
    """Return whether the call in a sentence has names for arguments, which nobody can look up."""
    call = _VERB.split(_QUOTED.sub("''", sentence))[0]
    return "*" in call or any(name not in _VALUES for name in _NAME.findall(call.partition("(")[2]))


def title(test: str) -> str:
    """Return what a test is about: its name is a sentence."""
    name, bracket, case = test.partition("::")[2].partition("[")
    return name.removeprefix("test_").replace("_", " ") + bracket + case


def gist(text: str, width: int) -> str:
    """Return the beginning of a clause."""
    return textwrap.shorten(text, width, placeholder=" ...")


def functions_of(rows: Iterable[TestRecord]) -> list[str]:
    """Return the ids of tests without their cases."""
    return list(dict.fromkeys(row.id.partition("[")[0] for row in rows))
