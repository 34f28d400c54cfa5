"""Reading a store as it was at its last flush, by whoever opens it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import CorruptStoreError
from ..opening import OpenSpec
from ..state import Layout, Size, State
from . import head
from .catalog import Catalog, Content
from .damage import damaged
from .locks import lock_writer, open_file, reading, unlock
from .packing import PackingError
from .places import Place
from .records import Meta
from .replay import Replayed, replayed
from .rows import RowFile
from .stored import Stored, StoredRows

T = TypeVar("T")
_TRIES = 5


class Loaded:
    """The last flush: what the catalog says, and the rows, which are read when they are asked for.

    Attributes
    ----------
    content : Content
        What the catalog says.
    file : RowFile or None
        The rows; None before the first. It is open during the call of `load`.
    catalog : Catalog
        What payloads are read from, during that call, too.
    """

    def __init__(self, place: Place, content: Content, file: RowFile | None, catalog: Catalog) -> None:
        self.content = content
        self.catalog = catalog
        self.file = file
        self._place = place
        self._replayed: Replayed | None = None

    @property
    def meta(self) -> Meta:
        """The meta page."""
        return self.content.meta

    def spec(self, spec: OpenSpec) -> OpenSpec:
        """Return the spec of a store that is open already, as of this flush."""
        return replace(spec, dimension=self.meta.dimension)

    def replayed(self) -> Replayed:
        """Return who references what, checked; it is worked out once."""
        if self._replayed is None:
            with naming_catalog(self._place):
                found = replayed(self.content.snapshot, self.content.logs, self.meta.size)
            if self.file is not None:
                self.file.check_length(found.layout.indices)
            self._replayed = found
        return self._replayed

    def state(self, *, held: bool, rows: StoredRows | None = None) -> State:
        """Return it as the state to open a store with.

        Parameters
        ----------
        held : bool
            Whether free indices are held back until `_reclaim`.
        rows : StoredRows, optional
            The rows for who reads them from the file itself; by default as long as this call of `load`.
        """
        meta, content = self.meta, self.content
        if rows is None and self.file is not None:
            rows = StoredRows(self.file, self.contradiction)
        stored = Stored(
            meta.size,
            meta.precision,
            meta.seed,
            content.snapshot,
            content.logs,
            rows,
            held,
            self.contradiction,
            self.replayed,
        )
        return State(StoredLayout(self.replayed, meta.size), self._blocks(), held, stored)

    def _blocks(self) -> Iterator[NDArray[np.float32]]:
        layout, marks = self.replayed()
        if self.file is not None:
            yield from self.file.blocks(layout.indices, marks.sums)

    def contradiction(self, what: str) -> CorruptStoreError:
        """Return the error for parts that do not fit together: core's own, which may be of the row file."""
        try:
            with suppress(OSError):  # asked later, when the file is closed
                self.replayed()
        except CorruptStoreError as error:
            return error
        return damaged(self._place.catalog, what)


class StoredLayout(Layout):
    """The layout of a stored state: worked out when somebody asks for it."""

    def __init__(self, make: Callable[[], Replayed], size: Size) -> None:
        self._make = make
        self.allocated, self.capacity, self.dimension = size.allocated, size.capacity, size.dimension

    def __getattr__(self, name: str) -> Any:
        # Called for attributes that are missing: those of `Layout` until they have been worked out.
        if name == "_make" or "_make" not in vars(self):
            raise AttributeError(name)
        vars(self).update(vars(self._make().layout))
        del self._make
        return getattr(self, name)


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


def load_headless(place: Place, use: Callable[[Loaded], T]) -> T:
    """Do as `load` does where the head is damaged.

    Nobody can open such a store, so it is enough that nobody has it open.
    """
    handle = lock_writer(place.lock, create=False)
    try:
        with readable_catalog(place.catalog) as catalog:
            return _with_rows(place, catalog.read(), catalog, use)
    finally:
        unlock(handle)


def _loaded(place: Place, handle: int, use: Callable[[Loaded], T]) -> T:
    for remaining in reversed(range(_TRIES)):
        store, acknowledged = head.read(handle, place.head)  # first: it never runs ahead of the catalog
        with readable_catalog(place.catalog) as catalog:
            try:
                content = catalog.read()
                try:
                    return _used(place, content, catalog, (store, acknowledged), use)
                except CorruptStoreError:
                    # A compaction may have removed the row file meanwhile.
                    if not (remaining and catalog.meta().generation != content.meta.generation):
                        raise
            except CorruptStoreError:
                # Read without a lock beside a writer that has come meanwhile, it may be half written.
                if not (remaining and catalog.mode == "immutable" and place.log.exists()):
                    raise
    raise AssertionError


def _used(
    place: Place, content: Content, catalog: Catalog, told: tuple[str, int], use: Callable[[Loaded], T]
) -> T:
    meta, (store, acknowledged) = content.meta, told
    if meta.store != store:
        raise damaged(place.head, f"it is of the store {store}, and the catalog of {meta.store}")
    if meta.flush < acknowledged:
        raise damaged(
            place.log,
            f"the catalog ends with flush {meta.flush}, and flush {acknowledged} was acknowledged",
        )
    return _with_rows(place, content, catalog, use)


def _with_rows(place: Place, content: Content, catalog: Catalog, use: Callable[[Loaded], T]) -> T:
    meta = content.meta
    if not meta.generation:
        return use(Loaded(place, content, None, catalog))
    rows = RowFile.open(place.rows(meta.generation), meta, write=False)
    try:
        return use(Loaded(place, content, rows, catalog))
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
    catalog = open_readable(path)
    try:
        yield catalog
    finally:
        catalog.close()


def open_readable(path: Path) -> Catalog:
    """Open a catalog for reading, also where nothing may be written; the caller closes it."""
    try:
        return _logged(path)
    except (CorruptStoreError, OSError):
        if _wal(path).exists() and _wal(path).stat().st_size:
            raise
        # Without write permission sqlite cannot make the files that go along with a log; there is no log.
        return Catalog(path, "immutable")


def _logged(path: Path) -> Catalog:
    """Open a catalog together with its log, which sqlite looks for at the first question."""
    catalog = Catalog(path, "ro")
    try:
        catalog.identity()
    except BaseException:
        catalog.close()
        raise
    return catalog


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
