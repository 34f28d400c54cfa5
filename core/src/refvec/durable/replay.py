"""From a snapshot and the logs of later flushes to the layout of the last one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..state import Layout
from .packing import PackingError
from .records import CLEARED, DROPPED, FIRST, Log, Meta, Snapshot


class Replay:
    """The state of the last flush that was replayed, as two dicts with the same ids in the same order.

    Within a slot, ids stand in the order in which they came to it; so each has
    a stamp that rises with every event, and need not know its slot.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        ids, count = snapshot.ids, len(snapshot.ids)
        self._index = dict(zip(ids, snapshot.indices.tolist(), strict=True))  # id -> index
        if len(self._index) != count:
            raise PackingError("an id occurs twice in the snapshot")
        stamps = np.arange(count)
        if len(snapshot.slot_order):
            if not np.array_equal(np.sort(snapshot.slot_order), stamps):
                raise PackingError("the order of its slots is no permutation")
            stamps[snapshot.slot_order] = np.arange(count)
        self._stamp = dict(zip(ids, stamps.tolist(), strict=True))  # id -> when it came to its slot
        self._now = count
        active = _distinct(snapshot.indices)
        if len(active) != len(snapshot.sums):
            raise PackingError("its checksums are not those of its rows")
        self._sums = dict(zip(active.tolist(), snapshot.sums.tolist(), strict=True))  # index -> checksum

    def apply(self, log: Log) -> None:
        """Replay one flush."""
        if (log.codes >= FIRST).all():
            self._index.update(zip(log.ids, (log.codes - FIRST).tolist(), strict=True))
            self._stamp.update(zip(log.ids, range(self._now, self._now + len(log.ids)), strict=True))
        else:
            self._one_by_one(log)
        self._now += len(log.ids)
        self._sums.update(zip(log.written.tolist(), log.sums.tolist(), strict=True))

    def _one_by_one(self, log: Log) -> None:
        index, stamp = self._index, self._stamp
        for now, (chunk_id, code) in enumerate(zip(log.ids, log.codes.tolist(), strict=True), self._now):
            if code >= FIRST:
                index[chunk_id], stamp[chunk_id] = code - FIRST, now
            elif code == CLEARED:
                index.clear()
                stamp.clear()
            elif code == DROPPED and chunk_id in index:
                del index[chunk_id], stamp[chunk_id]
            else:
                raise PackingError("its log drops an id that is not there")

    def result(self, meta: Meta) -> tuple[Layout, NDArray[np.int64]]:
        """Return the layout, and the checksums of the rows at its indices."""
        count = len(self._index)
        indices = np.fromiter(self._index.values(), np.int64, count)
        stamps = np.fromiter(self._stamp.values(), np.int64, count)
        order = np.lexsort((stamps, indices))
        ids = list(self._index)
        layout = Layout(ids, indices, order, meta.allocated, meta.capacity, meta.dimension)
        active = layout.indices
        if (count, len(active)) != (meta.references, meta.vectors):
            raise PackingError(
                f"it holds {count} ids and {len(active)} vectors, and the flush had "
                f"{meta.references} and {meta.vectors}"
            )
        if count and indices.max() >= meta.allocated:
            raise PackingError("an id references an index that was never allocated")
        try:
            sums = np.array([self._sums[one] for one in active.tolist()], np.int64)
        except KeyError as error:
            raise PackingError(f"the row at index {error} has no checksum") from None
        return layout, sums


def replayed(snapshot: Snapshot, logs: Iterable[Log], meta: Meta) -> tuple[Layout, NDArray[np.int64]]:
    """Return the layout of the last flush, and the checksums of its rows."""
    replay = Replay(snapshot)
    for log in logs:
        replay.apply(log)
    return replay.result(meta)


def _distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    ordered = np.sort(values)
    return ordered[np.diff(ordered, prepend=-1) > 0]
