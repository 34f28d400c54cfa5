"""What the author of a backend writes: eight primitives; all else has defaults.

Each primitive is one step on canonical arguments, so none needs a rollback:
ids are exact ``str``, rows are C-contiguous native float32 of shape (n, d),
indices are int64. The contract converts and checks first, then calls a
primitive inside the store's guard. Only `_put` and `_drop` change anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from .capabilities import Capabilities
from .opening import OpenSpec
from .options import Option
from .state import Layout, Size, State

PRIMITIVES = ("_open", "_put", "_drop", "_find", "_refcounts", "_rows", "_scan", "_size")


class Primitives:
    """The obligations of a backend, and the two class attributes that declare it."""

    backend: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    options: ClassVar[tuple[Option, ...]] = ()

    # A backend with a lock of its own sets this to contextlib.nullcontext and
    # overrides every method that calls more than one primitive.
    _guard_factory: ClassVar[Callable[[], AbstractContextManager[object]]] = staticmethod(threading.RLock)

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        """Start empty, or from `state` with its indices, orders and capacity kept."""
        self._missing("_open")

    def _put(self, ids: list[str], rows: NDArray[np.float32], replace: bool) -> NDArray[np.int64]:
        """Reference ``rows[j]`` under ``ids[j]``, item by item in order; return the indices.

        The ids are distinct. ``replace=False``: none is present. ``replace=True``:
        each item first adds the new reference, then drops the old one, and a
        row identical to the old one changes nothing. Raising (`StoreFullError`,
        `MemoryError`) changes nothing.
        """
        self._missing("_put")

    def _drop(self, ids: Iterable[str] | None) -> int:
        """Remove those of the distinct `ids` that are present, or all; return how many were there."""
        self._missing("_drop")

    def _find(self, ids: list[str]) -> NDArray[np.int64]:
        """Return the index of every id, -1 where it is absent."""
        self._missing("_find")

    def _refcounts(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of references to every index, 0 where it is not active."""
        self._missing("_refcounts")

    def _rows(self, indices: NDArray[np.int64], out: NDArray[np.float32]) -> None:
        """Copy the vectors at the active `indices` into `out`, (n, d)."""
        self._missing("_rows")

    def _scan(self) -> Layout:
        """Return who references what."""
        self._missing("_scan")

    def _size(self) -> Size:
        """Return the counts; O(1)."""
        self._missing("_size")

    def _missing(self, name: str) -> NoReturn:
        raise NotImplementedError(f"{type(self).__name__} has no {name}")


def missing_primitives(cls: type) -> list[str]:
    """Return the names of the primitives that `cls` does not define."""
    return [name for name in PRIMITIVES if getattr(cls, name, None) is getattr(Primitives, name)]
