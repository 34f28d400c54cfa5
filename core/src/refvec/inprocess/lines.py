"""The steps of a single id, each one line of subscripts and attributes.

CPython looks for signals, finalisers and other threads where a function is
entered, where one was called, and where a loop jumps back; not between plain
stores and deletions on dicts, lists and arrays. So these lines are as
uninterruptible as the one call of `steps.commit`, and several times faster.
Whoever edits one must keep every call out of it: between the comparison of the
turn and the store of the next. And what a step may replace, such as `counts`,
is looked up after the last call before them.

The handlers are there for the lack of memory where something grows, and for
tracers, debuggers for instance, which may raise between any two lines. They
take back first that an id is known: a reader may look without the lock.

A journaled store notes each step too: what is noted is the first thing that
can fail. Adding a list that was made before to a list is no call either.

Each function returns False, and changes nothing, if another step overtook the
plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .ledger import Journal, Ledger, members


def _is_noted(journal: Journal, noted: Sequence[object]) -> bool:
    return bool(journal.events and journal.events[-1] is noted[0])


def _take_back(journal: Journal, noted: Sequence[object]) -> None:
    if _is_noted(journal, noted):
        journal.events.pop()


def leave(ledger: Ledger, turn: int, chunk_id: str, index: int, count: int) -> bool:
    """Remove a present id from its slot, where `count` > 0 references stay."""
    turns, known, after = ledger.turns, ledger.index, turn + 1
    slot: Any = ledger.slots.get(index)  # a dict, since more than one id is in it
    journal = ledger.journal
    if journal is not None:
        events, noted = journal.events, [(chunk_id, -1)]
    counts = ledger.counts
    if turns[-1] != turn:
        return False
    try:
        if journal is not None:
            events += noted
        del slot[chunk_id]
        counts[index] = count
        del known[chunk_id]
        turns[-1] = after
    except BaseException:
        if journal is not None and not _is_noted(journal, noted):
            raise  # nothing has happened
        slot.pop(chunk_id, None)
        counts[index] = count
        known.pop(chunk_id, None)
        turns[-1] = after
        raise
    return True


def empty(ledger: Ledger, turn: int, chunk_id: str, index: int, rows: dict[int, Any] | None) -> bool:
    """Remove a present id, the slot of which it is the last reference, and its row if `rows` holds it."""
    having = rows if rows is not None and index in rows else None
    journal = ledger.journal
    if journal is not None:
        events, noted = journal.events, [(chunk_id, -1)]
        held = journal.held
    turns, counts, known, after = ledger.turns, ledger.counts, ledger.index, turn + 1
    slots, tokens, by_token = ledger.slots, ledger.tokens, ledger.by_token
    if turns[-1] != turn:
        return False
    token = tokens[index]
    try:
        if journal is not None:
            held[index] = None
            events += noted
        del by_token[token]
        del tokens[index]
        del slots[index]
        counts[index] = 0
        del known[chunk_id]
        if having is not None:
            del having[index]
        turns[-1] = after
    except BaseException:
        if journal is not None and not _is_noted(journal, noted):
            held.pop(index, None)
            raise
        if having is not None:
            having.pop(index, None)
        by_token.pop(token, None)
        tokens.pop(index, None)
        slots.pop(index, None)
        counts[index] = 0
        known.pop(chunk_id, None)
        turns[-1] = after
        raise
    return True


def join(ledger: Ledger, turn: int, chunk_id: str, index: int, count: int) -> bool:
    """Let a new id reference an active index, which then has `count` references."""
    turns, known, slots, after = ledger.turns, ledger.index, ledger.slots, turn + 1
    before = slots.get(index, "")
    slot = before if type(before) is dict else dict.fromkeys(members(before))
    journal = ledger.journal
    if journal is not None:
        events, noted = journal.events, [(chunk_id, index)]
    counts = ledger.counts
    if turns[-1] != turn:
        return False
    try:
        if journal is not None:
            events += noted
        slot[chunk_id] = None
        slots[index] = slot
        known[chunk_id] = index
        counts[index] = count
        turns[-1] = after
    except BaseException:
        known.pop(chunk_id, None)
        slot.pop(chunk_id, None)
        if journal is not None:
            _take_back(journal, noted)
        slots[index] = before
        counts[index] = count - 1
        raise
    return True


def fill(
    ledger: Ledger,
    turn: int,
    chunk_id: str,
    index: int,
    token: int,
    place: tuple[Any, Any],
    allocated: int,
    capacity: int,
) -> bool:
    """Let a new id be the first reference of a reusable or new index, and keep its row (see `_placing`)."""
    journal = ledger.journal
    if journal is not None:
        events, noted = journal.events, [(chunk_id, index)]
        written, one = journal.written, [index]
    turns, counts, known, after = ledger.turns, ledger.counts, ledger.index, turn + 1
    slots, tokens, by_token = ledger.slots, ledger.tokens, ledger.by_token
    before, (rows, row) = (ledger.allocated, ledger.capacity), place
    if turns[-1] != turn:
        return False
    try:
        rows[index] = row  # should the rest fail: at an index without references nobody reads it
        if journal is not None:
            written += one  # nor is it told of an index without references
            events += noted
        slots[index] = chunk_id
        tokens[index] = token
        by_token[token] = index
        known[chunk_id] = index
        counts[index] = 1
        ledger.allocated, ledger.capacity = allocated, capacity
        turns[-1] = after
    except BaseException:
        known.pop(chunk_id, None)
        if journal is not None:
            _take_back(journal, noted)
        slots.pop(index, None)
        tokens.pop(index, None)
        by_token.pop(token, None)
        counts[index] = 0
        ledger.allocated, ledger.capacity = before
        raise
    return True


def collide(ledger: Ledger, turn: int, digest: int, index: int | None, token: int) -> bool:
    """Let a digest be no token any more; the vector that had it, at `index` if there is one, gets another."""
    turns, tokens, by_token, collided, after = (
        ledger.turns,
        ledger.tokens,
        ledger.by_token,
        ledger.collided,
        turn + 1,
    )
    if turns[-1] != turn:
        return False
    try:
        collided[digest] = None
        if index is not None:
            by_token[token] = index
            tokens[index] = token
            del by_token[digest]
        turns[-1] = after
    except BaseException:
        collided.pop(digest, None)
        if index is not None:
            by_token.pop(token, None)
            tokens[index] = digest
            by_token[digest] = index
        raise
    return True
