"""A journal in memory: what a journaled store hands over, replayed into plain dicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from refvec import Changes, OpenSpec, UnsupportedError, VectorStore

from ..judging.target import Target
from .atomicity import capabilities_of
from .bare import opened
from .outcomes import bits


def journaled(target: Target, **spec: Any) -> Iterator[VectorStore]:
    """Yield a store that keeps what `_changes` hands over; none where the backend keeps no such list.

    Durable stores only need it, so a backend without them may do without.
    """
    if target.store._changes is not VectorStore._changes:
        yield opened(target.store, OpenSpec(**{"dimension": 2, "initial_capacity": 2, **spec}, journaled=True))


class Replica:
    """What a journal has told so far.

    Attributes
    ----------
    index : dict of str to int
        The ids in their order, and what they reference.
    slots : dict of int to list of str
        The ids of every index, in the order in which they came to it.
    rows : dict of int to bytes
        What was written last at every index.
    freed : list of int
        What the last changes said is held back.
    """

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self.slots: dict[int, list[str]] = {}
        self.rows: dict[int, bytes] = {}
        self.freed: list[int] = []

    def replay(self, changes: Changes) -> int:
        """Take the changes over and return how many events they were."""
        for chunk_id, index in changes.events:
            self._event(chunk_id, index)
        blocks = [bits(row) for block in changes.blocks for row in block]
        self.rows.update(zip(changes.written.tolist(), blocks, strict=True))
        self.freed = changes.freed.tolist()
        assert (changes.size.unique, changes.size.references) == (len(self.slots), len(self.index))
        return len(changes.events)

    def _event(self, chunk_id: str | None, index: int) -> None:
        if chunk_id is None:
            self.index, self.slots = {}, {}
            return
        if chunk_id in self.index:
            self._leave(chunk_id, self.index[chunk_id])
        if index < 0:
            del self.index[chunk_id]
        else:
            self.index[chunk_id] = index
            self.slots.setdefault(index, []).append(chunk_id)

    def _leave(self, chunk_id: str, index: int) -> None:
        self.slots[index].remove(chunk_id)
        if not self.slots[index]:
            del self.slots[index]

    def told(self, store: VectorStore) -> dict[str, Any]:
        """Return all that is known, to be compared with `content` of the store that told it."""
        order = _order(store)
        rows = {index: self.rows[index] for index in sorted(self.slots)}
        slots = {index: order(ids) for index, ids in self.slots.items()}
        return {"ids": order(self.index.items()), "slots": slots, "rows": rows}


def _order(store: VectorStore) -> Callable[[Iterable[Any]], list[Any]]:
    return list if capabilities_of(store).ordered_ids else sorted


def content(store: VectorStore) -> dict[str, Any]:
    """Return what the store itself says."""
    seen, indices, order = store.snapshot(), store.indices().tolist(), _order(store)
    return {
        "ids": order(zip(seen.ids, seen.id_indices.tolist(), strict=True)),
        "slots": {index: order(store.ids_at(index)) for index in indices},
        "rows": dict(zip(indices, map(bits, seen.vectors), strict=True)),
    }


def step(rng: np.random.Generator, store: VectorStore) -> None:
    """Make one random change: few ids and vectors, so that they meet."""
    count = int(rng.integers(1, 5))
    ids = [f"id {one}" for one in rng.choice(12, count, replace=False)]
    rows = rng.integers(0, 3, (count, 2)).astype(np.float32)
    absent = [position for position, one in enumerate(ids) if one not in store]
    changes: list[Callable[[], object]] = [
        lambda: store.add_vectors([ids[one] for one in absent], rows[absent]),
        lambda: store.upsert_vectors(ids, rows),
        lambda: store.upsert_vector(ids[0], rows[0]),
        lambda: store.remove_vectors(ids),
        lambda: store.remove_vector(ids[0]),
    ]
    pick = int(rng.integers(40))
    store.clear() if pick == 0 else changes[pick % len(changes)]()
    annotate(rng, store, ids)


def annotate(rng: np.random.Generator, store: VectorStore, ids: list[str]) -> None:
    """Now and then put or remove payloads, where the store has any."""
    pick = int(rng.integers(6))
    with suppress(UnsupportedError):
        if pick == 0:
            store.payloads.remove(ids)
        elif pick < 3:
            store.payloads.put({one: rng.bytes(int(rng.integers(40))) for one in ids})


def annotated(store: VectorStore) -> list[tuple[str, bytes]]:
    """Return the payloads, none where the store has no such thing."""
    with suppress(UnsupportedError):
        return sorted(store.payloads.items())
    return []
