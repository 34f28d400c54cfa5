"""Who references what: the bookkeeping of a store in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import failures
from ..state import Layout, Size, State

_FIRST_COUNTS = 64
# The ids of one vector, in the order in which they came to it. Most have one, and a dict takes 200 bytes more.
Slot: TypeAlias = str | dict[str, None]


def members(slot: Slot) -> Iterable[str]:
    """Return the ids of a slot."""
    return slot if type(slot) is dict else (slot,)  # type: ignore[return-value]


def size_of(slot: Slot | None) -> int:
    """Return the number of ids of a slot; None is an inactive one."""
    return len(slot) if type(slot) is dict else int(slot is not None)


def _slots_of(layout: Layout) -> dict[int, Slot]:
    return {index: dict.fromkeys(ids) if len(ids) > 1 else ids[0] for index, ids in layout.slots().items()}


class Journal:
    """What changed since it was last handed over (DUR-8).

    Attributes
    ----------
    events : list of (str or None, int)
        As in `Changes`.
    written : list of int
        Indices whose row was written.
    held : dict of int to None
        Freed indices that may not be taken again yet.
    """

    def __init__(self) -> None:
        self.events: list[tuple[str | None, int]] = []
        self.written: list[int] = []
        self.held: dict[int, None] = {}


class Ledger:
    """Ids, slots, reference counts and free indices; not the rows.

    Invariants: ``counts[i] == size_of(slots[i])`` and i is in `tokens` for every
    active index, 0 and in neither for every other; `by_token` is the inverse
    of `tokens`. `free` holds every reusable index, and may hold stale ones: who
    takes an index skips those that are active. So nothing need be removed from
    it in a step. One that is held back may be stale in it too: from when it was
    reusable the last time.

    Attributes
    ----------
    complete : bool
        False from the opening of a durable store until its rows are wanted for
        the first time: meanwhile there are no tokens.
    turns : list of int
        ``[0, n]`` between steps. A step first removes the number that it was
        planned for, and last appends the next: a plan that another step
        overtook fails before it changes anything, and a step that was cut in
        half by a fork shows.
    """

    def __init__(self, dimension: int | None, capacity: int, journal: Journal | None) -> None:
        self.index: dict[str, int] = {}  # id -> index, in the order of arrival
        self.slots: dict[int, Slot] = {}  # index -> its ids
        self.by_token: dict[int, int] = {}  # token of a vector (see `tokens`) -> index
        self.tokens: dict[int, int] = {}  # index -> token
        self.collided: dict[int, None] = {}  # digests that are no token any more
        self.tied: dict[int, int] = {}  # long digest -> the highest number of 2^64 that was ever added to it
        self.counts: NDArray[np.int64] = np.zeros(_FIRST_COUNTS, np.int64)
        self.free: list[int] = []  # a heap
        self.allocated = 0
        self.capacity = capacity
        self.dimension = dimension
        self.reordered = (
            False  # whether an upsert ever made the order within a slot another than that of all ids
        )
        self.journal = journal
        self.complete = True
        self.turns = [0, 1]

    def restore(self, state: State) -> None:
        """Take over everything of a state but its rows, and the tokens of these."""
        layout = state.layout
        id_indices = layout.id_indices.tolist()
        alone = len(layout.indices) == len(layout.ids)  # every id is the only one of its slot
        self.slots = dict(zip(id_indices, layout.ids, strict=True)) if alone else _slots_of(layout)
        self.index = dict(zip(layout.ids, id_indices, strict=True))
        self.counts = np.bincount(layout.id_indices, minlength=layout.allocated + _FIRST_COUNTS)
        free = layout.free().tolist()  # ascending, hence a heap
        if state.held and self.journal is not None:
            self.journal.held = dict.fromkeys(free)
        else:
            self.free = free
        self.allocated, self.capacity = layout.allocated, layout.capacity
        self.reordered = not alone  # perhaps
        self.complete = not len(layout.indices)

    def enter(self, indices: NDArray[np.int64], tokens: list[int]) -> None:
        """Take over the tokens of rows."""
        self.tokens.update(zip(indices.tolist(), tokens, strict=True))
        self.by_token.update(zip(tokens, indices.tolist(), strict=True))

    # Looking

    def resolve(self, at: list[str] | NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Return the indices of ids, or the active ones of indices, or all; the first bad one raises."""
        if at is None:
            return self.active()
        if isinstance(at, list):
            return self._of_ids(at)
        self.refcounts(at)
        return at

    def _of_ids(self, ids: list[str]) -> NDArray[np.int64]:
        known = self.index
        try:
            return np.array([known[chunk_id] for chunk_id in ids], np.int64)
        except KeyError:
            position = next(j for j, chunk_id in enumerate(ids) if chunk_id not in known)
            raise failures.unknown_id(ids[position], position) from None

    def find(self, ids: list[str]) -> NDArray[np.int64]:
        """Return the index of every id, -1 where it is absent."""
        known = self.index
        return np.array([known.get(chunk_id, -1) for chunk_id in ids], np.int64)

    def refcounts(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the references to every index; the first inactive one raises."""
        if len(indices) and indices.view(np.uint64).max() < self.allocated:  # negative ones are huge there
            counts = self.counts.take(indices)
        else:
            inside = (indices >= 0) & (indices < self.allocated)
            counts = np.where(inside, self.counts[np.where(inside, indices, 0)], 0)
        if not counts.all():
            position = int(np.flatnonzero(counts == 0)[0])
            raise failures.invalid_index(int(indices[position]), self.allocated, position)
        return counts

    def ids_at(self, index: NDArray[np.int64]) -> list[str]:
        """Return the ids of one slot, in the order in which they came to it; an inactive one raises."""
        self.refcounts(index)
        return list(members(self.slots[int(index[0])]))

    def active(self) -> NDArray[np.int64]:
        """Return the active indices, ascending."""
        return np.flatnonzero(self.counts).astype(np.int64, copy=False)

    def size(self) -> Size:
        """Return the counts of now."""
        return Size(len(self.slots), len(self.index), self.allocated, self.capacity, self.dimension)

    def layout(self) -> Layout:
        """Return who references what now."""
        ids, indices = list(self.index), np.array(list(self.index.values()), np.int64)
        order = self._slot_order() if self.reordered else None
        return Layout(ids, indices, order, self.allocated, self.capacity, self.dimension)

    def _slot_order(self) -> NDArray[np.int64]:
        place = {chunk_id: position for position, chunk_id in enumerate(self.index)}
        order = [place[chunk_id] for slot in sorted(self.slots) for chunk_id in members(self.slots[slot])]
        return np.array(order, np.int64)

    def narrowed(self, within: list[str]) -> dict[int, dict[str, None]]:
        """Return the slots that these distinct ids reference, with only those ids, in their order."""
        found: dict[int, dict[str, None]] = {}
        for chunk_id in within:
            index = self.index.get(chunk_id)
            if index is not None:
                found.setdefault(index, {})[chunk_id] = None
        allowed = set(within)
        for index, ids in found.items():
            if len(ids) > 1:
                found[index] = {one: None for one in members(self.slots[index]) if one in allowed}
        return found

    # Before a step: what follows changes how things are kept, never what is kept.

    def reserve(self, slots: int) -> None:
        """Have room to count the references of so many slots."""
        while slots > len(self.counts):
            before = self.counts
            counts = np.zeros(max(slots, len(before) * 3 // 2), np.int64)
            counts[: len(before)] = before
            if self.counts is before:  # else a finaliser was faster, and may have counted in its own
                self.counts = counts

    def reusable(self) -> Iterator[int]:
        """Yield the reusable indices from the lowest; it stays true while nothing else changes.

        It walks down the heap instead of popping from it: in O(log k) for the k-th.
        """
        heap, counts = self.free, self.counts
        held = () if self.journal is None else self.journal.held
        while heap and (counts[heap[0]] or heap[0] in held):
            heappop(heap)  # stale
        edge = [(heap[0], 0)] if heap else []
        before = -1
        while edge:
            index, at = heappop(edge)
            for child in (2 * at + 1, 2 * at + 2):
                if child < len(heap):
                    heappush(edge, (heap[child], child))
            if index != before and not counts[index] and index not in held:
                yield index
            before = index
