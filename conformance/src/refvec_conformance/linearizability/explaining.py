"""A history that no order explains, told to the author of the backend."""

from __future__ import annotations

from ..oracle.model import Contents
from ..telling.forms import UNEXPLAINED, Telling
from .checking import is_linearizable
from .history import History
from .sequential import Sequential
from .shrinking import smallest_failure
from .timeline import drawn

_FEW = 3


class UnexplainedError(AssertionError):
    """Calls have results that no order of them explains.

    Parameters
    ----------
    part : list of Call
        A smallest part of the history that has no explanation.

    Attributes
    ----------
    telling : Telling
        The calls and their results, and when they were under way.
    """

    def __init__(self, part: History) -> None:
        calls = [f"{call} in {call.thread}" for call in part]
        listed = "; ".join(calls[:_FEW]) + (f"; and {len(calls) - _FEW} more" if len(calls) > _FEW else "")
        overlapping = "calls that overlap" if len({call.thread for call in part}) > 1 else "calls of one thread"
        sentence = f"{listed}: {overlapping}; expected results that some order of the calls explains"
        self.telling = Telling(sentence, UNEXPLAINED, drawn(part))
        super().__init__(f"{sentence}\n\n{drawn(part)}")


def explain(history: History, model: Sequential, initial: Contents) -> None:
    """Raise `UnexplainedError` if no order of the calls explains every result."""
    if not is_linearizable(history, model, initial):
        raise UnexplainedError(smallest_failure(history, model, initial))
