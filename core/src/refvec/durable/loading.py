"""Reading a store as it was at its last flush, by whoever opens it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import CorruptStoreError
from ..opening import OpenSpec
from ..state import Layout, State
from . import head
from .catalog import Catalog, Content
from .damage import damaged
from .locks import open_file, reading, unlock
from .packing import PackingError
from .places import Place
from .records import Meta
from .replay import replayed
from .rows import RowFile

T = TypeVar("T")
_TRIES = 5


class Loaded(NamedTuple):
    """The last flush: what the catalog says, and the rows, which are read when they are asked for."""

    meta: Meta
    layout: Layout
    sums: NDArray[np.int64]
    rows: RowFile | None

    def spec(self, spec: OpenSpec) -> OpenSpec:
        """Return the spec of a store that is open already, as of this flush."""
        return replace(spec, dimension=self.meta.dimension)

    def state(self, *, held: bool) -> State:
        """Return it as the state to open a store with; `held` holds free indices back."""
        blocks = iter(()) if self.rows is None else self.rows.blocks(self.layout.indices, self.sums)
        return State(self.layout, blocks, self.layout.free() if held else np.empty(0, np.int64))


def load(place: Place, use: Callable[[Loaded], T]) -> T:
    """Call `use` with the last flush, and return what it returns.

    While this lasts, no row of that flush is used again. The catalog is opened
    for reading only, by writers too: a connection that may write would take
    what is damaged for the remains of a crash, and throw it away.
    """
    handle = open_file(place.head, os.O_RDONLY)
    try:
        with reading(handle):
            return _loaded(place, handle, use)
    finally:
        unlock(handle)


def _loaded(place: Place, handle: int, use: Callable[[Loaded], T]) -> T:
    for remaining in reversed(range(_TRIES)):
        store, acknowledged = head.read(handle, place.head)  # first: it never runs ahead of the catalog
        with readable_catalog(place.catalog) as catalog:
            try:
                return _used(place, catalog.read(), store, acknowledged, use)
            except CorruptStoreError:
                # Read without a lock beside a writer that has come meanwhile, it may be half written.
                if not (remaining and catalog.mode == "immutable" and _wal(place.catalog).exists()):
                    raise
    raise AssertionError


def _used(place: Place, content: Content, store: str, acknowledged: int, use: Callable[[Loaded], T]) -> T:
    meta = content.meta
    if meta.store != store:
        raise damaged(place.head, f"it is of the store {store}, and the catalog of {meta.store}")
    if meta.flush < acknowledged:
        raise damaged(
            _wal(place.catalog),
            f"the catalog ends with flush {meta.flush}, and flush {acknowledged} was acknowledged",
        )
    with naming_catalog(place):
        layout, sums = replayed(content.snapshot, content.logs, meta)
    if not meta.generation:
        return use(Loaded(meta, layout, sums, None))
    rows = RowFile.open(place.rows(meta.generation), meta, write=False)
    try:
        rows.check_length(layout.indices)
        return use(Loaded(meta, layout, sums, rows))
    finally:
        rows.close()


@contextmanager
def naming_catalog(place: Place) -> Iterator[None]:
    """Let what is wrong with the content be told of the catalog."""
    try:
        yield
    except PackingError as error:
        raise damaged(place.catalog, str(error)) from error


@contextmanager
def readable_catalog(path: Path) -> Iterator[Catalog]:
    """Open a catalog for reading, also where nothing may be written."""
    catalog = _readable(path)
    try:
        yield catalog
    finally:
        catalog.close()


def _readable(path: Path) -> Catalog:
    catalog = Catalog(path, "ro")
    try:
        catalog.identity()
    except (CorruptStoreError, OSError):
        catalog.close()
        if _wal(path).exists() and _wal(path).stat().st_size:
            raise
        # Without write permission sqlite cannot make the files that go along with a log; there is no log.
        return Catalog(path, "immutable")
    return catalog


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
