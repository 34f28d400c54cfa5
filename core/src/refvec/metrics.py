"""The metrics of a search: which there are, and of which a lower score is the better one (SEARCH-2).

A new one begins here; CONTRIBUTING.md says where it goes on.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

Metric: TypeAlias = Literal["cosine", "dot", "euclidean"]
METRICS: tuple[Metric, ...] = get_args(Metric)
_DISTANCES = frozenset[str]({"euclidean"})


def is_distance(metric: str) -> bool:
    """Return whether a lower score of the metric is the better one; otherwise a higher one is."""
    return metric in _DISTANCES
