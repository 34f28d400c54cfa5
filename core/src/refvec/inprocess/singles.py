"""Adding and removing a single id: what is done most often, planned without a `Draft`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappush
from typing import Any

from .. import failures
from ..state import grown_capacity
from .ledger import Ledger
from .lines import empty, fill, join, leave
from .steps import Call, commit


def drop_one(
    ledger: Ledger,
    chunk_id: str,
    rows: dict[int, Any] | None,
    erasing: Callable[[list[int]], Iterable[Call]],
) -> int | None:
    """Remove an id; return how many were there, or None if another step overtook this one."""
    turn = ledger.turns[-1]
    index = ledger.index.get(chunk_id)
    if index is None:
        return 0
    count = len(ledger.slots.get(index, ())) - 1
    if count > 0:
        return 1 if leave(ledger, turn, chunk_id, index, count) else None
    heappush(ledger.free, index)  # stale until the line below, and then not
    if not empty(ledger, turn, chunk_id, index, {} if rows is None else rows):
        return None
    if rows is None and (calls := list(erasing([index]))):
        # A step of its own: overtaken, the index may hold another row by now, and if not, only memory stays.
        commit(ledger.turns, turn + 1, calls, lambda: None)
    return 1


def reference(ledger: Ledger, turn: int, chunk_id: str, index: int) -> bool:
    """Let a new id reference an active index; return whether it was done, not overtaken by another step."""
    return join(ledger, turn, chunk_id, index, len(ledger.slots.get(index, ())) + 1)


def put_new(
    ledger: Ledger,
    turn: int,
    chunk_id: str,
    key: bytes,
    width: int,
    limit: int | None,
    storing: Callable[[int], Iterable[Call]],
) -> int | None:
    """Store a new vector under a new id; return its index, or None if another step overtook this one."""
    index = next(ledger.reusable(), ledger.allocated)
    if limit is not None and index >= limit:
        raise failures.store_full(limit, index + 1)
    ledger.reserve(index + 1)
    # The row first, as a step of its own: at an index without references nobody reads it.
    if not commit(ledger.turns, turn, storing(index), lambda: None):
        return None
    numbers = width, max(ledger.allocated, index + 1), grown_capacity(ledger.capacity, index)
    return index if fill(ledger, turn + 1, chunk_id, index, key, numbers) else None
