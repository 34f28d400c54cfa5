"""The plain data that passes between the contract and its backends."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import failures

if TYPE_CHECKING:
    from .durable.stored import Stored


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
    dimension : int or None
        Of the same moment as the counts; None before the first vector.
    """

    unique: int
    references: int
    allocated: int
    capacity: int
    dimension: int | None


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
    allocated, capacity, dimension
        As in `Size`.
    """

    def __init__(
        self,
        ids: list[str],
        id_indices: NDArray[np.int64],
        slot_order: NDArray[np.int64] | None,
        allocated: int,
        capacity: int,
        dimension: int | None,
    ) -> None:
        self.ids = ids
        self.id_indices = id_indices
        self._slot_order = slot_order
        self._indices: NDArray[np.int64] | None = None
        self.allocated = allocated
        self.capacity = capacity
        self.dimension = dimension

    # Worked out once, and not by `functools.cached_property`: on Python 3.11 that has one lock for all objects,
    # which a forked child never gets if another thread held it.

    @property
    def slot_order(self) -> NDArray[np.int64]:
        """The permutation that goes slot by slot."""
        if self._slot_order is None:
            self._slot_order = np.argsort(self.id_indices, kind="stable")
        return self._slot_order

    @property
    def indices(self) -> NDArray[np.int64]:
        """The active indices, ascending."""
        if self._indices is None:
            # Not `np.unique`, which imports a module at its first use: another lock that a fork may leave held.
            ordered = np.sort(self.id_indices)
            self._indices = ordered[np.diff(ordered, prepend=-1) > 0]
        return self._indices

    def ids_at(self, index: int) -> list[str]:
        """Return the ids that reference an index, in the order in which they came to it.

        Raises
        ------
        InvalidIndexError
            If the index is not active.
        """
        order = self.slot_order
        found = order[self.id_indices[order] == index].tolist()
        if not found:
            raise failures.invalid_index(index, self.allocated, 0)
        return [self.ids[j] for j in found]

    def slots(self) -> dict[int, list[str]]:
        """Return the ids of every active index, in the order in which they came to it."""
        found: dict[int, list[str]] = {index: [] for index in self.indices.tolist()}
        ids, id_indices = self.ids, self.id_indices.tolist()
        for j in self.slot_order.tolist():
            found[id_indices[j]].append(ids[j])
        return found

    def free(self) -> NDArray[np.int64]:
        """Return the allocated indices without a reference, ascending."""
        free = np.ones(self.allocated, np.bool_)
        free[self.indices] = False
        return np.flatnonzero(free)


class State(NamedTuple):
    """A whole store at one moment.

    Attributes
    ----------
    layout : Layout
        Who references what.
    blocks : iterable of ndarray of float32, (b, d)
        Consecutive pieces of the rows at ``layout.indices``, in that order.
        To be read once. A block may be read-only, and stays as it is when later ones are read.
    held : bool
        Whether a journaled store holds the free indices back until `_reclaim` (DUR-8).
    stored : Stored or None
        Of a durable store that is opened: the same, undecoded, for a backend
        that reads it from the files itself. `layout` and `blocks` are worked
        out when they are asked for, and need not be.
    """

    layout: Layout
    blocks: Iterable[NDArray[np.float32]]
    held: bool = False
    stored: Stored | None = None

    def vectors(self) -> NDArray[np.float32]:
        """Return all rows in one array, (count, dimension)."""
        count = len(self.layout.indices)
        rows = np.empty((count, self.layout.dimension or 0), np.float32)
        start = 0
        for block in self.blocks:
            rows[start : start + len(block)] = block
            start += len(block)
        return rows


Event: TypeAlias = tuple[str | None, int]


class Columns(NamedTuple):
    """Events as arrays.

    Attributes
    ----------
    uuids : ndarray of uint8, (n, 16), or None
        The ids, if all are UUIDs in their canonical spelling; that of an event without an id does not matter.
    lengths : ndarray of int64, (n,), or None
        Else how many bytes of `text` belong to each.
    text : ndarray of uint8, or None
        Else their UTF-8, one after the other.
    indices : ndarray of int64, (n,)
        As in the events; -2 where everything was dropped.
    """

    uuids: NDArray[np.uint8] | None
    lengths: NDArray[np.int64] | None
    text: NDArray[np.uint8] | None
    indices: NDArray[np.int64]


class EventColumns(Sequence[Event]):
    """Events of a backend that has them as arrays: what is written down of them needs no objects."""

    @abstractmethod
    def columns(self) -> Columns:
        """Return all of them."""


class Changes(NamedTuple):
    """What happened to a journaled store since it was last asked (DUR-8).

    Replayed in order on the state of that time, the events give the state of
    now, both orders of ids included.

    Attributes
    ----------
    events : sequence of (str or None, int)
        Perhaps `EventColumns`. ``(id, index)``: the id now references the index; one that was present
        keeps its place in ``ids()`` and comes last in its slot. ``(id, -1)``: the
        id was dropped. ``(None, -1)``: everything was dropped.
    written : ndarray of int64
        The active indices whose row was written since, ascending.
    blocks : iterable of ndarray of float32
        Their rows, as in `State`.
    freed : ndarray of int64
        Freed indices that are held back until `_reclaim`, ascending.
    size : Size
        The counts of now.
    fingerprints, sums : ndarray of uint32, optional
        The fingerprint, and the CRC-32 of the bytes, of every row at `written`
        (docs/format.md); None: they are worked out.
    """

    events: Sequence[Event]
    written: NDArray[np.int64]
    blocks: Iterable[NDArray[np.float32]]
    freed: NDArray[np.int64]
    size: Size
    fingerprints: NDArray[np.uint32] | None = None
    sums: NDArray[np.uint32] | None = None


class Compaction(NamedTuple):
    """What a compaction did: the bytes that the store's directory took on the disk, and those that it takes."""

    before: int
    after: int


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
