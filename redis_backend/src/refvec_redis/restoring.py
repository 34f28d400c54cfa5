"""Filling a new store of one bucket with the content of another: every vector keeps its index (INDEX-3)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from refvec import Layout, State
from refvec.identity import Precision

from .acquiring import calls_of
from .adding import Adding
from .attempt import Attempt
from .entries import BIRTH, tokens
from .fleet import Rounds
from .items import Item, fill
from .places import LOCAL, Places

_MOST = 1000


def restore(state: State, precision: Precision, places: Places, rounds: Rounds, attempt: Attempt) -> None:
    """Put the content of `state` into an empty store that nobody else uses yet."""
    adding = Adding(precision, places, rounds, attempt, replacing=False)
    layout = state.layout
    births = tokens(len(layout.ids))
    slots = _slots(layout)
    for block in state.blocks:
        attempt.renew()
        pending = []
        for row, (index, members) in zip(block, slots, strict=False):
            texts = [layout.ids[at] for at in members]
            items = [Item(text, text.encode(), -1, 0) for text in texts]
            fill(items, row[None].repeat(len(items), axis=0), precision, places)
            for item, at in zip(items, members, strict=True):
                item.index, item.acquired, item.birth = index, True, births[at][:BIRTH]
            local = index.to_bytes(LOCAL, "big")
            pending += [(items[at : at + _MOST], local) for at in range(0, len(items), _MOST)]
        calls, _ = calls_of("restore", pending, places)
        rounds.write(calls, attempt)
        every = [item for items, _ in pending for item in items]
        for at in range(0, len(every), _MOST):
            adding.link(every[at : at + _MOST])
    free = [index.to_bytes(LOCAL, "big") for index in layout.free().tolist()]
    for at in range(0, max(1, len(free)), _MOST):
        rounds.write([places.call("settle", 0, [b"%d" % layout.allocated, *free[at : at + _MOST]])], attempt)


def _slots(layout: Layout) -> Iterator[tuple[int, list[int]]]:
    """Yield every active index, ascending, and the positions of its ids; a dict of all would be large."""
    order = layout.slot_order
    ordered = layout.id_indices[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1, append=-1))
    for start, stop in pairwise(first):
        yield int(ordered[start]), order[start:stop].tolist()
