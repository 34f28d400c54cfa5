"""Putting the rows of a file into a store, batch by batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from ..contract import VectorStore
from ..errors import DuplicateIdError, RefvecError
from ..failures import dimension_mismatch, quoted
from ..ids import canonical_ids
from ..payloads import shelf_of
from .errors import InterchangeError
from .formats import open_source
from .source import Batch, Rows

OnDuplicate: TypeAlias = Literal["error", "skip", "upsert"]
FLUSH_BYTES = 2**28  # of vectors between two flushes
FLUSH_PAYLOAD_BYTES = 2**22  # of payloads, which are in memory until then, and once more in the flush


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
    payloads : int
        Those that came with rows and were put into the store.
    """

    rows: int
    total: int
    skipped: int
    flushed: int
    payloads: int = 0


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
    counts, waiting = Counts(0, source.rows, 0, 0), 0.0
    progress(counts)
    for batch in source.batches(flush_every):
        put = _put(store, source, batch, counts.rows, on_duplicate)
        rows, flushed, waiting = counts.rows + len(batch.ids), counts.flushed, waiting + _share(batch)
        if _due(flush_every, rows - flushed, waiting):
            store.flush()
            flushed, waiting = rows, 0.0
        skipped, payloads = counts.skipped + len(batch.ids) - len(put), counts.payloads
        payloads += sum(one in batch.payloads for one in put) if batch.payloads else 0
        counts = Counts(rows, source.rows, skipped, flushed, payloads)
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


def _share(batch: Batch) -> float:
    """Return how much a batch is of what may wait for a flush."""
    payloads = sum(map(len, batch.payloads.values()))
    return 4 * batch.vectors.size / FLUSH_BYTES + payloads / FLUSH_PAYLOAD_BYTES


def _due(flush_every: int | None, rows: int, waiting: float) -> bool:
    return waiting >= 1 if flush_every is None else 0 < flush_every <= rows


def _put(store: VectorStore, source: Rows, batch: Batch, first: int, on_duplicate: str) -> list[str]:
    """Put a batch, of which `first` is the first row, into the store; return the ids that were not skipped."""
    positions = np.arange(len(batch.ids))
    try:
        held, got = store.dimension, batch.vectors.shape[1]
        if held not in (None, got):
            raise dimension_mismatch(held or 0, got, 0)
        ids = canonical_ids(batch.ids)
        vectors = batch.vectors
        if on_duplicate == "skip":
            positions = _new(store, ids, batch.payloads)
            ids, vectors = [ids[one] for one in positions], vectors[positions]
        elif on_duplicate == "error":
            _require_no_payload(store, ids, batch.payloads)
        with _together(store, ids, batch.payloads):
            (store.upsert_vectors if on_duplicate == "upsert" else store.add_vectors)(ids, vectors)
    except RefvecError as error:
        if error.position is None:
            raise
        raise _of_row(source, error, first + int(positions[error.position])) from error
    return ids


@contextmanager
def _together(store: VectorStore, ids: list[str], payloads: Mapping[str, bytes]) -> Iterator[None]:
    """Let the payloads of ids come into the store in one step with what the body puts there."""
    if not payloads:
        yield
        return
    with store.payloads.together():
        store.payloads.put({one: payloads[one] for one in ids if one in payloads})
        yield


def there(store: VectorStore, ids: Iterable[str]) -> set[str]:
    """Return those distinct ids that are in the store with a vector or with a payload."""
    asked = list(ids)
    indices = store.get_indices(asked).tolist()
    found = {one for one, index in zip(asked, indices, strict=True) if index >= 0}
    return found.union(shelf_of(store).present(asked))


def _new(store: VectorStore, ids: list[str], payloads: Mapping[str, bytes]) -> NDArray[np.int64]:
    """Return the positions of ids that are not in the store, of a repeated one the first.

    One that brings a payload is in the store also if there is only a payload: it must not get that of another.
    """
    firsts: dict[str, int] = {}
    for position, chunk_id in enumerate(ids):
        firsts.setdefault(chunk_id, position)
    if payloads:
        for one in there(store, payloads):
            firsts.pop(one, None)
    positions = np.fromiter(firsts.values(), np.int64, len(firsts))
    return positions[store.get_indices(list(firsts)) < 0]


def _require_no_payload(store: VectorStore, ids: list[str], payloads: Mapping[str, bytes]) -> None:
    if payloads and (known := there(store, payloads)):
        position, one = next((at, one) for at, one in enumerate(ids) if one in known)
        raise DuplicateIdError(f"{quoted(one)} is there", position=position, chunk_id=one)


def _of_row(source: Rows, error: RefvecError, row: int) -> InterchangeError:
    text = str(error.args[0])
    if isinstance(error, DuplicateIdError):
        text = (
            f"the id {quoted(str(error.chunk_id))} is in the store already, or stood in an earlier row; "
            "on_duplicate (--on-duplicate) may be 'skip' or 'upsert'"
        )
    return InterchangeError(source.name, text, row=row)
