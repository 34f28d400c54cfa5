"""``refvec export`` and ``refvec import``: stores to and from the files of other programs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..contract import VectorStore
from ..errors import RefvecError
from ..interchange import Counts, Source, export_store, import_source, open_source
from .bar import bar, rate, say
from .ending import INTERRUPTED, NOT_BEGUN, STOPPED, ending, failed, told
from .paths import local


class Format(StrEnum):
    """The formats, as options of the command."""

    npy = "npy"
    safetensors = "safetensors"
    parquet = "parquet"


class Mode(StrEnum):
    """How to open the store."""

    a = "a"
    r = "r+"
    x = "x"


class OnDuplicate(StrEnum):
    """What becomes of an id that is there."""

    error = "error"
    skip = "skip"
    upsert = "upsert"


FormatOption = Annotated[Format | None, typer.Option(help="Default: as the file's name ends.")]


def export(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="STORE", parser=local, help="The directory of a durable store, or a saved file."
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(metavar="FILE", parser=local, help="NAME.npy, NAME.safetensors or NAME.parquet."),
    ],
    format: FormatOption = None,  # noqa: A002 - the option's name
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    r"""Write the ids and vectors of a store to a file of another program.

    npy: a row for each id, in the order in which they were added, and the ids
    beside NAME.npy in NAME.ids.jsonl, a JSON string a line.
    parquet: the same in the columns id and vector (needs refvec\[parquet]).
    safetensors: every stored vector once in the tensor vectors, the row of
    each id in id_rows, and the ids in id_bytes and id_lengths.
    Payloads, as texts and metadata are, stay behind, and it says how many.

    Beside a writer it is the last flush. FILE appears when it is complete, or
    not at all, and the vectors are never all in memory. Exits with 1 if that
    fails on the way, with 2 if it cannot begin.
    """
    console, begun = Console(), time.perf_counter()
    with ending(), bar(console, "writing") as show:
        count = export_store(source, target, format=format, overwrite=overwrite, progress=show)
        payloads = _payloads_of(source)
    say(console, f"{count:,} ids in {os.fspath(target)}, {rate(count, begun)}")
    if payloads:
        say(console, f"{payloads:,} payloads are not in it: `refvec copy` takes them along.")


def _payloads_of(source: Path) -> int:
    """Return how many a store has now, which no other program's file takes along."""
    from ..durable.loading import load  # sqlite is loaded for stores in a directory only
    from ..durable.places import place_of

    return load(place_of(source), lambda loaded: loaded.meta.payloads) if source.is_dir() else 0


def import_(
    source: Annotated[
        Path,
        typer.Argument(metavar="FILE", parser=local, help="NAME.npy, NAME.safetensors or NAME.parquet."),
    ],
    target: Annotated[
        str, typer.Argument(metavar="STORE", help="The directory of a durable store, new or existing.")
    ],
    format: FormatOption = None,  # noqa: A002 - the option's name
    ids: Annotated[
        Path | None,
        typer.Option(
            help="JSON lines with the id of every row: a string, or an object with one under the id column. "
            "Default: for NAME.npy NAME.ids.jsonl beside it."
        ),
    ] = None,
    id_column: Annotated[str | None, typer.Option(help="Where the ids are. Default: id.")] = None,
    vector_column: Annotated[
        str | None,
        typer.Option(help="Where the vectors are. Default: vector in parquet, vectors in safetensors."),
    ] = None,
    on_duplicate: Annotated[
        OnDuplicate, typer.Option(help="For a row whose id is in the store: end, leave it out, or replace.")
    ] = OnDuplicate.error,
    mode: Annotated[
        Mode, typer.Option(help="a: open or create the store; r+: it must exist; x: it must not.")
    ] = Mode.a,
    backend: Annotated[str, typer.Option("--backend", "-b", help="Who puts the rows in.")] = "auto",
    precision: Annotated[
        str | None,
        typer.Option(help="Decimals that tell vectors apart, 0 to 7, or exact. Default: 6, or as the store."),
    ] = None,
    flush_every: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Flush when so many rows are not flushed; 0: at the end. Default: 256 MiB of vectors.",
        ),
    ] = None,
) -> None:
    """Put the rows of a file of another program into a durable store.

    Vectors are integers or floats of any width, rounded once to float32; nulls
    are refused. Rows are read in batches, and the store is flushed now and
    then: an import that ends early leaves all rows up to the last flush, says
    how many, and goes on when it is repeated with --on-duplicate skip. With
    --flush-every 0 it is all or nothing. Payloads that are in the store stay as
    they are.

    Exits with 1 if it ends early, with 2 if it cannot begin; then nothing was
    changed.
    """
    console, begun = Console(), time.perf_counter()
    with ending(NOT_BEGUN):
        opened = open_source(source, format=format, ids=ids, id_column=id_column, vector_column=vector_column)
    with opened:
        with ending(NOT_BEGUN):
            store = _opened(opened, target, mode, backend, precision)
        with _importing(store, target) as note:
            counts = _imported(console, store, opened, on_duplicate, flush_every, note)
            shown = repr(store)
    skipped = f", {counts.skipped:,} skipped" if counts.skipped else ""
    say(console, f"{counts.rows:,} rows{skipped}, {rate(counts.rows, begun)}: {shown}")


def _imported(
    console: Console,
    store: VectorStore,
    source: Source,
    on_duplicate: OnDuplicate,
    flush_every: int | None,
    note: Callable[[Counts], None],
) -> Counts:
    with bar(console, "reading") as show:

        def progress(counts: Counts) -> None:
            note(counts)
            show(counts.rows, counts.total)

        return import_source(
            store, source, on_duplicate=on_duplicate.value, flush_every=flush_every, progress=progress
        )


def _opened(source: Source, target: str, mode: Mode, backend: str, precision: str | None) -> VectorStore:
    decimals = int(precision) if precision is not None and precision.isdecimal() else precision
    # The dimension of a store that is there is compared by the import, whose message names the file.
    dimension = None if os.path.exists(target) else source.dimension  # noqa: PTH110 - it may be a URL
    return VectorStore(dimension, path=target, mode=mode.value, backend=backend, precision=decimals)


@contextmanager
def _importing(store: VectorStore, target: str) -> Iterator[Callable[[Counts], None]]:
    """End a store whatever happens, and say what is in it if something did."""
    seen, empty = [Counts(0, 0, 0, 0)], not store.total_references
    try:
        yield seen.append
        store.close()
    except BaseException as error:
        store.close(flush=False)
        flushed = seen[-1].flushed
        left = f"Nothing was imported into {target}"
        left += ", which is an empty store." if empty else "."
        if flushed:
            left = f"The first {flushed:,} rows are in {target}; --on-duplicate skip goes on with the others."
        if isinstance(error, KeyboardInterrupt):
            raise failed("interrupted", left, INTERRUPTED) from error
        if isinstance(error, RefvecError | OSError | MemoryError):
            raise failed(told(error), left, STOPPED) from error
        raise
