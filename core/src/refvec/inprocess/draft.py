"""What a step will change, worked out while nothing changes yet."""

from __future__ import annotations

import operator
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, cast

import numpy as np

from .. import failures
from ..state import grown_capacity
from .ledger import Journal, Ledger, Slot, members, size_of
from .steps import Call


class Draft:
    """One step on a ledger: references that come and go, as they will be after it.

    Each id is treated at most once in a step, so an id never leaves a slot
    that it came to in the same step, and a slot that an id came to is never
    freed by it.
    """

    def __init__(self, ledger: Ledger, max_vectors: int | None = None) -> None:
        self._ledger = ledger
        self._limit = max_vectors
        self._index: dict[str, int] = {}  # id -> its new index
        self._left: list[tuple[str, int]] = []  # (id, the index that it references no longer)
        self._tokens: dict[int, int | None] = {}  # token of a vector -> its new index, or None where it goes
        self._joined: dict[int, Slot] = {}  # index -> the ids that come to it
        self._counts: dict[int, int] = {}  # index -> references after the step
        self._freed: list[int] = []  # a heap: freed in this step, and reusable in it
        self._reusable = ledger.reusable()
        self._next = next(self._reusable, None)  # the lowest reusable index of before
        self._events: list[tuple[str | None, int]] = []
        self._dropped: list[str] = []
        self._allocated, self._capacity = ledger.allocated, ledger.capacity
        self._merged: list[
            tuple[dict[Any, Any], dict[Any, Any], dict[Any, Any]]
        ] = []  # (dict, new, old) for `undo`
        self._noted: list[tuple[list[Any], int]] = []  # (list, its length before) for `undo`
        self.written: dict[int, int] = {}  # index -> the position of the row that it will hold

    def check_new(self, ids: list[str]) -> None:
        """Raise for the lowest position whose id is present, or stands earlier in the batch."""
        known = self._ledger.index
        if len(ids) == 1:
            if ids[0] in known:
                raise failures.duplicate_id(ids[0], 0)
            return
        distinct = set(ids)
        if len(distinct) == len(ids) and known.keys().isdisjoint(distinct):
            return
        seen: set[str] = set()
        for position, chunk_id in enumerate(ids):
            if chunk_id in known or chunk_id in seen:
                raise failures.duplicate_id(chunk_id, position, repeated=chunk_id not in known)
            seen.add(chunk_id)

    def refer_all(self, ids: list[str], tokens: list[int]) -> list[int]:
        """Let ids reference the vectors of these tokens, item by item in order; return the indices."""
        ledger = self._ledger
        if (
            ledger.index.keys().isdisjoint(ids)
            and ledger.by_token.keys().isdisjoint(tokens)
            and len(set(tokens)) == len(tokens)
        ):
            return self._all_new(ids, tokens)
        return list(map(self._refer, ids, tokens, range(len(ids))))

    def _all_new(self, ids: list[str], tokens: list[int]) -> list[int]:
        """Let new ids reference new vectors, all different: the same as one by one, and many times faster."""
        taken: list[int] = []
        while self._next is not None and len(taken) < len(ids):
            taken.append(self._take())
        taken += self._append(len(ids) - len(taken))
        self._index = dict(zip(ids, taken, strict=True))
        self._tokens = dict(zip(tokens, taken, strict=True))
        self._joined = dict(zip(taken, ids, strict=True))
        self._counts = dict.fromkeys(taken, 1)
        self.written = dict(zip(taken, range(len(taken)), strict=True))
        if self._ledger.journal is not None:
            self._events = list(zip(ids, taken, strict=True))
        return taken

    def _append(self, count: int) -> range:
        """Return so many indices that were never allocated."""
        first, end = self._allocated, self._allocated + count
        if self._limit is not None and end > self._limit:
            raise failures.store_full(self._limit, max(first, self._limit) + 1)
        while self._capacity < end:
            self._capacity = grown_capacity(self._capacity, max(first, self._capacity))
        self._allocated = end
        return range(first, end)

    def _refer(self, chunk_id: str, token: int, position: int) -> int:
        old = self._ledger.index.get(chunk_id)
        index = self._tokens[token] if token in self._tokens else self._ledger.by_token.get(token)
        if index is None:
            index = self._take()
            self._tokens[token] = index
            self.written[index] = position
        if index != old:
            self._join(chunk_id, index)
            if old is not None:
                self._leave(chunk_id, old)
        return index

    def drop(self, chunk_id: str) -> None:
        """Remove a present id."""
        self._dropped.append(chunk_id)
        self._events.append((chunk_id, -1))
        self._leave(chunk_id, self._ledger.index[chunk_id])

    def _take(self) -> int:
        """Return the lowest index that is reusable at this moment of the step, else the next new one."""
        if self._freed and (self._next is None or self._freed[0] < self._next):
            return heappop(self._freed)
        if self._next is not None:
            index, self._next = self._next, next(self._reusable, None)
            return index
        return self._append(1)[0]

    def _join(self, chunk_id: str, index: int) -> None:
        joined = self._joined.get(index)
        if joined is None:
            self._joined[index] = chunk_id
        elif type(joined) is dict:
            joined[chunk_id] = None
        else:
            self._joined[index] = {cast(str, joined): None, chunk_id: None}
        self._counts[index] = self._count(index) + 1
        self._index[chunk_id] = index
        self._events.append((chunk_id, index))

    def _leave(self, chunk_id: str, index: int) -> None:
        self._left.append((chunk_id, index))
        self._counts[index] = left = self._count(index) - 1
        if not left:
            # The token of before: a slot that is filled in this step is not freed in it.
            self._tokens[self._ledger.tokens[index]] = None
            if self._ledger.journal is None:
                heappush(self._freed, index)

    def _count(self, index: int) -> int:
        found = self._counts.get(index)
        if found is None:
            return size_of(self._ledger.slots.get(index))
        return found

    # The changes as calls (see `steps`)

    @property
    def retaken(self) -> list[int]:
        """Indices that were active before, and get another row in this step."""
        return [index for index in self.written if index in self._ledger.slots] if self._left else []

    @property
    def emptied(self) -> list[int]:
        """Indices that were active before and are free after."""
        if not self._left:
            return []
        return [index for index, count in self._counts.items() if not count and index in self._ledger.slots]

    def calls(self, dimension: int | None) -> list[Call]:
        """Return the calls that make the changes.

        First everything that may need memory, and whose effects `undo` knows;
        then what only deletes and overwrites.
        """
        self._ledger.reserve(self._allocated)
        return [*self._growing(), *self._shrinking(), self._numbers(dimension)]

    def _growing(self) -> list[Call]:
        ledger = self._ledger
        by_token = {token: index for token, index in self._tokens.items() if index is not None}
        slots, shared = self._slots()
        calls = [
            self._merge(ledger.by_token, by_token),
            self._merge(ledger.tokens, {index: token for token, index in by_token.items()}),
            self._merge(ledger.slots, slots),
        ]
        calls += [self._merge(*pair) for pair in shared]
        calls += self._freeing()
        if ledger.journal is not None:
            calls += self._noting(ledger.journal)
        return [*calls, _counting(ledger, self._counts), self._merge(ledger.index, self._index)]

    def _slots(self) -> tuple[dict[int, Slot], list[tuple[dict[str, None], dict[str, None]]]]:
        """Return the slots that are replaced, and those that grow, each with the ids that come to it."""
        replaced: dict[int, Slot] = {}
        shared: list[tuple[dict[str, None], dict[str, None]]] = []
        left = dict(self._left)
        for index, ids in self._joined.items():
            before = None if index in self.written else self._ledger.slots.get(index)
            if before is None:
                replaced[index] = ids
                continue
            new = dict.fromkeys(members(ids))
            if type(before) is dict:
                shared.append((before, new))
            elif left.get(cast(str, before)) == index:
                replaced[index] = new
            else:
                replaced[index] = dict.fromkeys(members(before)) | new
        return replaced, shared

    def _merge(self, kept: dict[Any, Any], new: dict[Any, Any]) -> Call:
        old = {} if kept.keys().isdisjoint(new) else {one: kept[one] for one in new.keys() & kept.keys()}
        self._merged.append((kept, new, old))
        return operator.ior, kept, new

    def _noting(self, journal: Journal) -> list[Call]:
        self._noted = [(journal.events, len(journal.events)), (journal.written, len(journal.written))]
        return [
            (operator.iadd, journal.events, self._events),
            (operator.iadd, journal.written, list(self.written)),
        ]

    def _freeing(self) -> list[Call]:
        journal = self._ledger.journal
        if journal is None:
            return [(heappush, self._ledger.free, index) for index in self._freed]
        return [self._merge(journal.held, dict.fromkeys(self.emptied))]

    def _shrinking(self) -> list[Call]:
        slots, tokens, by_token = self._ledger.slots, self._ledger.tokens, self._ledger.by_token
        if not self._left:
            return []
        calls: list[Call] = [
            (operator.delitem, slots[index], chunk_id) for chunk_id, index in self._left if self._stays(index)
        ]
        calls += [(operator.delitem, self._ledger.index, chunk_id) for chunk_id in self._dropped]
        calls += [(operator.delitem, held, index) for index in self.emptied for held in (slots, tokens)]
        calls += [
            (operator.delitem, by_token, token)
            for token, index in self._tokens.items()
            if index is None and token in by_token
        ]
        return calls

    def _stays(self, index: int) -> bool:
        """Whether the slot of before is that of after: shared, not emptied, and not filled anew."""
        shared = type(self._ledger.slots[index]) is dict
        return shared and bool(self._counts[index]) and index not in self.written

    def _numbers(self, dimension: int | None) -> Call:
        numbers: dict[str, Any] = {"allocated": self._allocated, "capacity": self._capacity}
        numbers["dimension"] = dimension
        numbers["reordered"] = self._ledger.reordered or bool(self._left and self._joined)
        return operator.ior, vars(self._ledger), numbers

    def undo(self) -> None:
        """Put the ledger back after a growing call ran out of memory; this needs none."""
        for kept, new, old in self._merged:
            for one in new:
                if one in old:
                    kept[one] = old[one]
                else:
                    kept.pop(one, None)
        for noted, length in self._noted:
            del noted[length:]
        for index in self._counts:
            self._ledger.counts[index] = size_of(self._ledger.slots.get(index))


def _counting(ledger: Ledger, counts: dict[int, int]) -> Call:
    if len(counts) == 1:
        ((index, count),) = counts.items()
        return operator.setitem, ledger.counts, index, count
    indices = np.fromiter(counts, np.int64, len(counts))
    return operator.setitem, ledger.counts, indices, np.fromiter(counts.values(), np.int64, len(counts))


def clearing(ledger: Ledger) -> tuple[list[Call], Callable[[], None]]:
    """Return the calls of a step that removes every id, and how to undo them."""
    journal, active = ledger.journal, ledger.active().tolist()
    after: dict[str, Any] = {"index": {}, "slots": {}, "by_token": {}, "tokens": {}, "reordered": False}
    after["complete"] = True
    after["counts"] = np.zeros_like(ledger.counts)
    if journal is None:
        after["free"] = list(range(ledger.allocated))
        return [(operator.ior, vars(ledger), after)], lambda: None
    events, held = len(journal.events), dict.fromkeys(active)
    calls: list[Call] = [(operator.iadd, journal.events, [(None, -1)]), (operator.ior, journal.held, held)]

    def undo() -> None:
        del journal.events[events:]
        for index in active:
            journal.held.pop(index, None)

    return [*calls, (operator.ior, vars(ledger), after)], undo
