"""Compaction: the rows that are still referenced go to a new file, which one commit puts in place of the old.

Nothing is changed in place. The new file is complete and synced, under its
name, before a commit refers to it; the same commit folds the log of the catalog
into a snapshot. Whatever moment a crash picks, the catalog names the one file or
the other, and both are whole. Readers that have the old one open keep it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from . import disk
from .catalog import Catalog
from .checking import Progress
from .folding import Folded
from .leftovers import next_generation
from .places import Place
from .records import Meta
from .replay import Replayed
from .rows import RowFile
from .space import extents


class Files(NamedTuple):
    """What a compaction works on: the files of a store to which nobody else writes.

    Attributes
    ----------
    place : Path
        The directory.
    catalog : Catalog
        Open for writing.
    rows : RowFile or None
        None before the first vector is flushed.
    guard : callable
        Raises in a forked child, which must not go on.
    """

    place: Place
    catalog: Catalog
    rows: RowFile | None
    guard: Callable[[], None]


def rewritten(files: Files, snapshot: Folded, progress: Progress) -> RowFile | None:
    """Commit a new generation; return its row file, None where there was none."""
    place, catalog, rows, guard = files
    meta, found, _ = snapshot
    if rows is None:
        catalog.compact(meta, snapshot.encode())
        return None
    meta = replace(meta, generation=next_generation(place, meta))
    fresh = _draft(place, meta)
    try:
        with _removed_on_error(fresh.path):
            _fill(fresh, rows, found, progress)
            guard()
            fresh.rename(place.rows(meta.generation))
        # From here on the file stays, whatever happens: a commit that fails may have been made.
        catalog.compact(meta, snapshot.encode())
    except BaseException:
        fresh.close()
        raise
    return fresh


def _draft(place: Place, meta: Meta) -> RowFile:
    assert meta.dimension is not None
    path = place.rows_draft(meta.generation)
    with _removed_on_error(path):
        return RowFile.draft(path, meta.store, meta.generation, meta.dimension)


def _fill(fresh: RowFile, source: RowFile, found: Replayed, progress: Progress) -> None:
    """Copy the rows that are referenced, and sync them."""
    indices = found.layout.indices
    for start, stop in extents(indices, fresh.dimension).tolist():
        disk.reserve(fresh.handle, start, stop)
    for done in fresh.copy(source, indices, found.marks.sums):
        progress(done, len(indices))
    disk.sync(fresh.handle)


@contextmanager
def _removed_on_error(path: Path) -> Iterator[None]:
    process = os.getpid()
    try:
        yield
    except BaseException:
        if os.getpid() == process:  # in a forked child it is the parent's
            with suppress(OSError):
                disk.remove(path)
        raise
