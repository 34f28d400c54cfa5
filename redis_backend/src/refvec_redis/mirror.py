"""Search: a copy of all rows in this process, which follows the store, and the fastest local backend.

Before each search it asks every bucket for the number of its last change, and
those that have a new one for what changed. What it finds is then looked up in
the store, so that nothing is returned that has gone or is another vector now.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from refvec import OpenSpec, VectorStore
from refvec.metrics import Metric, is_distance
from refvec.selecting import select_backend

from .attempt import Attempt
from .fleet import Rounds
from .nodes import Node
from .places import Places

_PAGE = 500


class Mirror:
    """The rows of a store, as of the last look.

    Parameters
    ----------
    places, rounds
        Where things are, and how to get there.

    Attributes
    ----------
    filled : bool
        Whether the last look saw all.
    """

    def __init__(self, places: Places, rounds: Rounds) -> None:
        self.filled = False
        self._places, self._rounds = places, rounds
        self._seqs = [0] * places.buckets
        self._nodes: list[Node | None] = [None] * places.buckets
        self._rows: VectorStore | None = None
        self._asking = [places.native(b"HGET", "m", bucket, [b"seq"]) for bucket in range(places.buckets)]

    def is_behind(self, index: int, seq: int) -> bool:
        """Return whether a vector has changed since the last look; `seq` is the number of its last change."""
        return seq > self._seqs[self._places.at(index)[0]]

    def rows(self, dimension: int) -> VectorStore:
        """Return the copy: ids are indices of the store, as text."""
        if self._rows is None:
            # Its precision is "exact": the store has decided already what is identical.
            local = select_backend("auto", OpenSpec(), {})
            self._rows = local(dimension, precision="exact")
        return self._rows

    def follow(self, dimension: int, attempt: Attempt) -> None:
        """Have all that was in the store when the call began."""
        while self.step(dimension, attempt):
            attempt.renew()

    def step(self, dimension: int, attempt: Attempt) -> bool:
        """Take over some changes of every bucket; return whether there are more."""
        answers = self._rounds.read(self._asking, attempt)
        behind = [bucket for bucket, answer in enumerate(answers) if self._behind(bucket, answer, dimension)]
        calls = [
            self._places.call("changes", bucket, (b"%d" % self._seqs[bucket], b"%d" % _PAGE))
            for bucket in behind
        ]
        found = self._rounds.read(calls, attempt)
        for bucket, flat in zip(behind, found, strict=True):
            self._take(bucket, flat, dimension)
        self.filled = not any(len(flat) == 3 * _PAGE for flat in found)
        return not self.filled

    def _behind(self, bucket: int, answer: bytes | None, dimension: int) -> bool:
        node, seq = self._rounds.fleet.map.owner(self._places.slots[bucket]), int(answer or 0)
        # After a failover numbers may have been given out a second time.
        if seq < self._seqs[bucket] or self._nodes[bucket] not in (None, node):
            self._forget(bucket, dimension)
        self._nodes[bucket] = node
        return seq > self._seqs[bucket]

    def _forget(self, bucket: int, dimension: int) -> None:
        rows, buckets = self.rows(dimension), self._places.buckets
        rows.remove_vectors([one for one in rows.ids() if int(one) % buckets == bucket])
        self._seqs[bucket] = 0

    def _take(self, bucket: int, flat: list[Any], dimension: int) -> None:
        rows = self.rows(dimension)
        names = [str(self._places.index(bucket, local)) for local in flat[1::3]]
        found = flat[2::3]
        rows.remove_vectors([name for name, row in zip(names, found, strict=True) if row is None])
        kept = [(name, row) for name, row in zip(names, found, strict=True) if row is not None]
        if kept:
            block = np.frombuffer(b"".join(row for _, row in kept), "<f4").reshape(len(kept), dimension)
            rows.upsert_vectors([name for name, _ in kept], block)
        if flat:
            self._seqs[bucket] = flat[-3]

    def width(self, dimension: int, k: int, among: list[int] | None) -> int:
        """Return how many hits a query has."""
        return min(k, len(self.rows(dimension)) if among is None else len(among))

    def best(
        self, queries: NDArray[np.float32], k: int, metric: Metric, among: list[int] | None, without: set[int]
    ) -> list[list[tuple[int, np.float32]]]:
        """Return index and score of the k best for every query, without some that have gone."""
        rows = self.rows(queries.shape[1])
        within = None
        if among is not None or without:
            every = rows.ids() if among is None else map(str, among)
            within = [name for name in every if int(name) not in without]
        wanted = k + 1
        while True:
            hits = rows.search(queries, wanted, metric=metric, within=within)
            if hits.scores.shape[1] < wanted or not _tied(hits.scores, k):
                return [_ordered(*one, metric)[:k] for one in zip(hits.ids, hits.scores, strict=True)]
            wanted *= 2


def _tied(scores: NDArray[np.float32], k: int) -> bool:
    """Return whether vectors that were left out may be as good as the k-th one: then the lower index counts."""
    last, kth = scores[:, -1], scores[:, k - 1]
    return bool(((last == kth) | (np.isnan(last) & np.isnan(kth))).any())


def _ordered(
    ids: list[tuple[str, ...]], scores: NDArray[np.float32], metric: Metric
) -> list[tuple[int, np.float32]]:
    pairs = [(int(name), score) for names, score in zip(ids, scores, strict=True) for name in names]
    sign = 1 if is_distance(metric) else -1

    def rank(pair: tuple[int, np.float32]) -> tuple[bool, float, int]:
        bad = bool(np.isnan(pair[1]))
        return bad, 0.0 if bad else sign * float(pair[1]), pair[0]

    return sorted(pairs, key=rank)
