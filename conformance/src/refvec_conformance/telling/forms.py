"""What is told of a failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

UNEXPLAINED = "no order of calls explains their results"  # the cause of a failure that is told by a timeline
CHANGED = "the store has changed"  # what `probes.atomicity.unchanged` says


@dataclass(frozen=True)
class Telling:
    """How a failure is told.

    Attributes
    ----------
    sentence : str
        What was called, what was expected, what came back.
    cause : str
        What failures of the same fault are likely to have in common.
    details : str
        Further lines.
    """

    sentence: str
    cause: str
    details: str = ""


@dataclass(frozen=True)
class Comparison:
    """A comparison that did not hold.

    Attributes
    ----------
    operator : str
        As in source.
    left, right : object
        Its operands.
    """

    operator: str
    left: Any
    right: Any
