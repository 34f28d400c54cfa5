"""Scores in exact sums, and what a search may return (SEARCH-2, SEARCH-3)."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from refvec import SearchResult

METRICS = ("cosine", "dot", "euclidean")
DISTANCES = ("euclidean",)
Hit = tuple[int, float]


def score(query: bytes, vector: bytes, metric: str) -> float:
    """Return the score of two vectors, as near to the exact one as float64 can be."""
    q, v = floats(query), floats(vector)
    if metric == "euclidean":
        return math.sqrt(_sum([(x - y) * (x - y) for x, y in zip(q, v, strict=True)]))
    product = _sum([x * y for x, y in zip(q, v, strict=True)])
    if metric == "dot":
        return product
    lengths = norm(query) * norm(vector)
    return 0.0 if lengths == 0 else product / lengths


def norm(vector: bytes) -> float:
    """Return the euclidean norm."""
    return math.sqrt(_sum([x * x for x in floats(vector)]))


def scale(query: bytes, vector: bytes, metric: str) -> float:
    """Return the s of SEARCH-3, by which the error of a score is measured."""
    if metric == "cosine":
        return 1.0
    q, v = norm(query), norm(vector)
    return q * v if metric == "dot" else q + v


def in_range(vector: bytes) -> bool:
    """Return whether SEARCH-3 says how near a score with this vector has to be."""
    length = norm(vector)
    return length == 0 or 1e-15 <= length <= 1e15


def nearest(query: bytes, vectors: dict[int, bytes], k: int, metric: str) -> list[Hit]:
    """Return the best k, best first; equal scores by lower index, NaN last."""
    hits = [(index, float32(score(query, vector, metric))) for index, vector in vectors.items()]
    return sorted(hits, key=lambda hit: (*rank(hit[1], metric), hit[0]))[: min(k, len(hits))]


def rank(found: float, metric: str) -> tuple[bool, float]:
    """Return what sorts a better score before a worse one, NaN last."""
    if math.isnan(found):
        return True, 0.0
    return False, cost(found, metric)


def cost(found: float, metric: str) -> float:
    """Return what is lower for a better score."""
    return found if metric in DISTANCES else -found


def as_result(
    hits: list[list[Hit]], members: dict[int, tuple[str, ...]], width: int, single: bool
) -> SearchResult:
    """Return hits in the shape of SEARCH-1."""
    indices = np.array([[index for index, _ in row] for row in hits], np.int64).reshape(len(hits), width)
    scores = np.array([[found for _, found in row] for row in hits], np.float32).reshape(len(hits), width)
    ids: list[Any] = [[members[index] for index, _ in row] for row in hits]
    return SearchResult(indices[0], scores[0], ids[0]) if single else SearchResult(indices, scores, ids)


def complaints(query: bytes, vectors: dict[int, bytes], k: int, metric: str, found: SearchResult) -> list[str]:
    """Return what is wrong with the hits of one query, by SEARCH-1 and SEARCH-3."""
    hits = list(zip(found.indices.tolist(), found.scores.tolist(), strict=True))
    wrong = []
    if len(hits) != min(k, len(vectors)) or len(dict(hits)) != len(hits):
        wrong.append(f"{len(hits)} hits, not {min(k, len(vectors))} different ones")
    if hits != sorted(hits, key=lambda hit: (*rank(hit[1], metric), hit[0])):
        wrong.append(f"not best first, equal scores by index: {hits}")
    wrong += [text for hit in hits for text in _inexact(query, vectors, metric, hit)]
    return wrong + _left_out(query, vectors, metric, hits)


def _inexact(query: bytes, vectors: dict[int, bytes], metric: str, hit: Hit) -> list[str]:
    index, given = hit
    exact = score(query, vectors[index], metric)
    allowed = 1e-5 * scale(query, vectors[index], metric)
    if not (in_range(query) and in_range(vectors[index])) or abs(given - exact) <= allowed:
        return []
    return [f"the {metric} score of index {index} is {given}, exactly {exact}, allowed error {allowed}"]


def _left_out(query: bytes, vectors: dict[int, bytes], metric: str, hits: list[Hit]) -> list[str]:
    if not hits or not in_range(query) or not all(map(in_range, vectors.values())):
        return []
    last = cost(score(query, vectors[hits[-1][0]], metric), metric)
    return [
        f"index {index} was left out and is better than the last hit"
        for index, vector in vectors.items()
        if index not in dict(hits)
        and last - cost(score(query, vector, metric), metric) > 2e-5 * scale(query, vector, metric)
    ]


def floats(vector: bytes) -> tuple[float, ...]:
    """Return the components of a vector given as its bytes."""
    return struct.unpack(f"={len(vector) // 4}f", vector)


def float32(value: float) -> float:
    """Return the nearest float32; 0.0 for -0.0, infinity beyond."""
    with np.errstate(all="ignore"):
        return float(np.float32(value)) + 0.0


def _sum(terms: list[float]) -> float:
    if all(map(math.isfinite, terms)):
        return math.fsum(terms)
    return sum(terms)
