"""The smallest part of a failing history that still cannot be explained."""

from __future__ import annotations

import math
from dataclasses import replace

from ..oracle.model import Contents
from .checking import is_linearizable, parts
from .history import READS, Call, History
from .sequential import Sequential

_EMPTY = Contents()


def smallest_failure(history: History, model: Sequential, initial: Contents = _EMPTY) -> History:
    """Return a smallest non-linearizable part of a history that is not linearizable.

    Greedy, and honest: a read is left out altogether, but a write only by
    letting it take effect at any later time or never, so that what remains
    is not to be explained by a call that is no longer shown.
    """
    kept = next(part for part in parts(history, model) if not is_linearizable(part, model, initial))
    kept = _cut(kept, model, initial)
    for call in sorted(kept, key=lambda call: -call.invoked):
        without = _without(kept, call)
        if not is_linearizable(without, model, initial):
            kept = without
    return [call for call in kept if call.needed]


def _cut(history: History, model: Sequential, initial: Contents) -> History:
    """End the history at the first response that makes it fail."""
    for end in sorted(call.returned for call in history):
        begun = [call if call.returned <= end else _pending(call) for call in history if call.invoked <= end]
        if not is_linearizable(begun, model, initial):
            return begun
    return history


def _without(history: History, call: Call) -> History:
    if call.op.name in READS or call.failed:
        return [one for one in history if one != call]
    return [_pending(one) if one == call else one for one in history]


def _pending(call: Call) -> Call:
    return replace(call, returned=math.inf, outcome=None, needed=False)
