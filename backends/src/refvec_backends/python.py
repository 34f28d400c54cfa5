"""The reference backend: the standard library inside, readable before fast."""

from __future__ import annotations

import heapq
import math
import operator
from array import array
from collections.abc import Iterable, Iterator
from operator import mul
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from refvec import Capabilities, InProcessVectorStore
from refvec.inprocess.steps import Call
from refvec.metrics import Metric, is_distance

_NOTHING = np.empty(0, np.float32)


class PythonVectorStore(InProcessVectorStore):
    """A dict of rows by index, each an array of its own, compared one by one."""

    backend = "python"
    capabilities: ClassVar[Capabilities] = Capabilities(
        search=True,
        durable=True,
        thread_safe=True,
        dense_indices=True,
        ordered_ids=True,
        atomic_batch=True,
        interrupt_safe=True,
    )

    def _empty(self, dimension: int | None) -> None:
        self._vectors: dict[int, NDArray[np.float32]] = {}  # index -> vector
        self._erasable = self._vectors

    def _storing(self, indices: NDArray[np.int64], rows: NDArray[np.float32]) -> Iterable[Call]:
        made = {index: row.copy() for index, row in zip(indices.tolist(), rows, strict=True)}
        return [(operator.ior, self._vectors, made)]

    def _placing(self, index: int, row: NDArray[np.float32]) -> tuple[Any, Any]:
        return self._vectors, row.copy()

    def _erasing(self, indices: list[int] | None) -> Iterable[Call]:
        if indices is None:
            return [(self._vectors.clear,)]
        return [(operator.delitem, self._vectors, index) for index in indices]

    def _reading(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        rows = [self._vectors[index] for index in indices.tolist()]
        return np.concatenate(rows or [_NOTHING]).reshape(len(rows), self.dimension or 0)

    def _row(self, index: int) -> NDArray[np.float32]:
        return self._vectors[index].copy()

    def _nearest(
        self, queries: NDArray[np.float32], k: int, metric: Metric, among: list[int] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        candidates = self._ledger.slots if among is None else among
        best = [heapq.nsmallest(k, self._ranked(query.tolist(), metric, candidates)) for query in queries]
        shape = len(queries), min(k, len(candidates))
        indices = np.array([[index for _, index, _ in row] for row in best], np.int64).reshape(shape)
        scores = np.array([[score for _, _, score in row] for row in best], np.float32).reshape(shape)
        return indices, scores

    def _ranked(
        self, query: list[float], metric: Metric, candidates: Iterable[int]
    ) -> Iterator[tuple[tuple[bool, float], int, float]]:
        """Yield ((NaN last, lower is better), index, score as float32) for every candidate."""
        norm = math.sqrt(sum(map(mul, query, query)))
        for index in candidates:
            score = array("f", [_score(query, norm, self._vectors[index].tolist(), metric)])[0] + 0.0
            order = score if is_distance(metric) else -score
            yield (math.isnan(score), 0.0 if math.isnan(score) else order), index, score


def _score(query: list[float], norm: float, vector: list[float], metric: Metric) -> float:
    if metric == "euclidean":
        return math.sqrt(sum((q - v) * (q - v) for q, v in zip(query, vector, strict=True)))
    product: float = sum(map(mul, query, vector))
    if metric == "dot":
        return product
    length = math.sqrt(sum(map(mul, vector, vector)))
    if norm == 0 or length == 0:
        return 0.0
    cosine = product / (norm * length)
    return cosine if math.isnan(cosine) else max(-1.0, min(1.0, cosine))
