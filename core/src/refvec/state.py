"""The plain data that passes between the contract and its backends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Size(NamedTuple):
    """The counts of a store.

    Attributes
    ----------
    unique : int
        Active slots: vectors stored.
    references : int
        Ids.
    allocated : int
        Slots that were ever used; indices below this were allocated.
    capacity : int
        The number of COUNT-2.
    """

    unique: int
    references: int
    allocated: int
    capacity: int


class Layout:
    """Who references what: everything of a store but its vectors.

    Parameters
    ----------
    ids : list of str
        In the order in which they were added.
    id_indices : ndarray of int64, (references,)
        ``ids[j]`` references ``id_indices[j]``.
    slot_order : ndarray of int64, (references,), or None
        A permutation: ``ids[j] for j in slot_order`` goes slot by slot in
        ascending order, and within a slot in the order in which the ids came
        to it, which an upsert can make another than that of `ids`. None takes
        the order of `ids` within every slot.
    allocated, capacity : int
        As in `Size`.

    Attributes
    ----------
    indices : ndarray of int64
        The active indices, ascending.
    """

    def __init__(
        self,
        ids: list[str],
        id_indices: NDArray[np.int64],
        slot_order: NDArray[np.int64] | None,
        allocated: int,
        capacity: int,
        dimension: int | None = None,
    ) -> None:
        self.ids = ids
        self.id_indices = id_indices
        self.slot_order = np.argsort(id_indices, kind="stable") if slot_order is None else slot_order
        self.allocated = allocated
        self.capacity = capacity
        self.dimension = dimension
        self.indices: NDArray[np.int64] = np.unique(id_indices)

    @classmethod
    def from_dicts(
        cls, index: Mapping[str, int], members: Mapping[int, Iterable[str]], allocated: int, capacity: int
    ) -> Layout:
        """Return the layout of a store that keeps it in two dicts, both in the order of arrival.

        Parameters
        ----------
        index : mapping of str to int
            The index that every id references.
        members : mapping of int to iterable of str
            The ids of every active index.
        allocated, capacity : int
            As in `Size`.
        """
        place = {chunk_id: position for position, chunk_id in enumerate(index)}
        order = [place[chunk_id] for slot in sorted(members) for chunk_id in members[slot]]
        id_indices = np.array(list(index.values()), np.int64)
        return cls(list(index), id_indices, np.array(order, np.int64), allocated, capacity)

    def slots(self) -> dict[int, list[str]]:
        """Return the ids of every active index, in the order in which they came to it."""
        found: dict[int, list[str]] = {index: [] for index in self.indices.tolist()}
        ids, id_indices = self.ids, self.id_indices.tolist()
        for j in self.slot_order.tolist():
            found[id_indices[j]].append(ids[j])
        return found

    def free(self) -> NDArray[np.int64]:
        """Return the allocated indices without a reference, ascending."""
        return np.setdiff1d(np.arange(self.allocated), self.indices, assume_unique=True)


class State(NamedTuple):
    """A whole store at one moment; `blocks` are the rows at ``layout.indices``, in that order, in pieces."""

    layout: Layout
    blocks: Iterable[NDArray[np.float32]]

    @property
    def vectors(self) -> NDArray[np.float32]:
        """All rows in one array."""
        rows = np.empty((len(self.layout.indices), self.layout.dimension or 0), np.float32)
        start = 0
        for block in self.blocks:
            rows[start : start + len(block)] = block
            start += len(block)
        return rows


class Snapshot(NamedTuple):
    """One consistent state as its user sees it (GET-7).

    Attributes
    ----------
    ids : list of str
        In the order in which they were added.
    id_indices : ndarray of int64, (references,)
        ``ids[j]`` references ``id_indices[j]``.
    indices : ndarray of int64, (count,)
        The active indices, ascending.
    vectors : ndarray of float32, (count, dimension)
        ``vectors[r]`` is at ``indices[r]``.
    """

    ids: list[str]
    id_indices: NDArray[np.int64]
    indices: NDArray[np.int64]
    vectors: NDArray[np.float32]


def grown_capacity(capacity: int, index: int) -> int:
    """Return the capacity after a vector has taken `index` (COUNT-2)."""
    return capacity if index < capacity else max(index + 1, capacity + capacity // 2)
