"""Looking for one order of the calls that explains every result.

The algorithm is Wing and Gong's (1993), memoised as by Lowe (2017).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..oracle.model import Contents
from .history import BATCHES, Call, History
from .sequential import Sequential

_EMPTY = Contents()
# What these calls return, or do, depends on one id each (indices aside).
_LOCAL = {*BATCHES, *BATCHES.values()}


def is_linearizable(history: History, model: Sequential, initial: Contents = _EMPTY) -> bool:
    """Return whether the history is linearizable."""
    return explanation(history, model, initial) is not None


def explanation(history: History, model: Sequential, initial: Contents = _EMPTY) -> list[Call] | None:
    """Return the calls in an order that explains every result, or None if there is none.

    Parameters
    ----------
    history : list of Call
        Of a split history, the parts are explained one after the other.
    model : Sequential
    initial : Contents
        The state before the history.
    """
    order: list[Call] = []
    for part in parts(history, model):
        found = _ordered(model.prepared(part), model, initial)
        if found is None:
            return None
        order += found
    return order


def parts(history: History, model: Sequential) -> list[History]:
    """Split a history into parts that share no id, where results allow it.

    Linearizability is local: a history is linearizable when its parts are,
    if the parts are about different objects. Ids are different objects only
    while no result compares indices, sizes, orders or dimensions.
    """
    coupled = model.dense or len(model.labels.widths) > 1
    if coupled or not all(call.op.name in _LOCAL for call in history):
        return [history]
    groups: list[tuple[set[str], set[int]]] = []
    for position, call in enumerate(history):
        ids, members = _ids(call), {position}
        for group in [group for group in groups if group[0] & ids]:
            groups.remove(group)
            ids, members = ids | group[0], members | group[1]
        groups.append((ids, members))
    return [[history[position] for position in sorted(members)] for _, members in groups]


def _ids(call: Call) -> set[str]:
    ids = call.op.args[0]
    return set(ids) if isinstance(ids, tuple) else {ids}


def _ordered(history: History, model: Sequential, initial: Contents) -> list[Call] | None:
    """Search depth first, one frame for each call taken, and never the same (calls taken, state) twice."""
    needed = sum(1 << position for position, call in enumerate(history) if call.needed)
    seen = {(0, initial)}
    taken: list[int] = []
    frames = [_next(history, model, 0, initial)]
    if not needed:
        return []
    while frames:
        step = next(frames[-1], None)
        if step is None:
            frames.pop()
            del taken[len(taken) - 1 :]
            continue
        position, mask, state = step
        if (mask, state) in seen:
            continue
        seen.add((mask, state))
        taken.append(position)
        if mask & needed == needed:
            return [history[one] for one in taken]
        frames.append(_next(history, model, mask, state))
    return None


def _next(
    history: History, model: Sequential, mask: int, state: Contents
) -> Iterator[tuple[int, int, Contents]]:
    """Yield the calls that may come next and agree with their results: (position, mask, state)."""
    waiting = [position for position in range(len(history)) if not mask >> position & 1]
    horizon = min(history[position].returned for position in waiting if history[position].needed)
    # Who was never needed holds nobody up, and is over when its time is.
    begun = max((call.invoked for position, call in enumerate(history) if mask >> position & 1), default=0)
    for position in waiting:
        call = history[position]
        if call.invoked > horizon or (call.after is not None and not mask >> call.after & 1):
            continue
        if not call.needed and call.returned < begun:
            continue
        after, outcome = model.step(state, call.op)
        if call.outcome is None or model.agree(call.op, outcome, call.outcome):
            yield position, mask | 1 << position, after
