"""What the looking-up methods share: one item as a batch of one, and batches of a store that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, ParamSpec, SupportsIndex, TypeVar

import numpy as np
from numpy.typing import NDArray

from . import failures
from .errors import InvalidIndexError, RefvecError, UnknownIdError
from .integers import canonical_indices, canonical_int

if TYPE_CHECKING:
    from .contract import VectorStore

P = ParamSpec("P")
T = TypeVar("T")


def single(primitive: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a primitive with a batch of one; its errors then speak of no position."""
    try:
        return primitive(*args, **kwargs)
    except RefvecError as error:
        error.position = None
        raise


def one_index(primitive: Callable[[NDArray[np.int64]], T], index: SupportsIndex) -> T:
    """Call a primitive with a single index."""
    found, given = canonical_indices([canonical_int(index, "index")])
    return single(rows_at, primitive, found, given)


def rows_at(primitive: Callable[[NDArray[np.int64]], T], found: NDArray[np.int64], given: Sequence[int]) -> T:
    """Call a primitive with indices; its error names the integer that the caller gave.

    Beyond int64 that is another one than the primitive saw.
    """
    try:
        return primitive(found)
    except InvalidIndexError as error:
        position = error.position
        if position is None or given[position] == found[position]:
            raise
        raise failures.invalid_index(given[position], 0, position) from None


def positive_size(batch_size: SupportsIndex) -> int:
    """Return the size of a batch, or raise for one that is no positive integer."""
    size = canonical_int(batch_size, "batch_size")
    if size < 1:
        raise ValueError(f"batch_size must be positive, got {failures.shown(size)}")
    return size


def pairs(store: VectorStore, ids: list[str], size: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield those of the ids that are still there, each with its vector, read `size` at a time."""
    for start in range(0, len(ids), size):
        there, rows = _still_there(store, ids[start : start + size])
        for chunk_id, row in zip(there, rows, strict=True):
            # Of its own: who keeps one vector does not keep the batch with it.
            yield chunk_id, row.copy()


def _still_there(store: VectorStore, ids: list[str]) -> tuple[list[str], NDArray[np.float32]]:
    # Each try is one step; it fails only if an id has gone, and is made again without that one and
    # without all that have gone since, so it comes to an end whatever others do.
    while True:
        try:
            return ids, store._rows(ids)
        except UnknownIdError as error:
            found = zip(ids, store._find(ids).tolist(), strict=True)
            ids = [one for one, index in found if index >= 0 and one != error.chunk_id]


def batches(
    store: VectorStore, indices: NDArray[np.int64], size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield the rows that are still there of the indices, `size` at a time."""
    for start in range(0, len(indices), size):
        active, vectors = _survivors(store, indices[start : start + size])
        if len(active):
            yield active, vectors


def _survivors(store: VectorStore, indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    # Each try is one step, so what it returns is consistent; it fails only if
    # a further index was freed since, and then fewer are left to try.
    while True:
        try:
            return indices, store._rows(indices)
        except InvalidIndexError:
            indices = np.intersect1d(indices, store.indices(), assume_unique=True)
