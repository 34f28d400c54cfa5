"""Which tests apply to a backend, and in what order they run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from .. import __version__
from .clauses import clauses, numbers
from .marks import TIERS, Claim, claim_of
from .records import NOT_NAMED, TOO_DEEP, Outcome, TestRecord

_PACKAGE = "refvec_conformance.tests."


@dataclass(frozen=True)
class Choice:
    """What was asked for.

    Attributes
    ----------
    tier : str
        The deepest tier to run.
    contract : str
        The version of the contract.
    only : tuple of str
        Ids of the tests to run; empty for all.
    """

    tier: str
    contract: str
    only: tuple[str, ...] = ()


def spelling_of(item: pytest.Item) -> str | None:
    """Return the spelling of the backend that a test runs on, None if it asks for no backend."""
    found = item.callspec.params.get("target") if hasattr(item, "callspec") else None
    return None if found is None else str(found)


def test_id(item: pytest.Item) -> str:
    """Return the permanent id of a test: module, class, name and case, without the backend."""
    assert isinstance(item, pytest.Function)
    module = item.module.__name__.removeprefix(_PACKAGE)
    owner = "" if item.cls is None else f"{item.cls.__qualname__}::"
    case = item.callspec.id if hasattr(item, "callspec") else ""
    backend = spelling_of(item)
    if backend is not None:
        case = case.removeprefix(backend).removeprefix("-")
    name = getattr(item, "originalname", item.name)
    return f"{module}::{owner}{name}" + (f"[{case}]" if case else "")


def describe(item: pytest.Item, choice: Choice, capabilities: Mapping[str, Any]) -> TestRecord | None:
    """Return the record of a test before it runs, None for a test that is none of the suite's.

    It is `pending` if it is to be run.
    """
    claim = claim_of(item, __version__)
    if claim is None:
        return None
    record = TestRecord(test_id(item), claim.clauses, claim.tier, claim.requires, claim.provisional)
    reason = _inapplicable(claim, choice, capabilities)
    if reason:
        return replace(record, outcome=Outcome.NOT_APPLICABLE, reason=reason)
    if not _named(record.id, choice):
        return replace(record, reason=NOT_NAMED)
    if TIERS.index(claim.tier) > TIERS.index(choice.tier):
        return replace(record, reason=TOO_DEEP)
    return record


def order(items: list[pytest.Item]) -> None:
    """Put the smoke tier of every backend first; the rest keeps its order."""
    places: dict[str | None, int] = {}
    keys = {id(item): _key(item, places) for item in items}
    items.sort(key=lambda item: keys[id(item)])


def _key(item: pytest.Item, places: dict[str | None, int]) -> tuple[int, int]:
    claim = claim_of(item, __version__)
    if claim is None:
        return -1, 0  # whoever mixes the suite with tests of their own has theirs first
    return places.setdefault(spelling_of(item), len(places)), int(claim.tier != TIERS[0])


def _named(test: str, choice: Choice) -> bool:
    return not choice.only or any(test == one or test.startswith(f"{one}[") for one in choice.only)


def _inapplicable(claim: Claim, choice: Choice, capabilities: Mapping[str, Any]) -> str:
    if claim.requires is not None:
        name = claim.requires.removeprefix("!")
        if bool(capabilities.get(name)) == claim.requires.startswith("!"):
            return f"capability {name!r} is {'' if capabilities.get(name) else 'not '}declared"
    judged = any(clauses()[one].in_force(choice.contract) for one in claim.clauses)
    if not judged or numbers(claim.since) > numbers(choice.contract):
        return f"not part of contract {choice.contract}"
    return ""
