"""What a store says it holds, and whether that adds up (NET-5)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

Held = dict[str, tuple[float, ...]]


def held(store: Any) -> Held:
    """Return the vector of every id, as two methods agree on them."""
    seen = store.snapshot()
    rows = dict(zip(seen.indices.tolist(), map(tuple, seen.vectors.tolist()), strict=True))
    found = {one: rows[index] for one, index in zip(seen.ids, seen.id_indices.tolist(), strict=True)}
    assert len(found) == len(seen.ids), f"ids twice in a snapshot: {seen.ids}"
    names = sorted(found)
    by_id = dict(zip(names, map(tuple, store.get_vectors(names).tolist()), strict=True)) if names else {}
    assert by_id == found, "get_vectors and snapshot disagree"
    return found


def swept(store: Any) -> list[str]:
    """Collect what dead clients left, and return what does not add up afterwards."""
    store.vacuum(0)
    return _complaints(store) + ([f"a second vacuum() found {left} more"] if (left := store.vacuum(0)) else [])


def _complaints(store: Any) -> list[str]:
    seen, content = store.snapshot(), held(store)
    wanted = Counter(seen.id_indices.tolist())
    counted = dict(zip(seen.indices.tolist(), store.get_refcounts(seen.indices).tolist(), strict=True))
    found = []
    if counted != dict(wanted):
        found.append(f"reference counts are {counted}, of the ids {dict(wanted)}")
    if len(set(content.values())) != len(seen.indices):
        found.append(f"{len(seen.indices)} vectors are stored, {len(set(content.values()))} are different")
    sizes = store.count, store.total_references
    if sizes != (len(seen.indices), len(content)):
        found.append(f"count and total_references are {sizes}, not {len(seen.indices), len(content)}")
    if np.isin(-1, store.get_indices(list(content))):
        found.append("an id of the snapshot has no index")
    return found


def torn(found: Held, *allowed: Held) -> list[str]:
    """Return the ids that are, each for itself, in none of these states: there with its vector, or absent."""
    ids = sorted({*found}.union(*allowed))
    return [
        f"{one!r} has {found.get(one)}, and should have one of {[state.get(one) for state in allowed]}"
        for one in ids
        if all(found.get(one) != state.get(one) for state in allowed)
    ]
