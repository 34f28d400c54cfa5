"""What a store tells of its changes, and what becomes of the meta page and the rows by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..state import Changes, Event
from .fingerprints import Fingerprints
from .records import Marks, Meta, PayloadLog
from .rows import checksums

N = TypeVar("N", bound=np.generic)


class Told(NamedTuple):
    """What a commit holds; if an interrupt came right after it, the store will tell it again."""

    flush: int
    events: Sequence[Event]
    written: NDArray[np.int64]


class Done(NamedTuple):
    """What a flush ended with: the indices that are free, and whether it told of any rows."""

    freed: NDArray[np.int64]
    written: bool


class Marking:
    """The rows that are to be written, and their marks: worked out on the way where nobody knows them.

    Parameters
    ----------
    changes : Changes
        What a store tells.
    kept : ndarray of int64
        Indices whose rows are written already.
    fingerprints : Fingerprints
        Of the store.
    """

    def __init__(self, changes: Changes, kept: NDArray[np.int64], fingerprints: Fingerprints) -> None:
        wanted = np.isin(changes.written, kept, invert=True) if len(kept) else None
        self.indices = _chosen(changes.written, wanted)
        self._blocks = changes.blocks if wanted is None else _blocks(changes.blocks, wanted)
        self._sums = _Column(checksums, changes.sums, wanted)
        self._fingerprints = _Column(fingerprints.of, changes.fingerprints, wanted)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for block in self._blocks:
            self._sums.see(block)
            self._fingerprints.see(block)
            yield block

    def marks(self) -> Marks:
        """Return the marks of all rows, when they have been handed on."""
        return Marks(self._sums.all(), self._fingerprints.all())


class _Column:
    """One number of every row: known, or worked out block by block."""

    def __init__(
        self,
        work_out: Callable[[NDArray[np.float32]], NDArray[np.uint32]],
        known: NDArray[np.uint32] | None,
        wanted: NDArray[np.bool_] | None,
    ) -> None:
        self._work_out = work_out if known is None else None
        self._found = [np.empty(0, np.uint32) if known is None else _chosen(known, wanted)]

    def see(self, block: NDArray[np.float32]) -> None:
        if self._work_out is not None:
            self._found.append(self._work_out(block))

    def all(self) -> NDArray[np.uint32]:
        return np.concatenate(self._found)


def _chosen(values: NDArray[N], wanted: NDArray[np.bool_] | None) -> NDArray[N]:
    return values if wanted is None else values[wanted]


def after(before: Meta, changes: Changes, events: int) -> Meta:
    """Return the meta page after the changes, still with the number of the flush before."""
    size = changes.size
    return replace(
        before,
        logged=before.logged + events,
        generation=before.generation or int(size.unique > 0),
        dimension=size.dimension,
        capacity=size.capacity,
        allocated=size.allocated,
        references=size.references,
        vectors=size.unique,
    )


def after_payloads(before: Meta, log: PayloadLog) -> Meta:
    """Return the meta page after changes of payloads."""
    put, dropped = len(log.keys), len(log.dropped)
    return replace(
        before,
        logged=before.logged + put + dropped,
        payloads=before.payloads + put - dropped,
        placed=before.placed + put,
    )


def _blocks(blocks: Iterable[NDArray[np.float32]], wanted: NDArray[np.bool_]) -> Iterator[NDArray[np.float32]]:
    """Yield the wanted ones of all rows, block by block."""
    start = 0
    for block in blocks:
        yield block[wanted[start : start + len(block)]]
        start += len(block)
