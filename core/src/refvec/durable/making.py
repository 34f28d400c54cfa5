"""Making a durable store of a whole state: it appears under its name when it is complete (INDEX-3)."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..opening import OpenSpec
from ..state import Changes, Event, Layout, Size, State
from . import disk
from .loading import load
from .locks import lock_writer, require_locks, unlock
from .opening import create
from .places import Place, place_of
from .writer import Writer

UNFINISHED = ".unfinished-copy"


def make(target: Path, spec: OpenSpec, state: State, payloads: Iterable[tuple[str, bytes]] = ()) -> None:
    """Make the directory `target` a durable store with the content of `state`, every index and order kept.

    Payloads, each with its id, are asked for one by one, and all before the rows.

    It is made beside, as ``NAME.unfinished-copy``, which goes if this raises;
    what a process left that was killed is removed by the next one.

    Raises
    ------
    FileExistsError
        If there is anything at `target`, save an empty directory.
    StoreLockedError
        If another process is making it.
    """
    require_locks()
    root = place_of(target).root
    if exists(root):
        raise FileExistsError(errno.EEXIST, "There is something already", os.fspath(target))
    disk.make_directories(root.parent)
    with _draft(Path(f"{root}{UNFINISHED}")) as draft:
        _fill(draft, spec, state, payloads)
        disk.rename(draft.root, root)
        disk.sync_directory(root.parent)


@contextmanager
def _draft(path: Path) -> Iterator[Place]:
    _remove_left(place_of(path))
    disk.make_directories(path)
    try:
        yield place_of(path)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise


def _remove_left(place: Place) -> None:
    """Remove what another process left there, unless it is at work."""
    if place.look() == "nothing":  # raises for what is not ours
        return
    unlock(lock_writer(place.lock, create=False))
    shutil.rmtree(place.root)


def _fill(place: Place, spec: OpenSpec, state: State, payloads: Iterable[tuple[str, bytes]]) -> None:
    writer = Writer(place, lock_writer(place.lock, create=True))
    try:
        create(place, spec)
        writer.open_head()
        load(place, writer.begin)
        writer.fill(_told(state), payloads)
    finally:
        writer.release()


def _told(state: State) -> Changes:
    """Return the state as what has happened since there was nothing."""
    layout, none = state.layout, np.empty(0, np.int64)
    size = Size(len(layout.indices), len(layout.ids), layout.allocated, layout.capacity, layout.dimension)
    return Changes([*_events(layout)], layout.indices, state.blocks, none, size)


def _events(layout: Layout) -> Iterator[Event]:
    yield from zip(layout.ids, layout.id_indices.tolist(), strict=True)
    ids, indices = layout.ids, layout.id_indices
    straight = np.argsort(indices, kind="stable")
    # An id that comes to its slot again keeps its place among all ids, and is the last one in the slot.
    again = np.unique(indices[straight[straight != layout.slot_order]])
    order = layout.slot_order[np.isin(indices[layout.slot_order], again)]
    yield from ((ids[at], int(indices[at])) for at in order.tolist())


def exists(target: Path) -> bool:
    """Return whether there is anything at a path, save an empty directory."""
    return os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir()))
