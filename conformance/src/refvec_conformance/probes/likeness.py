"""Two stores that must be alike: a copy and its original, or twins that have seen the same calls.

With the capability ``dense_indices`` they are alike in everything. Without, the
backend numbers as it likes: a copy keeps the active indices and not what
lies between them, and twins have only the pattern of sharing in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from refvec import SearchResult, VectorStore

from .atomicity import capabilities_of, differences, observe
from .outcomes import bits

_NUMBERS = ("capacity", "utilization", "free_indices")
_BETWEEN = ("ids_at", "refcounts", "rows")
_PLACES = ("references", "snapshot", "indices", "vectors", "get_indices")


def unlike_copy(copy: VectorStore, original: VectorStore, *, same_backend: bool = True) -> list[str]:
    """Return in what a copy differs from its original (INDEX-3)."""
    ordered = capabilities_of(original).ordered_ids and capabilities_of(copy).ordered_ids
    found, wanted = observe(copy, ordered=ordered), observe(original, ordered=ordered)
    if not (capabilities_of(copy).dense_indices and capabilities_of(original).dense_indices):
        for seen, store in ((found, copy), (wanted, original)):
            _forget(seen, _BETWEEN)
            seen["at active indices"] = [_at(store, index, ordered) for index in store.indices().tolist()]
    if not same_backend:
        for seen in (found, wanted):
            seen["statistics"]["type"] = None  # type: ignore[index]  # a dict, told apart by its key
    return differences(wanted, found)


def unlike_twin(one: VectorStore, other: VectorStore) -> list[str]:
    """Return in what two stores differ that have seen the same calls."""
    seen, ordered = [observe(store) for store in (one, other)], capabilities_of(one).ordered_ids
    if not capabilities_of(one).dense_indices:
        for found, store in zip(seen, (one, other), strict=True):
            _forget(found, (*_BETWEEN, *_PLACES))
            found["sharing"] = sorted(_at(store, index, ordered) for index in store.indices().tolist())
    return differences(*seen)


def as_twins(store: VectorStore, indices: Sequence[int]) -> list[Any]:
    """Return indices as they compare with a twin's: without ``dense_indices``, which of them are the same."""
    if capabilities_of(store).dense_indices:
        return list(indices)
    return [list(indices).index(index) for index in indices]


def as_of_twin(store: VectorStore, answer: Any) -> Any:
    """Return an answer as a twin gives it: without ``dense_indices`` with the ids at an index in its place."""
    if capabilities_of(store).dense_indices:
        return answer
    if isinstance(answer, SearchResult):  # one query's; equal scores go by index
        hits = zip(answer.scores.tolist(), map(sorted, answer.ids or ()), strict=True)
        return sorted(hits, key=str)
    if isinstance(answer, np.ndarray) and answer.dtype == np.int64:
        return [sorted(store.ids_at(index)) if index >= 0 else [] for index in answer.tolist()]
    return answer


def _forget(seen: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        del seen[name]
    seen["statistics"] = {name: one for name, one in seen["statistics"].items() if name not in _NUMBERS}


def _at(store: VectorStore, index: int, ordered: bool) -> tuple[bytes, list[str], int]:
    ids = store.ids_at(index)
    found = ids if ordered else sorted(ids)
    return bits(store.get_vector_by_index(index)), found, store.get_refcount(index)
