"""Copying a store: as a whole where the new place keeps indices, else id by id."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from .. import savefile
from ..contract import VectorStore
from ..errors import UnsupportedError
from ..interchange.content import Progress
from ..interchange.exporting import silent
from ..interchange.importing import OnDuplicate
from ..location import Url, parse_location
from ..opening import MAX_CAPACITY, OpenSpec
from ..payloads import require_kept
from ..state import State
from .adding import add
from .origins import Origin, origin_of
from .payloads import NoPayloads
from .watched import Watched


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
    payloads : int
        How many came along.
    """

    ids: int
    skipped: int
    indices_kept: bool
    payloads: int


def copy_store(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    as_file: bool = False,
    overwrite: bool = False,
    append: bool = False,
    on_duplicate: OnDuplicate = "error",
    payloads: bool = True,
    backend: str = "auto",
    progress: Progress = silent,
    **options: Any,
) -> Copied:
    """Copy a store to another place: ids, vectors, who shares which, the order of the ids, and payloads.

    A new directory, and a file, also keep indices, the order of ids within a
    slot and the capacity; they appear when they are complete, or not at all.
    Into servers, and into a store that is there, ids go one batch after the
    other; of a copy that ends early a part stays, the error has a note that
    says how much, and ``append=True, on_duplicate="skip"`` goes on. An id comes
    there in one step with its payload.

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
        What becomes of an id that is in the target; one with a payload is there also if only
        a payload is. "upsert" puts the source's vector and payload in place of those there.
    payloads : bool
        Whether to take them along, of a directory that has some. Only directories keep them.
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
        If it has payloads, which the target does not keep. Nothing is made then.
    """
    location = parse_location(target, "target")
    with origin_of(source, payloads=payloads) as origin:
        if origin.payloads and (as_file or isinstance(location, Url)):
            raise _payloads_lost(origin, "a saved file" if as_file else "a store in servers")
        if as_file:
            return _to_file(origin, location, overwrite, progress)
        if isinstance(location, Path) and _is_new(location):
            return _to_directory(origin, location, progress)
        with _opened(origin, location, append, backend, options) as store:
            counts = add(origin, store, str(location), on_duplicate, progress)
    return Copied(counts.rows - counts.skipped, counts.skipped, False, counts.payloads)


def _payloads_lost(origin: Origin, where: str) -> UnsupportedError:
    return UnsupportedError(
        f"The store at {origin.name} has {origin.payloads:,} payloads, as texts and metadata are, and "
        f"{where} keeps none: copy it to a directory, or without them with payloads=False (--without-payloads)"
    )


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

    def write(spec: OpenSpec, state: State, _: NoPayloads) -> int:
        told = replace(spec, dimension=state.layout.dimension)
        savefile.write(location, told, Watched(state, NoPayloads(), progress).state())
        return len(state.layout.ids)

    return Copied(origin.whole(write), 0, True, 0)


def _to_directory(origin: Origin, path: Path, progress: Progress) -> Copied:
    from ..durable.making import make

    def write(spec: OpenSpec, state: State, payloads: NoPayloads) -> Copied:
        watched = Watched(state, payloads, progress)
        told = replace(spec, dimension=state.layout.dimension)
        with closing(watched.payloads()) as pairs:  # while what they are read from is open
            make(path, told, watched.state(), pairs)
        return Copied(len(state.layout.ids), 0, True, len(payloads))

    return origin.whole(write)


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
    if origin.payloads:
        _require_keeping(origin, store, location)
    if None not in (store.dimension, origin.spec.dimension) and store.dimension != origin.spec.dimension:
        raise ValueError(
            f"The store at {location} has dimension {store.dimension}, the source {origin.spec.dimension}"
        )
    found, unit = store.total_references, "ids"
    if not found and origin.payloads:
        found, unit = len(store.payloads), "payloads"
    if found and not append:
        text = f"There is a store with {found:,} {unit}; append=True (--append) adds to it"
        raise FileExistsError(errno.EEXIST, text, str(location))
    if store.precision != origin.spec.precision and not append:
        raise ValueError(
            f"The store at {location} has precision {store.precision!r}, the source "
            f"{origin.spec.precision!r}; append=True (--append) takes the former"
        )


def _require_keeping(origin: Origin, store: VectorStore, location: Path | Url) -> None:
    try:
        require_kept(store, store._spec)
    except UnsupportedError as error:
        raise _payloads_lost(origin, f"the one at {location}") from error
