"""Exact top-k with numpy: the default search, and the numpy backend's."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .metrics import is_distance

BLOCK_ROWS = 4096
# float32 sums run over at most this many components and meet in float64, so
# that their error stays below the contract's 1e-5 at every dimension.
_SUM_WIDTH = 1024
_NAN_LAST = np.uint64(0xFFFFFFFF)

Block = tuple[NDArray[np.int64], NDArray[np.float32]]


def rank(
    blocks: Iterable[Block], queries: NDArray[np.float32], k: int, metric: str
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return indices and scores of the k best rows for every query, best first.

    Parameters
    ----------
    blocks : iterable of (indices, rows)
        The candidates: ascending indices below 2**32, and rows (b, d).
    queries : ndarray of float32, (m, d)
    k : int
        The most hits; fewer if there are fewer candidates.
    metric : {"cosine", "dot", "euclidean"}
    """
    best: NDArray[np.uint64] = np.empty((len(queries), 0), np.uint64)
    with np.errstate(all="ignore"):
        for indices, rows in blocks:
            keys = _sort_keys(scores(queries, rows, metric), indices, metric)
            best = _smallest(np.concatenate((best, keys), axis=1), k)
    best.sort(axis=1)
    return (best & _NAN_LAST).astype(np.int64), _scores_of(best, metric)


def scores(queries: NDArray[np.float32], rows: NDArray[np.float32], metric: str) -> NDArray[np.float32]:
    """Return the scores (m, b) of all pairs."""
    if metric == "euclidean":
        return _distances(queries, rows).astype(np.float32)
    products = _products(queries, rows)
    if metric == "dot":
        return products.astype(np.float32)
    of_queries, of_rows = _norms(queries)[:, None], _norms(rows)[None, :]
    cosines = np.clip(products / (of_queries * of_rows), -1, 1)
    return np.where((of_queries == 0) | (of_rows == 0), 0, cosines).astype(np.float32)


def _products(queries: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.float64]:
    total = np.zeros((len(queries), len(rows)))
    for start in range(0, rows.shape[1], _SUM_WIDTH):
        part = slice(start, start + _SUM_WIDTH)
        # A cast of its own: where numpy cannot have the buffer for casting within an operation, it crashes.
        total += (queries[:, part] @ rows[:, part].T).astype(np.float64)
    return total


def _norms(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    total = np.zeros(len(rows))
    for start in range(0, rows.shape[1], _SUM_WIDTH):
        part = rows[:, start : start + _SUM_WIDTH]
        total += np.einsum("ij,ij->i", part, part).astype(np.float64)
    norms: NDArray[np.float64] = np.sqrt(total)
    return norms


def _distances(queries: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.float64]:
    # |q|^2 + |v|^2 - 2qv cancels where q is near v: in float64 the distance
    # still has an error of only 1e-8 of |q| + |v|.
    q, v = queries.astype(np.float64), rows.astype(np.float64)
    squares = np.einsum("ij,ij->i", q, q)[:, None] + np.einsum("ij,ij->i", v, v)[None, :]
    squares -= 2 * (q @ v.T)
    for row in np.flatnonzero(~np.isfinite(squares).all(axis=1)):
        # With infinities around, the expanded form is inf - inf where the distance is inf.
        bad = ~np.isfinite(squares[row])
        squares[row, bad] = np.square(v[bad] - q[row]).sum(axis=1)
    distances: NDArray[np.float64] = np.sqrt(np.maximum(squares, 0))
    return distances


def _sort_keys(found: NDArray[np.float32], indices: NDArray[np.int64], metric: str) -> NDArray[np.uint64]:
    """Return integers whose order is: better score, then lower index; NaN after all."""
    values = found if is_distance(metric) else -found
    bits = (values + np.float32(0)).view(np.int32)  # adding 0 turns -0.0 into 0.0
    ordered = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).astype(np.int64) + 2**31
    ordered[np.isnan(values)] = _NAN_LAST
    keys: NDArray[np.uint64] = (ordered.astype(np.uint64) << np.uint64(32)) | indices.astype(np.uint64)
    return keys


def _smallest(keys: NDArray[np.uint64], k: int) -> NDArray[np.uint64]:
    if k >= keys.shape[1]:
        return keys
    return np.partition(keys, k - 1, axis=1)[:, :k]


def _scores_of(keys: NDArray[np.uint64], metric: str) -> NDArray[np.float32]:
    """Undo `_sort_keys`."""
    high = keys >> np.uint64(32)
    ordered = (high.astype(np.int64) - 2**31).astype(np.int32)
    values = (ordered ^ ((ordered >> 31) & 0x7FFFFFFF)).view(np.float32)
    values = np.where(high == _NAN_LAST, np.float32("nan"), values)
    return values if is_distance(metric) else np.float32(0) - values
