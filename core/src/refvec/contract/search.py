"""Exact nearest neighbours (SEARCH)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import ranking
from ..errors import VectorError
from ..failures import shown
from ..ids import ChunkId, canonical_ids
from ..integers import canonical_int
from ..vectors import canonical_query
from .reading import Reading

Metric: TypeAlias = Literal["cosine", "dot", "euclidean"]
METRICS = ("cosine", "dot", "euclidean")
Members: TypeAlias = list[list[tuple[str, ...]]]


class SearchResult(NamedTuple):
    """The hits of a search, best first.

    For a 2-D query of m rows every item has a leading axis of length m.

    Attributes
    ----------
    indices : ndarray of int64, (k',)
        The indices of the vectors.
    scores : ndarray of float32, (k',)
        Cosine and dot: higher is better. Euclidean distance: lower is better.
    ids : list of tuple of str
        For each hit the ids that share the vector; nested lists for a 2-D query.
    """

    indices: NDArray[np.int64]
    scores: NDArray[np.float32]
    ids: list[Any]


class Search(Reading):
    """The search over all stored vectors, and what a backend may override of it."""

    def search(
        self,
        query: ArrayLike,
        k: SupportsIndex = 10,
        *,
        metric: Metric = "cosine",
        within: Iterable[ChunkId] | None = None,
    ) -> SearchResult:
        """Return the k stored vectors that are nearest to the query, compared one by one.

        Parameters
        ----------
        query : array_like, shape (dimension,) or (m, dimension)
            One query, or several at once.
        k : int
            The most hits for each query; it counts vectors, not ids.
        metric : {"cosine", "dot", "euclidean"}
            The score. The cosine with a zero vector is 0.
        within : iterable of str or uuid.UUID, optional
            Only vectors that one of these ids references compete. Unknown ids
            are ignored.

        Returns
        -------
        SearchResult
            ``indices``, ``scores`` and ``ids``; equal scores by lower index, NaN last.

        Raises
        ------
        ValueError
            If k < 1, the metric is unknown or the query has the wrong shape.
        UnsupportedError
            If the backend does not declare ``search``.
        """
        self._require_open()
        self._require("search")
        wanted = _check_k(k)
        _check_metric(metric)
        ids = None if within is None else list(dict.fromkeys(canonical_ids(within)))
        queries, single = canonical_query(query, self.dimension)
        indices, scores, members = self._search(queries, wanted, metric, ids)
        if single:
            return SearchResult(indices[0], scores[0], members[0])
        return SearchResult(indices, scores, members)

    def _search(
        self, queries: NDArray[np.float32], k: int, metric: Metric, within: list[str] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], Members]:
        """Return indices (m, k'), scores (m, k') and ids of the hits.

        The queries are (m, d) float32 and were checked against the dimension
        before; it may have been fixed since. A backend may override this.
        """
        with self._guard:
            self._require_open()
            layout = self._scan()
            self._check_query(queries)
            slots = layout.slots() if within is None else narrowed(layout.slots(), within)
            candidates = np.array(sorted(slots), np.int64)
            indices, scores = ranking.rank(self._blocks(candidates), queries, k, metric)
        return indices, scores, members_of(indices, slots)

    def _blocks(self, indices: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        for start in range(0, len(indices), ranking.BLOCK_ROWS):
            part = indices[start : start + ranking.BLOCK_ROWS]
            yield part, self._gather(part)

    def _check_query(self, queries: NDArray[np.float32]) -> None:
        if self.dimension is not None and queries.shape[1] != self.dimension:
            raise VectorError(f"The query has {queries.shape[1]} components, the store {self.dimension}")


def narrowed(slots: dict[int, list[str]], within: list[str]) -> dict[int, list[str]]:
    """Return the slots that an id of `within` references, with only those ids."""
    allowed = set(within)
    found = {index: [one for one in ids if one in allowed] for index, ids in slots.items()}
    return {index: ids for index, ids in found.items() if ids}


def members_of(indices: NDArray[np.int64], slots: Mapping[int, Iterable[str]]) -> Members:
    """Return the tuple of ids of every hit."""
    return [[tuple(slots[index]) for index in row] for row in indices.tolist()]


def _check_metric(metric: object) -> None:
    if not isinstance(metric, str) or metric not in METRICS:
        given = repr(metric) if type(metric) is str else f"a {type(metric).__name__}"
        raise ValueError(f"metric must be one of {', '.join(map(repr, METRICS))}, got {given}")


def _check_k(k: SupportsIndex) -> int:
    wanted = canonical_int(k, "k")
    if wanted < 1:
        raise ValueError(f"k must be at least 1, got {shown(wanted)}")
    return wanted
