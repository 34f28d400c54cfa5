"""What several test modules do in the same words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import SearchResult, VectorStore

from ..judging.target import Target
from ..oracle.scoring import METRICS
from ..probes.atomicity import observe
from ..probes.children import output_of
from ..probes.fixtures import UNITS
from ..probes.outcomes import bits
from ..telling.expressions import as_called
from ..telling.values import as_error, shown

every_metric = pytest.mark.parametrize("metric", METRICS)


def as_batch(vector: Any) -> Any:
    """Return one vector as a batch."""
    return vector[None] if isinstance(vector, np.ndarray) and vector.ndim else [vector]


def frozen_array(values: Any, dtype: Any) -> Any:
    """Return an array that cannot be written."""
    found = np.array(values, dtype)
    found.flags.writeable = False
    return found


def int64(*values: int) -> Any:
    """Return canonical indices."""
    return np.array(values, np.int64)


# Every way in which a vector gets into a store.
PUT: dict[str, Callable[[VectorStore, str, Any], Any]] = {
    "add_vector": lambda store, one, vector: store.add_vector(one, vector),
    "add_vectors": lambda store, one, vector: store.add_vectors([one], as_batch(vector)),
    "upsert_vector": lambda store, one, vector: store.upsert_vector(one, vector),
    "upsert_vectors": lambda store, one, vector: store.upsert_vectors([one], as_batch(vector)),
}
every_way_in = pytest.mark.parametrize("put", PUT.values(), ids=PUT)

# Every method that goes through an iterable of ids; some take vectors with them.
THROUGH_IDS: dict[str, Callable[[VectorStore, Any, Any], object]] = {
    "add_vectors": lambda store, ids, vectors: store.add_vectors(ids, vectors),
    "upsert_vectors": lambda store, ids, vectors: store.upsert_vectors(ids, vectors),
    "get_vectors": lambda store, ids, _vectors: store.get_vectors(ids),
    "get_indices": lambda store, ids, _vectors: store.get_indices(ids),
    "remove_vectors": lambda store, ids, _vectors: store.remove_vectors(ids),
    "within": lambda store, ids, _vectors: (
        store.search(UNITS[0], within=ids) if type(store).capabilities.search else store.get_vectors(ids)
    ),
}

# Every method that takes an index.
BY_INDEX: dict[str, Callable[[VectorStore, Any], Any]] = {
    "get_vector_by_index": lambda store, index: store.get_vector_by_index(index),
    "get_vectors_by_indices": lambda store, index: store.get_vectors_by_indices([index]),
    "get_refcount": lambda store, index: store.get_refcount(index),
    "get_refcounts": lambda store, index: store.get_refcounts([index]),
    "ids_at": lambda store, index: store.ids_at(index),
}


def stored(store: VectorStore) -> bytes:
    """Return the bits of the vector of "a", as two methods agree on them."""
    one, other = bits(store.get_vector("a")), bits(store.snapshot().vectors[0])
    assert one == other
    return one


def at(store: VectorStore, *ids: str) -> list[int]:
    """Return the indices that ids reference."""
    return [int(index) for index in store.get_indices(ids)]


def freed(store: VectorStore) -> int:
    """Free the slot of "c" and return it."""
    index = at(store, "c")[0]
    store.remove_vector("c")
    return index


def shared(store: VectorStore, one: Any, other: Any) -> bool:
    """Return whether two vectors get one index."""
    return bool(store.add_vector("one", one) == store.add_vector("other", other))


def rows(count: int, start: int = 0) -> Any:
    """Return so many different vectors of one component."""
    return np.arange(start, start + count, dtype=np.float32)[:, None]


def ids(count: int, start: int = 0) -> list[str]:
    """Return so many different ids."""
    return [str(one) for one in range(start, start + count)]


def not_refused(
    store: VectorStore,
    take: Callable[[VectorStore, Any], Any],
    inputs: Mapping[str, Any],
    error: type[Exception] | tuple[type[Exception], ...],
    said: str = "",
) -> list[str]:
    """Return which inputs a method does not refuse with this error and text, leaving the store as it was."""
    before, wrong = observe(store), []
    for name, given in inputs.items():
        told = as_called(take, store, given) or f"the method, given {name}: {shown(given)},"
        try:
            take(store, given)
            wrong.append(f"{told} raised nothing; expected {names_of(error)}")
        except Exception as raised:
            if not isinstance(raised, error) or said not in str(raised):
                text = f" that says {said!r}" if said else ""
                wrong.append(f"{told} raised {as_error(raised)}; expected {names_of(error)}{text}")
        if observe(store) != before:
            return [*wrong, f"{told} changed the store; expected it as it was"]
    return wrong


def names_of(error: type[Exception] | tuple[type[Exception], ...]) -> str:
    """Return the names of the classes that are expected."""
    return " or ".join(one.__name__ for one in (error if isinstance(error, tuple) else (error,)))


def program(name: str, *args: object) -> list[str]:
    """Return the lines that a program of the probes prints in a child; it must end well."""
    code = f"import sys; from refvec_conformance.probes.{name} import main; main(*sys.argv[1:])"
    return output_of(code, *map(str, args)).splitlines()


def hits_of(found: SearchResult, query: int) -> SearchResult:
    """Return what a search found for one query of a batch."""
    return SearchResult(found.indices[query], found.scores[query], found.ids[query])


def stock(target: Target, place: Path, **given: Any) -> VectorStore:
    """Return a durable store with three ids and two vectors, flushed."""
    store = target.open(4, 8, path=place, **given)
    store.add_vectors(["a", "b", "c"], UNITS[[0, 0, 1]])
    store.flush()
    return store
