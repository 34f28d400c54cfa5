"""Broken constructors (OPEN)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest import mock

from refvec import OpenSpec, State, UnsupportedError, VectorStore, opening
from refvec.integers import canonical_int

from .capabilities import Claiming
from .catalogue import breaks
from .specimen import Specimen

Broken = AbstractContextManager[Any]


@breaks("OPEN-1")
class PrecisionFive(Specimen):
    """The precision is 5 where 6 was meant."""

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        self._spec = replace(spec, precision=5 if spec.precision == 6 else spec.precision)
        super()._open(self._spec, state)


@breaks("OPEN-1")
def initialised_twice() -> Broken:
    """The front door returns an object that is initialised already: ``__init__`` runs twice."""

    def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
        store = made(cls, *args, **kwargs)
        if cls is VectorStore:
            store.__init__(*args, **kwargs)
        return store

    made = VectorStore.__new__
    return mock.patch.object(VectorStore, "__new__", new)


@breaks("OPEN-1")
def any_mode() -> Broken:
    """A mode that needs a path is taken without one."""
    return mock.patch.object(opening, "_mode", lambda mode, _path: mode)


@breaks("OPEN-2")
def small_is_one() -> Broken:
    """A dimension or capacity below 1 is taken for 1."""
    return _limited(lambda value: max(value, 1))


@breaks("OPEN-2")
def large_is_largest() -> Broken:
    """A dimension or capacity beyond the limit is taken for the limit."""
    return _limited(lambda value: min(value, 65_536))


def _limited(change: Callable[[int], int]) -> Broken:
    def integer(value: Any, name: str) -> int:
        found = canonical_int(value, name)
        return change(found) if name in ("dimension", "initial_capacity") else found

    return mock.patch.object(opening, "_integer", integer)


@breaks("OPEN-2")
def any_precision() -> Broken:
    """Any precision is taken."""
    return mock.patch.object(opening, "MAX_PRECISION", 1000)


@breaks("OPEN-5")
class PathIgnored(Specimen):
    """A path is ignored: the store is in memory, and nobody is told."""

    capabilities = Claiming(**vars(Specimen.capabilities))

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        self._spec = replace(spec, location=None)
        super()._open(self._spec, state)


@breaks("OPEN-5")
def both_paths() -> Broken:
    """Of path and mmap_path given together, one is silently preferred."""
    chosen = opening._location
    return mock.patch.object(
        opening, "_location", lambda path, use, mapped: chosen(path, use and path is None, mapped)
    )


@breaks("OPEN-5")
def mapped_nowhere() -> Broken:
    """``use_mmap=True`` without a path opens a store in memory."""
    chosen = opening._location
    return mock.patch.object(
        opening, "_location", lambda path, use, mapped: chosen(path, use and mapped is not None, mapped)
    )


@breaks("OPEN-7")
class FixedByFailure(Specimen):
    """A call that fails fixes the dimension all the same."""

    def _batch(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = super()._batch(chunk_ids, vectors)
        self._dimension = rows.shape[1] or None
        return ids, rows


@breaks("OPEN-7")
class DimensionZero(Specimen):
    """A dimension that nothing has fixed is called 0."""

    @property
    def dimension(self) -> int | None:
        """The dimension, or 0."""
        return self._dimension or 0


@breaks("OPEN-7")
class ClearForgets(Specimen):
    """``clear()`` forgets the dimension."""

    def clear(self) -> None:
        """Remove everything."""
        super().clear()
        self._dimension = None


@breaks("OPEN-7")
class DimensionRequired(Specimen):
    """A dimension has to be given."""

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        if spec.dimension is None:
            raise UnsupportedError("dimension is required")
        super()._open(spec, state)
