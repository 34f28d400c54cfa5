"""Exact nearest neighbours (SEARCH): the result, the arguments, and the search over any state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import ranking
from .errors import VectorError
from .failures import shown
from .identity import Precision, identity_keys
from .integers import canonical_int
from .metrics import METRICS, Metric
from .state import State

Members: TypeAlias = list[list[tuple[str, ...]]]
Hits: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float32], Members | None]


class SearchResult(NamedTuple):
    """The hits of a search, best first.

    For a 2-D query of m rows every item has a leading axis of length m.

    Attributes
    ----------
    indices : ndarray of int64, (k',)
        The indices of the vectors.
    scores : ndarray of float32, (k',)
        Cosine and dot: higher is better. Euclidean distance: lower is better.
    ids : list of tuple of str, or None
        For each hit the ids that share the vector; nested lists for a 2-D
        query. None if the search was asked not to list them.
    """

    indices: NDArray[np.int64]
    scores: NDArray[np.float32]
    ids: Any  # a union would have every user of the hits narrow it first


def search_state(
    state: State,
    queries: NDArray[np.float32],
    k: int,
    metric: Metric,
    within: list[str] | None,
    with_ids: bool,
) -> Hits:
    """Search a state, row block by row block: what a backend without a search of its own inherits."""
    check_query(queries, state.layout.dimension)
    slots = state.layout.slots() if with_ids or within is not None else {}
    if within is not None:
        slots = narrowed(slots, within)
    candidates = None if within is None else np.array(sorted(slots), np.int64)
    indices, scores = ranking.rank(_blocks(state, candidates), queries, k, metric)
    return indices, scores, members_of(indices, slots) if with_ids else None


def _blocks(state: State, candidates: NDArray[np.int64] | None) -> Iterator[ranking.Block]:
    start = 0
    for rows in state.blocks:
        indices = state.layout.indices[start : start + len(rows)]
        start += len(rows)
        if candidates is None:
            yield indices, rows
        elif len(rows):
            low, high = np.searchsorted(candidates, (indices[0], indices[-1] + 1))
            among = np.isin(indices, candidates[low:high], assume_unique=True)
            yield indices[among], rows[among]


def match_state(state: State, row: NDArray[np.float32], precision: Precision) -> int | None:
    """Return the index of the vector of a state that is identical to `row`, (1, d)."""
    wanted = identity_keys(row, precision)[0]
    start = 0
    for rows in state.blocks:
        keys = identity_keys(rows, precision)
        if wanted in keys:
            return int(state.layout.indices[start + keys.index(wanted)])
        start += len(rows)
    return None


def narrowed(slots: Mapping[int, Iterable[str]], within: list[str]) -> dict[int, list[str]]:
    """Return the slots that an id of `within` references, with only those ids."""
    allowed = set(within)
    found = {index: [one for one in ids if one in allowed] for index, ids in slots.items()}
    return {index: ids for index, ids in found.items() if ids}


def members_of(indices: NDArray[np.int64], slots: Mapping[int, Iterable[str]]) -> Members:
    """Return the ids of every hit; hits of one vector share one tuple, however many ids it holds."""
    rows = indices.tolist()
    known = {index: tuple(slots[index]) for index in {index for row in rows for index in row}}
    return [[known[index] for index in row] for row in rows]


def check_query(queries: NDArray[np.float32], dimension: int | None) -> None:
    """Raise ``ValueError`` unless the queries fit; their dimension may have been fixed since they were read."""
    if dimension is not None and queries.shape[1] != dimension:
        raise VectorError(f"The query has {queries.shape[1]} components, the store {dimension}")


def check_metric(metric: object) -> None:
    """Raise ``ValueError`` unless `metric` is the name of one."""
    if not isinstance(metric, str) or metric not in METRICS:
        given = repr(metric) if type(metric) is str else f"a {type(metric).__name__}"
        raise ValueError(f"metric must be one of {', '.join(map(repr, METRICS))}, got {given}")


def check_k(k: SupportsIndex) -> int:
    """Return `k` as an exact int of at least 1."""
    wanted = canonical_int(k, "k")
    if wanted < 1:
        raise ValueError(f"k must be at least 1, got {shown(wanted)}")
    return wanted
