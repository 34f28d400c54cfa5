"""What a store tells of its changes, and what becomes of the meta page and the rows by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..state import Changes
from .fingerprints import Fingerprints
from .records import Meta

Event: TypeAlias = tuple[str | None, int]


class Told(NamedTuple):
    """What a commit holds; if an interrupt came right after it, the store will tell it again."""

    flush: int
    events: list[Event]
    written: frozenset[int]


class Done(NamedTuple):
    """What a flush ended with: the indices that are free, and whether it told of any rows."""

    freed: NDArray[np.int64]
    written: bool


class Seen:
    """Blocks of rows that are looked at while they are handed on."""

    def __init__(self, blocks: Iterable[NDArray[np.float32]], fingerprints: Fingerprints) -> None:
        self._blocks = blocks
        self._fingerprints = fingerprints
        self._found = [np.empty(0, np.uint32)]

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for block in self._blocks:
            self._found.append(self._fingerprints.of(block))
            yield block

    def fingerprints(self) -> NDArray[np.uint32]:
        """Return the fingerprints of all rows so far."""
        return np.concatenate(self._found)


def after(before: Meta, changes: Changes, events: int) -> Meta:
    """Return the meta page after the changes, still with the number of the flush before."""
    size = changes.size
    return replace(
        before,
        logged=before.logged + events,
        generation=before.generation or int(size.unique > 0),
        dimension=size.dimension,
        capacity=size.capacity,
        allocated=size.allocated,
        references=size.references,
        vectors=size.unique,
    )


def chosen(blocks: Iterable[NDArray[np.float32]], wanted: NDArray[np.bool_]) -> Iterator[NDArray[np.float32]]:
    """Yield the wanted ones of all rows, block by block."""
    start = 0
    for block in blocks:
        yield block[wanted[start : start + len(block)]]
        start += len(block)
