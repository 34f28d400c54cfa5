"""The steps of a single id, each one line of subscripts and attributes.

CPython looks for signals, finalisers and other threads where a function is
entered, where one was called, and where a loop jumps back; not between plain
stores and deletions on dicts, lists and arrays. So these lines are as
uninterruptible as the one call of `steps.commit`, and several times faster.
Whoever edits one must keep every call out of it: between the comparison of the
turn and the store of the next.

The handlers are there for the lack of memory where something grows, and for
tracers, debuggers for instance, which may raise between any two lines.

Each function returns False, and changes nothing, if another step overtook the
plan.
"""

from __future__ import annotations

from typing import Any

from .ledger import Ledger


def leave(ledger: Ledger, turn: int, chunk_id: str, index: int, count: int) -> bool:
    """Remove a present id from its slot, where `count` > 0 references stay."""
    turns, counts, known, after = ledger.turns, ledger.counts, ledger.index, turn + 1
    slot = ledger.slots.get(index, {})
    if turns[-1] != turn:
        return False
    try:
        del slot[chunk_id]
        counts[index] = count
        del known[chunk_id]
        turns[-1] = after
    except BaseException:
        slot.pop(chunk_id, None)
        counts[index] = count
        known.pop(chunk_id, None)
        turns[-1] = after
        raise
    return True


def empty(ledger: Ledger, turn: int, chunk_id: str, index: int, rows: dict[int, Any]) -> bool:
    """Remove a present id, the slot of which it is the last reference, and its row if `rows` holds it."""
    turns, counts, known, after = ledger.turns, ledger.counts, ledger.index, turn + 1
    slots, keys, by_key = ledger.slots, ledger.keys, ledger.by_key
    if turns[-1] != turn:
        return False
    key = keys[index]
    try:
        del by_key[key]
        del keys[index]
        del slots[index]
        counts[index] = 0
        del known[chunk_id]
        rows.pop(index, None)
        turns[-1] = after
    except BaseException:
        rows.pop(index, None)
        by_key.pop(key, None)
        keys.pop(index, None)
        slots.pop(index, None)
        counts[index] = 0
        known.pop(chunk_id, None)
        turns[-1] = after
        raise
    return True


def join(ledger: Ledger, turn: int, chunk_id: str, index: int, count: int) -> bool:
    """Let a new id reference an active index, which then has `count` references."""
    turns, counts, known, after = ledger.turns, ledger.counts, ledger.index, turn + 1
    slot = ledger.slots.get(index, {})
    if turns[-1] != turn:
        return False
    try:
        slot[chunk_id] = None
        known[chunk_id] = index
        counts[index] = count
        turns[-1] = after
    except BaseException:
        slot.pop(chunk_id, None)
        known.pop(chunk_id, None)
        counts[index] = count - 1
        raise
    return True


def fill(
    ledger: Ledger, turn: int, chunk_id: str, index: int, key: bytes, numbers: tuple[int, int, int]
) -> bool:
    """Let a new id be the first reference of a reusable or new index, whose row was stored before.

    `numbers` are the dimension, the allocated indices and the capacity after it.
    """
    turns, counts, known, after = ledger.turns, ledger.counts, ledger.index, turn + 1
    slots, keys, by_key, slot = ledger.slots, ledger.keys, ledger.by_key, {chunk_id: None}
    before = ledger.dimension, ledger.allocated, ledger.capacity
    if turns[-1] != turn:
        return False
    try:
        slots[index] = slot
        keys[index] = key
        by_key[key] = index
        known[chunk_id] = index
        counts[index] = 1
        ledger.dimension, ledger.allocated, ledger.capacity = numbers
        turns[-1] = after
    except BaseException:
        slots.pop(index, None)
        keys.pop(index, None)
        by_key.pop(key, None)
        known.pop(chunk_id, None)
        counts[index] = 0
        ledger.dimension, ledger.allocated, ledger.capacity = before
        raise
    return True
