"""Searches that are right while there is little to search (SEARCH)."""

from __future__ import annotations

from typing import Any

import numpy as np
from refvec import SearchResult

from ..oracle.scoring import DISTANCES
from .catalogue import breaks, mutant
from .specimen import Specimen

MANY = 1000


class Changed(Specimen):
    """Searches, and changes what was found."""

    def search(
        self, query: Any, k: Any = 10, *, metric: Any = "cosine", within: Any = None, with_ids: Any = True
    ) -> SearchResult:
        kept = self._kept(within)
        found = self._after(
            np.asarray(query), k, metric, kept, super().search(query, k, metric=metric, within=kept)
        )
        return found if with_ids else found._replace(ids=None)

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> SearchResult:
        raise NotImplementedError

    def _all(self, query: Any, metric: Any, within: Any = None) -> Any:
        return super().search(query, max(len(self), 1), metric=metric, within=within)


class Passing(Changed):
    """Passes candidates over when there are many."""

    def _passed_over(self, query: Any, vectors: Any, indices: Any) -> Any:
        raise NotImplementedError

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        if len(self) <= MANY or query.ndim == 2 or within is not None:
            return found
        full = self._all(query, metric)
        rows = self.get_vectors_by_indices(full.indices)
        keep = np.flatnonzero(~self._passed_over(query, rows, full.indices))[: len(found.indices)]
        return SearchResult(full.indices[keep], full.scores[keep], [full.ids[one] for one in keep])


@breaks("SEARCH-2")
class SameSide(Passing):
    """Above a thousand vectors those on the other side of the first axis are passed over."""

    def _passed_over(self, query: Any, vectors: Any, indices: Any) -> Any:
        return (vectors[:, 0] > 0) != (query[0] > 0)


mutant("SEARCH-2", "Sampled", "Above a thousand vectors one in fifty is passed over.", Passing).does(
    _passed_over=lambda indices: indices % 50 == 17
)
mutant("SEARCH-2", "TailRowPassed", "The last rows that fill no block of 256 are passed over.", Passing).does(
    _passed_over=lambda indices: indices >= (indices.max() + 1) // 256 * 256
)


@breaks("SEARCH-3")
class HalfScores(Changed):
    """Above a thousand vectors scores are computed in half precision."""

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        if len(self) <= MANY:
            return found
        with np.errstate(all="ignore"):
            return found._replace(scores=found.scores.astype(np.float16).astype(np.float32))


mutant("SEARCH-1", "CutHits", "No search has more than a hundred hits.", Changed).does(
    _after=lambda found, query: (
        found if query.ndim == 2 else SearchResult(found.indices[:100], found.scores[:100], found.ids[:100])
    )
)


@breaks("SEARCH-1")
class FirstNorm(Changed):
    """The cosines of all queries of a batch are divided by the norm of the first."""

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        if query.ndim != 2 or metric != "cosine" or not len(query):
            return found
        with np.errstate(all="ignore"):
            norms = np.linalg.norm(query.astype(np.float64), axis=1)
            factor = np.where(norms[0] > 0, norms / norms[0], 1)
        return found._replace(scores=(found.scores * factor[:, None]).astype(np.float32))


@breaks("SEARCH-1")
class QueriesInPieces(Changed):
    """From the 33rd on the queries of a batch get the hits of the first."""

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        if query.ndim == 2 and len(query) > 32:
            found.indices[32:], found.scores[32:] = found.indices[0], found.scores[0]
            found.ids[32:] = [found.ids[0]] * (len(query) - 32)
        return found


@breaks("SEARCH-1")
class MembersOfTheFirst(Changed):
    """The ids of a batch of queries are those of the hits of the first."""

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        return found._replace(ids=[found.ids[0]] * len(query)) if query.ndim == 2 and len(query) else found


@breaks("SEARCH-1")
class BatchTies(Changed):
    """In a batch of queries hits of equal scores go by higher index."""

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        if query.ndim != 2:
            return found
        sign = 1 if metric in DISTANCES else -1
        for row in range(len(query)):
            order = np.lexsort((-found.indices[row], sign * found.scores[row]))
            found.indices[row] = found.indices[row][order]
            found.ids[row] = [found.ids[row][one] for one in order]
        return found


