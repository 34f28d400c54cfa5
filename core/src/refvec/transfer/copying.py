"""Copying a store: as a whole where the new place keeps indices, else id by id."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import savefile
from ..contract import VectorStore
from ..interchange.exporting import silent
from ..interchange.importing import Counts, OnDuplicate, import_source
from ..location import Url, parse_location
from ..opening import MAX_CAPACITY, OpenSpec
from ..state import State
from .origins import Origin, origin_of

Progress = Callable[[int, int], object]


class Copied(NamedTuple):
    """What a copy did.

    Attributes
    ----------
    ids : int
        How many were copied.
    skipped : int
        How many were there already, and left alone.
    indices_kept : bool
        Whether every vector has the index that it had.
    """

    ids: int
    skipped: int
    indices_kept: bool


def copy_store(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    as_file: bool = False,
    overwrite: bool = False,
    append: bool = False,
    on_duplicate: OnDuplicate = "error",
    backend: str = "auto",
    progress: Progress = silent,
    **options: Any,
) -> Copied:
    """Copy a store to another place: ids, vectors, who shares which, and the order of the ids.

    A new directory, and a file, also keep indices, the order of ids within a
    slot and the capacity; they appear when they are complete, or not at all.
    Into servers, and into a store that is there, ids go one batch after the
    other; of a copy that ends early a part stays, the error has a note that
    says how much, and ``append=True, on_duplicate="skip"`` goes on.

    Parameters
    ----------
    source : str or os.PathLike
        A file that ``save`` wrote, the directory of a durable store, or an address.
    target : str or os.PathLike
        Where to: a directory, an address, or with `as_file` a file.
    as_file : bool
        Whether to write one file, as ``save`` does.
    overwrite : bool
        Whether that may replace a file.
    append : bool
        Whether there may be ids in the target already. Its precision counts.
    on_duplicate : {"error", "skip", "upsert"}
        What becomes of an id that is in the target.
    backend : str
        Who opens a target that is there, or an address.
    progress : callable
        Called with how many are done, of how many.
    **options
        Of that backend.

    Returns
    -------
    Copied
        How many ids, and whether the indices are the same.

    Raises
    ------
    FileExistsError
        If there are ids, or a file, at the target.
    CorruptStoreError
        If the source is damaged.
    UnsupportedError
        If it has payloads, which would be lost.
    """
    location = parse_location(target, "target")
    with origin_of(source) as origin:
        if as_file:
            return _to_file(origin, location, overwrite, progress)
        if isinstance(location, Path) and _is_new(location):
            return _to_directory(origin, location, progress)
        with _opened(origin, location, append, backend, options) as store:
            return _by_id(origin, store, str(location), on_duplicate, progress)


def _is_new(path: Path) -> bool:
    from ..durable.making import exists  # sqlite is loaded for stores in a directory only

    if path.is_file():
        text = (
            "There is a file; as_file=True (--file) writes files, and overwrite=True (--overwrite) replaces one"
        )
        raise FileExistsError(errno.EEXIST, text, os.fspath(path))
    return not exists(path)


def _to_file(origin: Origin, location: Path | Url, overwrite: bool, progress: Progress) -> Copied:
    if isinstance(location, Url):
        raise ValueError(f"{location} is an address and no file; leave as_file (--file) out")
    if location.exists() and not overwrite:
        text = "There is something already; overwrite=True (--overwrite) replaces a file"
        raise FileExistsError(errno.EEXIST, text, os.fspath(location))

    def write(spec: OpenSpec, state: State) -> int:
        savefile.write(location, replace(spec, dimension=state.layout.dimension), _watched(state, progress))
        return len(state.layout.ids)

    return Copied(origin.whole(write), 0, True)


def _to_directory(origin: Origin, path: Path, progress: Progress) -> Copied:
    from ..durable.making import make

    def write(spec: OpenSpec, state: State) -> int:
        make(path, replace(spec, dimension=state.layout.dimension), _watched(state, progress))
        return len(state.layout.ids)

    return Copied(origin.whole(write), 0, True)


def _watched(state: State, progress: Progress) -> State:
    total = len(state.layout.indices)

    def blocks() -> Iterator[NDArray[np.float32]]:
        done = 0
        for block in state.blocks:
            yield block
            done += len(block)
            progress(done, total)

    return state._replace(blocks=blocks())


def _opened(
    origin: Origin, location: Path | Url, append: bool, backend: str, options: dict[str, Any]
) -> VectorStore:
    path = location.text if isinstance(location, Url) else location
    try:
        store = VectorStore(path=path, mode="r+", backend=backend, **options)
    except FileNotFoundError:
        spec = origin.spec
        capacity = min(MAX_CAPACITY, max(spec.initial_capacity, origin.count))
        return VectorStore(
            spec.dimension,
            capacity,
            path=path,
            mode="x",
            backend=backend,
            precision=spec.precision,
            **options,
        )
    try:
        _require_fitting(origin, store, location, append)
    except BaseException:
        store.close(flush=False)
        raise
    return store


def _require_fitting(origin: Origin, store: VectorStore, location: Path | Url, append: bool) -> None:
    if None not in (store.dimension, origin.spec.dimension) and store.dimension != origin.spec.dimension:
        raise ValueError(
            f"The store at {location} has dimension {store.dimension}, the source {origin.spec.dimension}"
        )
    found = store.total_references
    if found and not append:
        text = f"There is a store with {found:,} ids; append=True (--append) adds to it"
        raise FileExistsError(errno.EEXIST, text, str(location))
    if store.precision != origin.spec.precision and not append:
        raise ValueError(
            f"The store at {location} has precision {store.precision!r}, the source "
            f"{origin.spec.precision!r}; append=True (--append) takes the former"
        )


def _by_id(
    origin: Origin, store: VectorStore, name: str, on_duplicate: OnDuplicate, progress: Progress
) -> Copied:
    seen = [Counts(0, origin.count, 0, 0)]

    def note(counts: Counts) -> None:
        seen[:] = [counts]
        progress(counts.rows, counts.total)

    try:
        counts = origin.rows(lambda rows: import_source(store, rows, on_duplicate=on_duplicate, progress=note))
    except BaseException as error:
        error.add_note(_left(store, name, seen[0]))
        store.close(flush=False)
        raise
    return Copied(counts.rows - counts.skipped, counts.skipped, False)


def _left(store: VectorStore, name: str, counts: Counts) -> str:
    # What servers have acknowledged stays; a directory has what was flushed.
    done = counts.rows if store.capabilities.networked else counts.flushed
    if not done and not store.capabilities.networked:
        return f"Nothing was copied into {name}"
    return (
        f"{done:,} of {counts.total:,} ids are in {name}, and perhaps some of the batch after them; "
        'append=True, on_duplicate="skip" (--append --on-duplicate skip) goes on with the others'
    )
