"""Exact scores for the specimen, one vector after the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..oracle.scoring import cost


def nearest(
    query: Any, metric: str, vectors: Iterable[tuple[int, Any]]
) -> Iterator[tuple[tuple[bool, float], int, float]]:
    """Yield ((NaN last, lower is better), index, score as float32) for every vector."""
    wide = query.astype(np.float64)
    for index, vector in vectors:
        with np.errstate(all="ignore"):
            score = float(np.float32(_score(wide, np.asarray(vector, np.float64), metric))) + 0.0
        lost = math.isnan(score)
        yield (lost, 0.0 if lost else cost(score, metric)), index, score


def _score(query: Any, vector: Any, metric: str) -> float:
    if metric == "euclidean":
        return float(np.sqrt(np.sum((query - vector) ** 2)))
    if metric == "cosine" and not (query.any() and vector.any()):
        return 0.0  # whatever the other one is
    product = np.sum(query * vector)
    if metric == "dot":
        return float(product)
    lengths = np.sqrt(np.sum(query * query)) * np.sqrt(np.sum(vector * vector))
    return float(np.clip(product / lengths, -1, 1))
