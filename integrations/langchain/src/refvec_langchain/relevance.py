"""From scores to relevance, between 0 and 1, as LangChain wants it."""

from __future__ import annotations

from collections.abc import Callable

from refvec.metrics import Metric


def relevance(metric: Metric) -> Callable[[float], float]:
    """Return the function for a metric; that of dot products holds for vectors of unit length.

    Raises
    ------
    ValueError
        If there is no such metric.
    """
    if metric not in _FUNCTIONS:
        raise ValueError(f"metric must be one of {', '.join(map(repr, _FUNCTIONS))}, got {metric!r:.40}")
    return _FUNCTIONS[metric]


def _of_cosine(score: float) -> float:
    return (1 + score) / 2


def _of_distance(score: float) -> float:
    return 1 / (1 + score)


_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "cosine": _of_cosine,
    "dot": _of_cosine,
    "euclidean": _of_distance,
}
