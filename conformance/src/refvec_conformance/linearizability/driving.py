"""Model operations on a real store: arguments to vectors, results to labels."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from refvec import VectorStore

from .history import Op

Vectors = Mapping[str, Sequence[float]]


class Driver:
    """Performs operations on a store and tells their results as the model does.

    Parameters
    ----------
    store : VectorStore
    vectors : mapping
        The vector of every label.
    """

    def __init__(self, store: VectorStore, vectors: Vectors) -> None:
        self._store = store
        self._vectors = {label: np.array(vector, np.float32) for label, vector in vectors.items()}
        self._labels = {vector.tobytes(): label for label, vector in self._vectors.items()}

    def __call__(self, op: Op) -> Hashable:
        """Return the result of `op`, or the name of the class of its error."""
        try:
            result: Hashable = getattr(self, f"_{op.name}")(*op.args)
        except Exception as error:
            return _error_name(type(error))
        return result

    def _add(self, chunk_id: str, label: str) -> int:
        return self._store.add_vector(chunk_id, self._vectors[label])

    def _upsert(self, chunk_id: str, label: str) -> int:
        return self._store.upsert_vector(chunk_id, self._vectors[label])

    def _add_many(self, *items: tuple[str, str]) -> tuple[int, ...]:
        return tuple(self._store.add_vectors(*self._unzipped(items)).tolist())

    def _upsert_many(self, *items: tuple[str, str]) -> tuple[int, ...]:
        return tuple(self._store.upsert_vectors(*self._unzipped(items)).tolist())

    def _unzipped(self, items: Sequence[tuple[str, str]]) -> tuple[list[str], Any]:
        return [chunk_id for chunk_id, _ in items], np.array([self._vectors[label] for _, label in items])

    def _remove(self, chunk_id: str) -> bool:
        return self._store.remove_vector(chunk_id)

    def _remove_many(self, *ids: str) -> int:
        return self._store.remove_vectors(ids)

    def _clear(self) -> None:
        self._store.clear()

    def _close(self) -> None:
        self._store.close()

    def _get(self, chunk_id: str) -> str | None:
        vector = self._store.get_vector(chunk_id)
        return None if vector is None else self._label(vector)

    def _get_many(self, *ids: str) -> tuple[str, ...]:
        return tuple(map(self._label, self._store.get_vectors(ids)))

    def _index(self, chunk_id: str) -> int | None:
        return self._store.get_index(chunk_id)

    def _find(self, label: str) -> int | None:
        return self._store.find_vector(self._vectors[label])

    def _ids(self) -> tuple[str, ...]:
        return tuple(self._store.ids())

    def _sizes(self) -> int:
        return len(self._store)

    def _statistics(self) -> tuple[int, int, int | None]:
        found = self._store.get_statistics()
        return found["unique_vectors"], found["total_references"], found["dimension"]

    def _snapshot(self) -> tuple[tuple[str, str], ...]:
        return self._seen(self._store)

    def _copy(self) -> tuple[tuple[str, str], ...]:
        return self._seen(copy.copy(self._store))

    def _seen(self, store: VectorStore) -> tuple[tuple[str, str], ...]:
        ids, id_indices, indices, vectors = store.snapshot()
        at = dict(zip(indices.tolist(), map(self._label, vectors), strict=True))
        return tuple((one, at[index]) for one, index in zip(ids, id_indices.tolist(), strict=True))

    def _search(self) -> tuple[str, ...]:
        query = next(iter(self._vectors.values()))
        return tuple(sorted(one for hit in self._store.search(query).ids for one in hit))

    def _label(self, vector: Any) -> str:
        return self._labels.get(vector.tobytes(), f"torn{vector.tolist()}")


def _error_name(kind: type[BaseException]) -> str:
    """Return the name of the error of the contract that `kind` is, or its own."""
    ours = (base for base in kind.__mro__ if base.__module__ == "refvec.errors")
    return next(ours, kind).__name__
