"""Backends by their primitives alone: opened without the front door, and with nothing overridden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

from refvec import BackendPlugin, OpenSpec, Size, State, VectorStore
from refvec.options import check_options
from refvec.registry import provided

from ..judging.target import Target

T = TypeVar("T")


def opened(kind: type[VectorStore], spec: OpenSpec, state: State | None = None) -> VectorStore:
    """Return a store of this class, empty or from a state: what the front door's arguments cannot ask for."""
    store = kind.__new__(kind)
    store._begin(check_options(kind, spec), state)
    return store


class Bare(VectorStore):
    """Inherits every public method and every default; its primitives are those of another store."""

    inner: ClassVar[type[VectorStore]]

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        self._held = opened(self.inner, spec, state)

    def _put(self, ids: Any, rows: Any, mode: Any) -> Any:
        return self._held._put(ids, rows, mode)

    def _drop(self, ids: Any) -> Any:
        return self._held._drop(ids)

    def _find(self, ids: Any) -> Any:
        return self._held._find(ids)

    def _rows(self, at: Any) -> Any:
        return self._held._rows(at)

    def _refcounts(self, indices: Any) -> Any:
        return self._held._refcounts(indices)

    def _scan(self, use: Callable[[State], T]) -> T:
        return self._held._scan(use)

    def _size(self) -> Size:
        return self._held._size()

    def _close(self) -> None:
        self._held.close()


def bare(target: Target, **body: Any) -> type[Bare]:
    """Return a backend that has the primitives of the one under test, and nothing else of it."""
    same = {name: getattr(target.store, name) for name in ("capabilities", "options")}
    return type("Bare", (Bare,), {**same, "backend": f"{target.name}-bare", "inner": target.store, **body})


@contextmanager
def stripped(target: Target) -> Iterator[Target]:
    """Yield the backend under test without all that it overrides, known to the front door."""
    kind = bare(target)
    with provided(kind.backend, BackendPlugin(kind)):
        yield Target(kind.backend, kind)
