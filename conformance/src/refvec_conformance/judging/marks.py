"""How a test says what it judges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from refvec import Capabilities

from ..testbed import POWERS
from .clauses import clauses, numbers

Test = TypeVar("Test", bound=Callable[..., Any])

TIERS = ("smoke", "quick", "standard", "thorough")


def clause(
    *ids: str,
    tier: str = "quick",
    requires: str | None = None,
    since: str = "1.0",
    needs: tuple[str, ...] = (),
) -> Callable[[Test], Test]:
    """Mark a test with the clauses that it judges.

    Parameters
    ----------
    *ids : str
        Ids of clauses.
    tier : {"smoke", "quick", "standard", "thorough"}
        The smallest tier that runs the test; the smoke tier must pass for the others to mean anything.
    requires : str, optional
        "search" applies the test only to backends that declare that capability,
        "!search" only to those that do not: the test of the refusal.
    since : str
        The version of the contract from which on the test applies.
    needs : tuple of str
        What the test does to the servers of a networked backend: powers of its test bed.
    """
    unknown = set(ids) - clauses().keys()
    if not ids or unknown or tier not in TIERS:
        raise ValueError(f"clause{ids} tier={tier!r}: unknown clauses {sorted(unknown)}, or no such tier")
    if requires is not None and not isinstance(getattr(Capabilities(), requires.lstrip("!"), None), bool):
        raise ValueError(f"clause{ids} requires={requires!r}: no such capability")
    if set(needs) - set(POWERS):
        raise ValueError(f"clause{ids} needs={needs!r}: a test bed has only {POWERS}")
    return pytest.mark.clause(*ids, tier=tier, requires=requires, since=since, needs=needs)


def provisional(since: str) -> Callable[[Test], Test]:
    """Mark a new test: for one minor version of the suite it is counted and fails nobody.

    Parameters
    ----------
    since : str
        The version of the suite that brought it, "major.minor".
    """
    numbers(since)
    return pytest.mark.provisional(since=since)


@dataclass(frozen=True)
class Claim:
    """What the marks of a test say."""

    clauses: tuple[str, ...]
    tier: str
    requires: str | None
    since: str
    provisional: bool
    needs: tuple[str, ...] = ()


def claim_of(item: pytest.Item, suite: str) -> Claim | None:
    """Return the claim of a test, None for a test that is none of the suite's.

    Parameters
    ----------
    item : pytest.Item
        The test.
    suite : str
        The version of the suite, which decides what is still provisional.
    """
    mark = item.get_closest_marker("clause")
    if mark is None:
        return None
    new = item.get_closest_marker("provisional")
    return Claim(
        tuple(str(one) for one in mark.args),
        mark.kwargs.get("tier", "quick"),
        mark.kwargs.get("requires"),
        mark.kwargs.get("since", "1.0"),
        new is not None and numbers(new.kwargs["since"]) >= numbers(suite),
        tuple(mark.kwargs.get("needs", ())),
    )