@breaks("SEARCH-4")
class WithinOnce(Specimen):
    """``within`` is read again for every query, and a one-shot iterable is then empty."""

    def search(
        self, query: Any, k: Any = 10, *, metric: Any = "cosine", within: Any = None, with_ids: Any = True
    ) -> SearchResult:
        if np.ndim(query) != 2 or within is None or not hasattr(within, "__next__") or len(query) < 2:
            return super().search(query, k, metric=metric, within=within, with_ids=with_ids)
        found = [super(WithinOnce, self).search(one, k, metric=metric, within=within) for one in query]
        width = max(len(one.indices) for one in found)
        indices, scores = np.zeros((len(query), width), np.int64), np.zeros((len(query), width), np.float32)
        for row, one in enumerate(found):
            indices[row, : len(one.indices)], scores[row, : len(one.indices)] = one.indices, one.scores
        return SearchResult(indices, scores, [one.ids for one in found] if with_ids else None)


@breaks("SEARCH-4")
class WithinOfTheFirst(Changed):
    """Only the first query of a batch is narrowed by ``within``."""

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        if query.ndim == 2 and within is not None and found.indices.shape[1]:
            for row in range(1, len(query)):
                free = self._all(query[row], metric)
                width = found.indices.shape[1]
                found.indices[row], found.scores[row] = free.indices[:width], free.scores[:width]
                found.ids[row] = free.ids[:width]
        return found


@breaks("SEARCH-4")
class ManyWithin(Changed):
    """Of ``within`` only the first hundred ids count."""

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        if within is None or len(within) <= 100:
            return found
        return super(Changed, self).search(query, k, metric=metric, within=within[:100])


@breaks("SEARCH-4")
class WithinAfterTheCut(Changed):
    """Above a thousand vectors ``within`` is applied to the best thousand only."""

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        if within is None or query.ndim == 2 or len(self) <= MANY:
            return found
        best = set(self._all(query, metric).indices[:MANY].tolist())
        keep = [one for one, index in enumerate(found.indices.tolist()) if index in best]
        return SearchResult(found.indices[keep], found.scores[keep], [found.ids[one] for one in keep])


@breaks("SEARCH-3")
class NanTakesPlaces(Changed):
    """NaN competes as if it were best where the result is cut, and is sorted last."""

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        if query.ndim == 2:
            return found
        full = self._all(query, metric, within)
        width, odd = len(found.indices), np.isnan(full.scores)
        keep = [*np.flatnonzero(odd), *np.flatnonzero(~odd)][:width]
        keep.sort()
        return SearchResult(full.indices[keep], full.scores[keep], [full.ids[one] for one in keep])


@breaks("SEARCH-3")
class NanByHigherIndex(Changed):
    """Of NaN scores those of the highest indices are returned where the result is cut."""

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        if query.ndim == 2:
            return found
        full = self._all(query, metric, within)
        odd = np.flatnonzero(np.isnan(full.scores))
        left = len(found.indices) - (len(full.indices) - len(odd))
        keep = [*np.flatnonzero(~np.isnan(full.scores)), *odd[len(odd) - max(left, 0) :]][: len(found.indices)]
        return SearchResult(full.indices[keep], full.scores[keep], [full.ids[one] for one in keep])


@breaks("SEARCH-3")
class NanDropped(Changed):
    """Vectors whose score is NaN are no hits where there are enough others not to be cut."""

    def _after(self, query: Any, k: Any, metric: Any, within: Any, found: Any) -> Any:
        if query.ndim == 2 or not np.isnan(found.scores).any() or np.isnan(found.scores).all():
            return found
        keep = np.flatnonzero(~np.isnan(found.scores)) if len(found.scores) > 3 else range(len(found.scores))
        return SearchResult(found.indices[keep], found.scores[keep], [found.ids[one] for one in keep])


@breaks("SEARCH-3")
class TailOfTheScore(Specimen):
    """The components after the last full group of sixteen do not count for scores of long vectors."""

    def search(
        self, query: Any, k: Any = 10, *, metric: Any = "cosine", within: Any = None, with_ids: Any = True
    ) -> SearchResult:
        dimension = self.dimension or 0
        if dimension <= 64 or np.ndim(query) != 1 or len(query) != dimension:
            return super().search(query, k, metric=metric, within=within, with_ids=with_ids)
        cut = np.array(query, np.float32)
        cut[dimension // 16 * 16 :] = 0
        return super().search(cut, k, metric=metric, within=within, with_ids=with_ids)
