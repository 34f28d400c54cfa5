"""What the looking-up methods share: one item as a batch of one, and batches of a store that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, ParamSpec, SupportsIndex, TypeVar

import numpy as np
from numpy.typing import NDArray

from . import failures
from .errors import InvalidIndexError, RefvecError
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
