"""One search: the mirror proposes, the store confirms (SEARCH, NET-3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from refvec.metrics import Metric
from refvec.searching import Hits

from .attempt import Attempt
from .entries import indices_of
from .mirror import Mirror
from .reading import Reading

Found = list[list[tuple[int, np.float32]]]
Members = dict[int, list[str]]


class Search:
    """One call of `search`.

    Parameters
    ----------
    mirror, reading, attempt
        The copy, the store, and how long the call may take.
    queries, k, metric
        What is sought.
    """

    def __init__(
        self,
        mirror: Mirror,
        reading: Reading,
        attempt: Attempt,
        queries: NDArray[np.float32],
        k: int,
        metric: Metric,
    ) -> None:
        self._mirror, self._reading, self._attempt = mirror, reading, attempt
        self._queries, self._k, self._metric = queries, k, metric

    def run(self, within: list[str] | None, with_ids: bool, dimension: int | None) -> Hits:
        """Return the hits; `dimension` is that of the store."""
        if dimension is None:
            return self._hits([[] for _ in self._queries], {}, with_ids)
        allowed = None if within is None else set(within)
        # Before the copy is brought up to date: what the ids reference is in it then.
        among = None if within is None else self._indices_of(within)
        while True:
            self._mirror.follow(dimension, self._attempt)
            if not len(self._queries):
                return self._none(self._mirror.width(dimension, self._k, among), with_ids)
            found = self._confirmed(among, allowed, all_ids=with_ids or within is not None)
            if found is not None:
                return self._hits(*found, with_ids)
            self._attempt.again("search", "what it finds goes on changing")

    def _indices_of(self, within: list[str]) -> list[int]:
        found = indices_of(self._reading.entries(within))
        return [index for index in dict.fromkeys(found.tolist()) if index >= 0]

    def _confirmed(
        self, among: list[int] | None, allowed: set[str] | None, *, all_ids: bool
    ) -> tuple[Found, Members] | None:
        """Return hits that are all in the store, with their ids; None if the copy is behind."""
        without: set[int] = set()
        while True:
            found = self._mirror.best(self._queries, self._k, self._metric, among, without)
            indices = sorted({index for one in found for index, _ in one})
            known = self._reading.members(indices, -1 if all_ids else 1)
            if not all_ids:  # the one that was looked at may be a dead client's
                known |= self._reading.members([index for index in indices if not known[index][1]])
            if any(self._mirror.is_behind(index, known[index][0]) for index in indices):
                return None
            members = {index: _allowed(known[index][1], allowed) for index in indices}
            gone = {index for index, ids in members.items() if not ids}
            if not gone:
                return found, members
            without |= gone

    def _none(self, width: int, with_ids: bool) -> Hits:
        return np.empty((0, width), np.int64), np.empty((0, width), np.float32), [] if with_ids else None

    def _hits(self, found: Found, members: Members, with_ids: bool) -> Hits:
        shape = (len(found), len(found[0]) if found else 0)
        indices = np.array([[index for index, _ in one] for one in found], np.int64).reshape(shape)
        scores = np.array([[score for _, score in one] for one in found], np.float32).reshape(shape)
        if not with_ids:
            return indices, scores, None
        known = {index: tuple(ids) for index, ids in members.items()}
        return indices, scores, [[known[index] for index, _ in one] for one in found]


def _allowed(ids: list[bytes], allowed: set[str] | None) -> list[str]:
    texts = [one.decode() for one in ids]
    return texts if allowed is None else [one for one in texts if one in allowed]
