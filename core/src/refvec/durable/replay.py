"""From a snapshot and the logs of later flushes to the layout of the last one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..state import Layout, Size
from .packing import PackingError, listed
from .records import CLEARED, DROPPED, FIRST, Log, Marks, Snapshot


class Replayed(NamedTuple):
    """Who references what, and the marks of the rows at the active indices."""

    layout: Layout
    marks: Marks


class Replay:
    """The ids of the last flush that was replayed, as two dicts with the same ids in the same order.

    Within a slot, ids stand in the order in which they came to it; so each has
    a stamp that rises with every event, and need not know its slot.
    """

    def __init__(self, ids: list[str], indices: NDArray[np.int64], stamps: NDArray[np.int64]) -> None:
        self._index = dict(zip(ids, indices.tolist(), strict=True))  # id -> index
        self._stamp = dict(zip(ids, stamps.tolist(), strict=True))  # id -> when it came to its slot
        self._now = len(ids)

    def apply(self, log: Log) -> None:
        """Replay one flush."""
        ids, codes = log.ids.decoded(), listed(log.codes)
        if (codes >= FIRST).all():
            self._index.update(zip(ids, (codes - FIRST).tolist(), strict=True))
            self._stamp.update(zip(ids, range(self._now, self._now + len(ids)), strict=True))
        else:
            self._one_by_one(ids, codes)
        self._now += len(ids)

    def _one_by_one(self, ids: list[str], codes: NDArray[np.int64]) -> None:
        index, stamp = self._index, self._stamp
        for now, (chunk_id, code) in enumerate(zip(ids, codes.tolist(), strict=True), self._now):
            if code >= FIRST:
                index[chunk_id], stamp[chunk_id] = code - FIRST, now
            elif code == CLEARED:
                index.clear()
                stamp.clear()
            elif code == DROPPED and chunk_id in index:
                del index[chunk_id], stamp[chunk_id]
            else:
                raise PackingError("its log drops an id that is not there")

    def result(self) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
        """Return the ids, what they reference, and the order that goes slot by slot."""
        count = len(self._index)
        indices = np.fromiter(self._index.values(), np.int64, count)
        stamps = np.fromiter(self._stamp.values(), np.int64, count)
        return list(self._index), indices, np.lexsort((stamps, indices))


def replayed(snapshot: Snapshot, logs: Iterable[Log], size: Size) -> Replayed:
    """Return the layout of the last flush, and the marks of its rows; `size` is what it must have."""
    logs = list(logs)
    order = snapshot.slot_order
    if len(order) and not np.array_equal(np.sort(order), np.arange(len(snapshot.ids))):
        raise PackingError("the order of its slots is no permutation")
    ids, indices, slots = _appended(snapshot, logs) or _one_after_another(snapshot, logs)
    layout = Layout(ids, indices, slots, size.allocated, size.capacity, size.dimension)
    _check(layout, size)
    return Replayed(layout, _marks(snapshot, logs, layout.indices))


Found = tuple[list[str], NDArray[np.int64], NDArray[np.int64] | None]


def _appended(snapshot: Snapshot, logs: list[Log]) -> Found | None:
    """Return what a store holds in which every event has put a new id, else None."""
    codes = [listed(log.codes) for log in logs]
    if any((one < FIRST).any() for one in codes):
        return None
    ids = snapshot.ids.decoded()
    for log in logs:
        ids += log.ids.decoded()
    if len(set(ids)) != len(ids):
        return None
    indices = np.concatenate([listed(snapshot.indices), *(one - FIRST for one in codes)])
    order = snapshot.slot_order
    if not len(order):
        return ids, indices, None
    stamps = np.arange(len(ids))
    stamps[: len(order)] = _stamps(order, len(order))
    return ids, indices, np.lexsort((stamps, indices))


def _one_after_another(snapshot: Snapshot, logs: list[Log]) -> Found:
    ids = snapshot.ids.decoded()
    if len(set(ids)) != len(ids):
        raise PackingError("an id occurs twice in the snapshot")
    replay = Replay(ids, listed(snapshot.indices), _stamps(snapshot.slot_order, len(ids)))
    for log in logs:
        replay.apply(log)
    return replay.result()


def _stamps(order: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    stamps = np.arange(count)
    if len(order):
        stamps[order] = np.arange(count)
    return stamps


def _check(layout: Layout, size: Size) -> None:
    found = len(layout.ids), len(layout.indices)
    if found != (size.references, size.unique):
        raise PackingError(
            f"it holds {found[0]} ids and {found[1]} vectors, and the flush had "
            f"{size.references} and {size.unique}"
        )
    if len(layout.indices) and layout.indices[-1] >= size.allocated:
        raise PackingError("an id references an index that was never allocated")


def _marks(snapshot: Snapshot, logs: list[Log], active: NDArray[np.int64]) -> Marks:
    """Return the marks of rows, each from the last flush that wrote it."""
    first = _distinct(listed(snapshot.indices))
    if len(first) != len(snapshot.sums):
        raise PackingError("its checksums are not those of its rows")
    if not logs:
        return Marks(snapshot.sums, snapshot.fingerprints)
    written = np.concatenate([first, *(listed(log.written) for log in logs)])
    order = np.argsort(written, kind="stable")
    known = written[order]
    at = np.searchsorted(known, active, side="right") - 1
    missing = active[(at < 0) | (known[at] != active)] if len(known) else active
    if len(missing):
        raise PackingError(f"the row at index {missing[0]} has no checksum")
    last = order[at]
    return Marks(
        np.concatenate([snapshot.sums, *(log.sums for log in logs)])[last],
        np.concatenate([snapshot.fingerprints, *(log.fingerprints for log in logs)])[last],
    )


def _distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=-1) > 0]
