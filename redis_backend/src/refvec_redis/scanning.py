"""The whole store as one state: ids as the directory says, and their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from refvec import Layout, State

from .entries import BIRTH_AT, TOKEN, indices_of
from .reading import Reading, decoded, stale

T = TypeVar("T")
_BLOCK = 2**18  # bytes of rows that travel in one round: each is in memory several times on its way
_TRIES = 3


def at_once(dimension: int | None) -> int:
    """Return how many rows travel in one round, so that a store is never in memory as a whole."""
    return max(1, _BLOCK // (4 * (dimension or 1)))


class _Churn(Exception):  # noqa: N818 - nobody sees it
    """Another client removed what was being read."""


class Scan:
    """One look at the directory.

    Parameters
    ----------
    reading : Reading
        How to read.
    initial_capacity, dimension
        Of the store.
    """

    def __init__(self, reading: Reading, initial_capacity: int, dimension: int | None) -> None:
        self._reading = reading
        self._initial_capacity, self._dimension = initial_capacity, dimension
        # By the clocks of the clients: for one client that is the order in which it added them.
        pairs = sorted(reading.directory(), key=lambda pair: pair[1][BIRTH_AT])
        self._ids = [chunk_id.decode() for chunk_id, _ in pairs]
        self._entries = [entry for _, entry in pairs]

    def run(self, use: Callable[[State], T]) -> T:
        """Call `use` with a state whose rows are read while it asks for them."""
        layout = self._layout(range(len(self._ids)))
        return use(State(layout, self._blocks(layout)))

    def run_held(self, use: Callable[[State], T]) -> T:
        """Call `use` with a state whose rows were all read before, without those that have gone."""
        rows = self._reading.found_at(indices_of(self._entries))
        gone = set(stale(rows, self._entries))
        kept = [at for at in range(len(rows)) if at not in gone]
        layout = self._layout(kept)
        _, first = np.unique(layout.id_indices, return_index=True)
        block = decoded([rows[kept[at]] for at in first.tolist()])
        return use(State(layout, iter([block] if len(block) else [])))

    def _layout(self, kept: range | list[int]) -> Layout:
        indices = indices_of([self._entries[at] for at in kept])
        limit = max(self._reading.limit(), max(indices.tolist(), default=-1) + 1)
        capacity = max(self._initial_capacity, limit)
        tokens = [self._entries[at][:TOKEN] for at in kept]
        order = sorted(range(len(tokens)), key=lambda at: (indices[at], tokens[at]))
        ids = [self._ids[at] for at in kept]
        return Layout(ids, indices, np.array(order, np.int64), limit, capacity, self._dimension)

    def _blocks(self, layout: Layout) -> Iterator[NDArray[np.float32]]:
        indices, first = np.unique(layout.id_indices, return_index=True)
        most = at_once(layout.dimension)
        for start in range(0, len(indices), most):
            rows = self._reading.found_at(indices[start : start + most])
            if stale(rows, [self._entries[at] for at in first[start : start + most].tolist()]):
                raise _Churn
            yield decoded(rows)


def scan(reading: Reading, initial_capacity: int, dimension: int | None, use: Callable[[State], T]) -> T:
    """Call `use` with a state; again, with another, if other clients remove what it reads.

    What stays throughout is in it. If the others go on and on, all rows are
    read before the call, and what is gone is left out.
    """
    for _ in range(_TRIES):
        try:
            return Scan(reading, initial_capacity, dimension).run(use)
        except _Churn:
            continue
    return Scan(reading, initial_capacity, dimension).run_held(use)
