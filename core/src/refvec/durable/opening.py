"""Opening a durable store: the four modes, creation, and what the arguments must agree with (OPEN-5, DUR-4)."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import failures
from ..opening import OpenSpec
from ..state import Layout
from . import disk, head
from .catalog import Catalog
from .loading import Loaded, load
from .locks import lock_writer, open_file, require_locks
from .places import Found, Place, place_of
from .reader import Reader, make_read_only
from .records import NO_MARKS, Meta, encode_snapshot
from .session import Session
from .writer import Writer

if TYPE_CHECKING:
    from ..contract import VectorStore


def begin(store: VectorStore, spec: OpenSpec) -> Session:
    """Open a store with the content of a directory, which is created if the mode says so."""
    require_locks()
    assert isinstance(spec.location, Path)
    place = place_of(spec.location)
    found = place.look()
    _check_mode(place, spec.mode, found)
    if spec.mode == "r":
        return _read(store, spec, place)
    disk.make_directories(place.root)
    session = Writer(place, lock_writer(place.lock, create=found != "store"))
    try:
        _write(store, spec, session, found)
    except BaseException:
        session.release()
        raise
    session.attach(store)
    return session


def maintain(place: Place) -> Writer:
    """Return the writer of a store that is there, for work that needs no store in memory."""
    require_locks()
    session = Writer(place, lock_writer(place.lock, create=False))
    try:
        session.open_head()
        load(place, session.begin)
    except BaseException:
        session.release()
        raise
    return session


def _check_mode(place: Place, mode: str, found: Found) -> None:
    path = os.fspath(place.root)
    if mode == "x" and found == "store":
        raise FileExistsError(errno.EEXIST, 'There is a store already, and mode="x" makes a new one', path)
    if mode in ("r", "r+") and found != "store":
        raise FileNotFoundError(
            errno.ENOENT, f'There is no store; mode="a" makes one, mode="{mode}" does not', path
        )


def _read(store: VectorStore, spec: OpenSpec, place: Place) -> Session:
    session = Reader(place)

    def take(loaded: Loaded) -> Meta:
        state = loaded.state(held=False, rows=session.mapped(store, loaded))
        store._take(agreed(spec, loaded.meta, store), state)
        session.show_payloads(loaded)
        return loaded.meta

    try:
        session.shown = load(place, take)
        make_read_only(store)
    except BaseException:
        session.release()
        raise
    session.attach(store)
    return session


def _write(store: VectorStore, spec: OpenSpec, session: Writer, found: Found) -> None:
    place = session.place
    if found != "store":
        found = place.look()  # again, under the lock: another process may have been faster
        _check_mode(place, spec.mode, found)
    if found != "store":
        create(place, spec)

    session.open_head()
    # Nobody flushes now: who begins to read later reads the last flush, who reads already perhaps an older one.
    held = not session.nobody_reads()

    def take(loaded: Loaded) -> Meta:
        mine = replace(agreed(spec, loaded.meta, store), journaled=True)
        session.begin(loaded)
        try:
            store._take(mine, loaded.state(held=held, rows=session.rows(apart=store.maps_rows)))
        except BaseException:
            # The last connection that closes tidies up after sqlite's log; here it is the one that only reads.
            session.release()
            raise
        return loaded.meta

    session.sweep(load(place, take))


def agreed(spec: OpenSpec, meta: Meta, store: VectorStore) -> OpenSpec:
    """Return the spec with what the directory says, or raise for what it contradicts."""
    if spec.dimension is not None and meta.dimension not in (None, spec.dimension):
        raise ValueError(
            f"The store at {spec.location} has dimension {meta.dimension}, not {spec.dimension}; "
            "leave dimension out"
        )
    if spec.precision_given and spec.precision != meta.precision:
        raise ValueError(
            f"The store at {spec.location} has precision {meta.precision!r}, not {spec.precision!r}; "
            "leave precision out"
        )
    limits = store.capabilities
    dimension = spec.dimension if meta.dimension is None and spec.mode != "r" else meta.dimension
    if dimension is not None and dimension > limits.max_dimension:
        raise failures.dimension_out_of_range(dimension, limits.max_dimension)
    if limits.max_vectors is not None and meta.allocated > limits.max_vectors:
        raise failures.store_full(limits.max_vectors, meta.allocated)
    return replace(
        spec,
        dimension=dimension,
        precision=meta.precision,
        initial_capacity=meta.initial_capacity,
        seed=meta.seed,
    )


def create(place: Place, spec: OpenSpec) -> None:
    """Make the files of an empty store; it exists when the catalog has its name."""
    for path in place.drafts():
        with suppress(FileNotFoundError):
            path.unlink()  # of a creation that was cut short: nothing was ever in it
    disk.sync_directory(place.root)  # after a loss of power, too, the lock is there first: see `Place.look`
    meta = _first(spec)
    handle = open_file(place.head, os.O_RDWR | os.O_CREAT)
    try:
        head.write(handle, meta.store, meta.flush)
        disk.sync(handle)
    finally:
        os.close(handle)
    Catalog(place.draft, "rwc").create(meta, _nothing(meta))
    handle = open_file(place.draft, os.O_RDWR)
    try:
        disk.sync(handle)
    finally:
        os.close(handle)
    disk.sync_directory(place.root)
    disk.rename(place.draft, place.catalog)
    disk.sync_directory(place.root)


def _first(spec: OpenSpec) -> Meta:
    return Meta(
        store=secrets.token_hex(16),
        seed=secrets.randbits(64),
        flush=0,
        snapshot=0,
        logged=0,
        generation=0,
        dimension=spec.dimension,
        precision=spec.precision,
        initial_capacity=spec.initial_capacity,
        capacity=spec.initial_capacity,
        allocated=0,
        references=0,
        vectors=0,
        payloads=0,
        placed=0,
    )


def _nothing(meta: Meta) -> bytes:
    none = np.empty(0, np.int64)
    return encode_snapshot(Layout([], none, None, 0, meta.capacity, meta.dimension), NO_MARKS)
