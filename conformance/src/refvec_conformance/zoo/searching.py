"""Other ideas of searching (SEARCH)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from refvec import SearchResult

from ..oracle.scoring import METRICS
from .catalogue import breaks, mutant
from .specimen import Specimen


def each(members: Any, change: Callable[[tuple[str, ...]], Any]) -> Any:
    """Return the ids of all hits, those of each changed; None if they were not asked for."""
    return members and [[change(hit) for hit in row] for row in members]


class Found(Specimen):
    """Changes what a search finds: candidates, scores or order."""

    def _ranked(self, query: list[float], metric: Any, slots: Any) -> Any:
        for order, index, score in super()._ranked(query, metric, slots):
            yield self._changed(order, index, score, metric)

    def _changed(self, order: Any, index: int, score: float, metric: str) -> Any:
        return order, index, score


mutant("SEARCH-1", "AlwaysTwoAxes", "A 1-D query has 2-D results.").does(
    search=lambda found: (
        found if found.indices.ndim == 2 else SearchResult(found.indices[None], found.scores[None], [found.ids])
    )
)


@breaks("SEARCH-1")
class PadsToK(Specimen):
    """Fewer candidates than k are filled up with -1."""

    def _search(self, queries: Any, k: int, metric: Any, within: Any, with_ids: bool) -> Any:
        indices, scores, ids = super()._search(queries, k, metric, within, with_ids)
        lack = ((0, 0), (0, min(k, 1000) - indices.shape[1]))
        indices, scores = np.pad(indices, lack, constant_values=-1), np.pad(scores, lack)
        return indices, scores, [[*row, *[()] * lack[1][1]] for row in ids or ()]


mutant("SEARCH-1", "DoubleScores", "Scores are float64.").does(
    search=lambda found: found._replace(scores=found.scores.astype(np.float64))
)
mutant("SEARCH-1", "FirstIdOnly", "A hit names only the first of the ids that share it.").does(
    _search=lambda found: (*found[:2], each(found[2], lambda hit: hit[:1]))
)
mutant("SEARCH-1", "HitsAreLists", "The ids of a hit are a list.").does(
    _search=lambda found: (*found[:2], each(found[2], list))
)
mutant("SEARCH-2", "Squares", "``euclidean`` is the square of the distance.", Found).does(
    _changed=lambda order, index, score, metric: (
        order,
        index,
        score * score if metric == "euclidean" else score,
    )
)


@breaks("SEARCH-2")
class SkipsSome(Found):
    """Every fourth candidate is passed over while there are others."""

    def _ranked(self, query: list[float], metric: Any, slots: Any) -> Any:
        known = list(slots)
        return super()._ranked(query, metric, [one for one in known if one % 4 != 3] or known)


mutant("SEARCH-2", "DotIsDistance", "``dot`` is better when lower.", Found).does(
    _changed=lambda order, index, score, metric: (
        (order[0], -order[1]) if metric == "dot" else order,
        index,
        score,
    )
)


@breaks("SEARCH-2")
class QueryUnchecked(Specimen):
    """The query may hold booleans."""

    def search(self, query: Any, *args: Any, **kwargs: Any) -> SearchResult:
        found = np.asarray(query)
        return super().search(found.astype(np.float32) if found.dtype == bool else query, *args, **kwargs)


mutant("SEARCH-2", "CosineIsDot", "``cosine`` is not divided by the norms.").does(
    _search=lambda call, metric: call(metric="dot" if metric == "cosine" else metric)
)
mutant("SEARCH-3", "TiesByHigherIndex", "Equal scores go by higher index.", Found).does(
    _ranked=lambda found: (((*order, -index), index, score) for order, index, score in found)
)
mutant("SEARCH-3", "NanFirst", "NaN comes first.", Found).does(
    _changed=lambda order, index, score: ((not order[0], order[1]), index, score)
)


@breaks("SEARCH-3")
class ZeroVectorNan(Found):
    """The cosine with a zero vector is NaN."""

    def _changed(self, order: Any, index: int, score: float, metric: str) -> Any:
        if metric == "cosine" and not self._vectors[index].any():
            return (True, 0.0), index, float("nan")
        return order, index, score


@breaks("SEARCH-3")
class HalfPrecision(Found):
    """Scores have eleven bits."""

    def _changed(self, order: Any, index: int, score: float, metric: str) -> Any:
        with np.errstate(all="ignore"):
            return order, index, float(np.float16(score))


@breaks("SEARCH-3")
class Unordered(Specimen):
    """Hits go by index."""

    def _search(self, *args: Any) -> Any:
        indices, scores, ids = super()._search(*args)
        order = np.argsort(indices, axis=1)
        moved = ids and [[row[one] for one in places] for row, places in zip(ids, order.tolist(), strict=True)]
        return np.take_along_axis(indices, order, 1), np.take_along_axis(scores, order, 1), moved


@breaks("SEARCH-3")
class CancelsNearby(Found):
    """Distances come from squares in float32, which cancel."""

    def _ranked(self, query: list[float], metric: Any, slots: Any) -> Any:
        q = np.array(query, np.float32)
        for order, index, score in super()._ranked(query, metric, slots):
            v = np.array(self._vectors[index], np.float32)
            with np.errstate(all="ignore"):
                square = float(q @ q + v @ v - 2 * (q @ v))
            rough = metric == "euclidean" and np.isfinite(square)
            yield order, index, max(square, 0.0) ** 0.5 if rough else score


mutant("SEARCH-4", "WithinIgnored", "``within`` is ignored.").does(_search=lambda call: call(within=None))


@breaks("SEARCH-4")
class WithinAfterwards(Specimen):
    """``within`` picks from the k best of all."""

    def _search(self, queries: Any, k: int, metric: Any, within: Any, with_ids: bool) -> Any:
        found = super()._search(queries, k, metric, None, True)
        if within is None or len(queries) != 1:
            return super()._search(queries, k, metric, within, with_ids)
        kept = [n for n, hit in enumerate(found[2][0]) if set(hit) & set(within)]
        named = [tuple(one for one in found[2][0][n] if one in within) for n in kept]
        return found[0][:, kept], found[1][:, kept], [named]


@breaks("SEARCH-4")
class NamesOthers(Specimen):
    """A hit names ids that are not in ``within``."""

    def _search(self, *args: Any) -> Any:
        indices, scores, _ = super()._search(*args)
        return indices, scores, [[tuple(self._slots[index]) for index in row] for row in indices.tolist()]


@breaks("SEARCH-4")
class UnknownIdsRaise(Specimen):
    """An unknown id in ``within`` raises."""

    def _search(self, queries: Any, k: int, metric: Any, within: Any, with_ids: bool) -> Any:
        for chunk_id in within or ():
            self._index[chunk_id]
        return super()._search(queries, k, metric, within, with_ids)


@breaks("SEARCH-4")
class CountsIds(Specimen):
    """``k`` counts ids, not vectors."""

    def _search(self, queries: Any, k: int, metric: Any, within: Any, with_ids: bool) -> Any:
        indices, scores, ids = super()._search(queries, k, metric, within, with_ids)
        if len(queries) != 1 or ids is None:
            return indices, scores, ids
        total, width = 0, 0
        while width < len(ids[0]) and total < k:
            total += len(ids[0][width])
            width += 1
        return indices[:, :width], scores[:, :width], [ids[0][:width]]


@breaks("SEARCH-4")
class KOfZero(Specimen):
    """``k`` below 1 finds nothing, and is no error."""

    def search(self, query: Any, k: Any = 10, **kwargs: Any) -> SearchResult:
        found = super().search(query, max(k, 1) if type(k) is int else k, **kwargs)
        if type(k) is int and k < 1 and found.indices.ndim == 1:
            return SearchResult(found.indices[:0], found.scores[:0], [])
        return found


mutant("SEARCH-4", "UnknownMetricIsCosine", "An unknown metric is taken for cosine.").does(
    search=lambda call, metric: call(metric=metric if metric in METRICS else "cosine")
)
