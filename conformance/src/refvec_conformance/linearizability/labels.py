"""Vectors by their labels: how calls name them, and how results are told."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from refvec import SearchResult, Snapshot

from ..inputs.operations import Op
from ..probes.outcomes import Outcome, attempt


def _seen(store: Any) -> Snapshot:
    """Look at a copy."""
    found: Snapshot = copy.copy(store).snapshot()
    return found


class Labels:
    """A few vectors with names.

    Parameters
    ----------
    vectors : mapping
        The vector of every label.
    """

    def __init__(self, vectors: Mapping[str, Sequence[float]]) -> None:
        self.vectors = {label: np.array(vector, np.float32) for label, vector in vectors.items()}
        self.widths = {len(vector) for vector in self.vectors.values()}
        self._labels = {vector.tobytes(): label for label, vector in self.vectors.items()}

    def perform(self, op: Op, side: Any) -> Outcome:
        """Return the outcome of a call on a store, or on the model, hashable and in labels."""
        names = {**self.vectors, "store": side, "seen": _seen}
        found = attempt(lambda: eval(op.source, names), self._told)  # noqa: S307 - our own text
        # Where in its batch something was wrong is for other tests.
        return found if found.error is None else Outcome(error=found.error)

    def _told(self, value: Any) -> object:
        if isinstance(value, Snapshot):
            at = dict(zip(value.indices.tolist(), map(self._label, value.vectors), strict=True))
            pairs = zip(value.ids, value.id_indices.tolist(), strict=True)
            return tuple((one, at[index]) for one, index in pairs)
        if isinstance(value, SearchResult):
            return tuple(sorted(one for hit in value.ids or () for one in hit))
        if isinstance(value, dict):
            return value["unique_vectors"], value["total_references"], value["dimension"]
        if isinstance(value, np.ndarray) and value.dtype == np.float32:
            return self._label(value) if value.ndim == 1 else tuple(map(self._label, value))
        return tuple(value) if isinstance(value, list | np.ndarray) else value

    def _label(self, vector: Any) -> str:
        return self._labels.get(vector.tobytes(), f"torn{vector.tolist()}")
