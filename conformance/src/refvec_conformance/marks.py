"""How a test says what it judges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from .clauses import clauses

Test = TypeVar("Test", bound=Callable[..., Any])

TIERS = ("smoke", "quick", "standard", "thorough")


def clause(*ids: str, tier: str = "quick", requires: str | None = None) -> Callable[[Test], Test]:
    """Mark a test with the clauses that it judges.

    Parameters
    ----------
    *ids : str
        Ids of clauses.
    tier : {"smoke", "quick", "standard", "thorough"}
        The smallest tier that runs the test; the smoke tier must pass for the others to mean anything.
    requires : str, optional
        The capability without which the clause does not apply.
    """
    unknown = set(ids) - clauses().keys()
    if not ids or unknown or tier not in TIERS:
        raise ValueError(f"clause{ids} tier={tier!r}: unknown clauses {sorted(unknown)}, or no such tier")
    return pytest.mark.clause(*ids, tier=tier, requires=requires)
