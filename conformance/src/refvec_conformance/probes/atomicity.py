"""Failure atomicity (ATOM-1): everything observable, before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from refvec import Capabilities, VectorStore

from ..telling.forms import CHANGED
from ..telling.values import difference
from .outcomes import attempt, frozen

STATISTICS = (
    "type",
    "unique_vectors",
    "total_references",
    "capacity",
    "utilization",
    "free_indices",
    "dimension",
    "storage_type",
)


def observe(store: VectorStore, *, ordered: bool = True) -> dict[str, object]:
    """Return everything that a caller can see of an open store, each thing under its name.

    The order of ids counts unless the store's backend, or `ordered`, says otherwise.
    """
    ordered = ordered and capabilities_of(store).ordered_ids
    order: Callable[[Iterable[Any]], list[Any]] = list if ordered else sorted
    seen = store.snapshot()
    statistics = store.get_statistics()
    allocated = statistics["unique_vectors"] + statistics["free_indices"]
    indices = sorted({*range(allocated), *seen.indices.tolist()})
    return {
        "dimension": store.dimension,
        "precision": store.precision,
        "len": len(store),
        "count": store.count,
        "total_references": store.total_references,
        "statistics": {name: statistics[name] for name in STATISTICS},
        "references": order(zip(seen.ids, seen.id_indices.tolist(), strict=True)),
        "snapshot": frozen([str(seen.id_indices.dtype), seen.indices, seen.vectors]),
        "ids": order(store.ids()),
        "indices": frozen(store.indices()),
        "vectors": frozen(store.get_all_vectors()),
        "get_indices": dict(zip(seen.ids, store.get_indices(seen.ids).tolist(), strict=True)),
        "ids_at": [attempt(partial(_ids_at, store, index, order)) for index in indices],
        "refcounts": [attempt(partial(store.get_refcount, index)) for index in indices],
        "rows": [attempt(partial(store.get_vector_by_index, index)) for index in indices],
    }


def _ids_at(store: VectorStore, index: int, order: Callable[[Iterable[Any]], list[Any]]) -> list[Any]:
    return order(store.ids_at(index))


def capabilities_of(store: Any) -> Capabilities:
    """Return what the backend of a store declares; the oracle declares everything."""
    return getattr(type(store), "capabilities", Capabilities(ordered_ids=True))


def differences(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """Return a line for each thing that is not the same in both, with what it is and what it was."""
    return [_apart(name, before[name], after[name]) for name in before if before[name] != after[name]]


def _apart(name: str, before: object, after: object) -> str:
    where, now, then = difference(after, before)
    return f"{name}{where} is {now}, expected {then}"


@contextmanager
def unchanged(store: VectorStore) -> Iterator[None]:
    """Fail unless the store is after the block exactly as it was before."""
    before = observe(store)
    yield
    changed = differences(before, observe(store))
    if changed:
        pytest.fail(f"{CHANGED}:\n" + "\n".join(changed), pytrace=False)


@contextmanager
def refused(
    store: VectorStore, error: type[BaseException] | tuple[type[BaseException], ...], match: str | None = None
) -> Iterator[pytest.ExceptionInfo[Any]]:
    """Fail unless the block raises `error` and leaves the store exactly as it was."""
    with unchanged(store), pytest.raises(error, match=match) as caught:
        yield caught
