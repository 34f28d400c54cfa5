"""Putting the rows of a file into a store, batch by batch."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from ..contract import VectorStore
from ..errors import DuplicateIdError, RefvecError
from ..failures import dimension_mismatch, quoted
from ..ids import canonical_ids
from .errors import InterchangeError
from .formats import open_source
from .source import Batch, Rows

OnDuplicate: TypeAlias = Literal["error", "skip", "upsert"]
FLUSH_BYTES = 2**28  # of vectors between two flushes


class Counts(NamedTuple):
    """How far an import has come.

    Attributes
    ----------
    rows : int
        Rows that are in the store, or were skipped.
    total : int
        Rows of the file.
    skipped : int
        Rows whose id was there.
    flushed : int
        Rows, from the first one on, that a crash or an error does not take back.
    """

    rows: int
    total: int
    skipped: int
    flushed: int


def silent(counts: Counts) -> None:
    """Show nothing."""


def import_file(
    store: VectorStore,
    path: str | os.PathLike[str],
    *,
    on_duplicate: OnDuplicate = "error",
    flush_every: int | None = None,
    progress: Callable[[Counts], object] = silent,
    **places: Any,
) -> Counts:
    """Put the rows of a file into a store: `open_source` and `import_source` in one call.

    Parameters
    ----------
    store : VectorStore
        An open store, of any kind.
    path, **places
        As for `open_source`.
    on_duplicate, flush_every, progress
        As for `import_source`, with the same result and errors.
    """
    with open_source(path, **places) as source:
        return import_source(
            store, source, on_duplicate=on_duplicate, flush_every=flush_every, progress=progress
        )


def import_source(
    store: VectorStore,
    source: Rows,
    *,
    on_duplicate: OnDuplicate = "error",
    flush_every: int | None = None,
    progress: Callable[[Counts], object] = silent,
) -> Counts:
    """Put the rows of an open file into a store, and flush it.

    Each batch is one step, and every now and then the store is flushed. So an import that
    fails, or is killed, leaves the rows up to the last flush; ``on_duplicate="skip"`` goes on
    with the others. `progress` tells where that was.

    Parameters
    ----------
    store : VectorStore
        An open store, of any kind.
    source : Rows
        What `open_source` returned, or others.
    on_duplicate : {"error", "skip", "upsert"}
        What becomes of a row whose id is in the store, or stood in an earlier row: the import
        ends, the row is left out, or its vector replaces the one that is there.
    flush_every : int, optional
        Flush when so many rows are not flushed yet; no batch has more. 0 flushes at the end only,
        so that an import into a durable store is all or nothing. None: every 256 MiB of vectors.
    progress : callable
        Called with `Counts` after each batch.

    Returns
    -------
    Counts
        Of the whole import.

    Raises
    ------
    InterchangeError
        For the first row that the store refuses, naming it. Batches before it are in the store.
    """
    _check_arguments(on_duplicate, flush_every)
    counts = Counts(0, source.rows, 0, 0)
    progress(counts)
    for batch in source.batches(flush_every):
        skipped = _put(store, source, batch, counts.rows, on_duplicate)
        rows, flushed = counts.rows + len(batch.ids), counts.flushed
        if rows - flushed >= _between(flush_every, batch):
            store.flush()
            flushed = rows
        counts = Counts(rows, source.rows, counts.skipped + skipped, flushed)
        progress(counts)
    store.flush()
    counts = counts._replace(flushed=counts.rows)
    progress(counts)
    return counts


def _check_arguments(on_duplicate: str, flush_every: int | None) -> None:
    if on_duplicate not in get_args(OnDuplicate):
        raise ValueError(f"on_duplicate must be 'error', 'skip' or 'upsert', got {on_duplicate!r}")
    if flush_every is not None and flush_every < 0:
        raise ValueError(f"flush_every must not be negative, got {flush_every}")


def _between(flush_every: int | None, batch: Batch) -> float:
    if flush_every is None:
        width: int = batch.vectors.shape[1]
        return FLUSH_BYTES / (4 * width)
    return flush_every or math.inf


def _put(store: VectorStore, source: Rows, batch: Batch, first: int, on_duplicate: str) -> int:
    """Put a batch, of which `first` is the first row, into the store; return how many were skipped."""
    positions = np.arange(len(batch.ids))
    try:
        held, got = store.dimension, batch.vectors.shape[1]
        if held not in (None, got):
            raise dimension_mismatch(held or 0, got, 0)
        ids = canonical_ids(batch.ids)
        if on_duplicate == "upsert":
            store.upsert_vectors(ids, batch.vectors)
        elif on_duplicate == "skip":
            positions = _new(store, ids)
            store.add_vectors([ids[one] for one in positions], batch.vectors[positions])
        else:
            store.add_vectors(ids, batch.vectors)
    except RefvecError as error:
        if error.position is None:
            raise
        raise _of_row(source, error, first + int(positions[error.position])) from error
    return len(batch.ids) - len(positions)


def _new(store: VectorStore, ids: list[str]) -> NDArray[np.int64]:
    """Return the positions of ids that are not in the store, of a repeated one the first."""
    firsts: dict[str, int] = {}
    for position, chunk_id in enumerate(ids):
        firsts.setdefault(chunk_id, position)
    positions = np.fromiter(firsts.values(), np.int64, len(firsts))
    return positions[store.get_indices(list(firsts)) < 0]


def _of_row(source: Rows, error: RefvecError, row: int) -> InterchangeError:
    text = str(error.args[0])
    if isinstance(error, DuplicateIdError):
        text = (
            f"the id {quoted(str(error.chunk_id))} is in the store already, or stood in an earlier row; "
            "on_duplicate (--on-duplicate) may be 'skip' or 'upsert'"
        )
    return InterchangeError(source.name, text, row=row)
