"""``refvec verify``, ``refvec compact`` and ``refvec info`` of stores in directories, without a backend."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..durable.checking import Damages
from ..durable.loading import Loaded, load, readable_catalog
from ..durable.opening import maintain
from ..durable.places import Place, place_of
from ..durable.space import reclaimable
from ..durable.writer import Writer
from ..errors import RefvecError
from .paths import local

StorePath = Annotated[
    Path, typer.Argument(metavar="PATH", parser=local, help="The directory of a durable store.")
]
DAMAGED = FAILED = 1
_UNCHECKED = "what cannot be checked without it was not, so there may be more."


def verify(path: StorePath) -> None:
    """Check all that a durable store holds, and list what is damaged; 1 if anything is, 2 if there is no store.

    Beside a writer it checks the last flush. Nothing is changed.
    """
    console = Console()
    place = found_store(path)
    count = 0
    with progress_bar(console) as progress:
        damages = Damages(place, progress)
        for damage in damages:
            console.print(str(damage), style="red", markup=False, highlight=False)
            count += 1
    if count:
        rest = "everything else is as it was written." if damages.complete else _UNCHECKED
        console.print(f"{count} damaged; {rest}", markup=False)
        raise typer.Exit(DAMAGED)
    console.print(f"{os.fspath(place.root)} is intact.", markup=False, highlight=False)


def compact(path: StorePath) -> None:
    """Give back the space that a durable store does not need; 1 if it cannot be, 2 if there is no store.

    Nobody else may write to it meanwhile, readers may be there. A new file takes the place of the old one in
    one step: if anything fails, or stops it, the store is as it was. There must be room for both.
    """
    console = Console()
    place = found_store(path)
    try:
        with closing_writer(place) as writer, progress_bar(console) as progress:
            done = writer.compact_files(progress)
    except (RefvecError, OSError) as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        console.print("The store is as it was.")
        raise typer.Exit(FAILED) from error
    console.print(f"{os.fspath(place.root)}: {done.before:,} bytes before, {done.after:,} after.", markup=False)


@contextmanager
def closing_writer(place: Place) -> Iterator[Writer]:
    """Be the one writer of a store for a while."""
    writer = maintain(place)
    try:
        yield writer
    finally:
        writer.release()


@contextmanager
def progress_bar(console: Console) -> Iterator[Callable[[int, int], None]]:
    """Show how many of all rows are done, whatever the yielded function is told of them."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("rows", total=None)
        yield lambda done, rows: bar.update(task, completed=done, total=rows)


def found_store(path: Path) -> Place:
    """Return the place of a store, or end the command saying that there is none."""
    place = place_of(path)
    try:
        found = place.look()
    except RefvecError as error:
        raise typer.BadParameter(str(error)) from error
    if found != "store":
        raise typer.BadParameter(f"there is no store at {os.fspath(path)}")
    return place


def facts_of(path: Path) -> dict[str, Any]:
    """Return what a store says of itself, as of its last flush; its rows are not read."""
    place = found_store(path)
    try:
        return load(place, lambda loaded: _facts(place, loaded))
    except RefvecError as error:
        raise typer.BadParameter(str(error)) from error


def _facts(place: Place, loaded: Loaded) -> dict[str, Any]:
    meta = loaded.meta
    sizes = {one.name: one.stat().st_size for one in sorted(place.root.iterdir()) if one.is_file()}
    with readable_catalog(place.catalog) as catalog:
        spare = reclaimable(place, loaded, catalog)
    return {
        "path": os.fspath(place.root),
        "format": meta.format,
        "store": meta.store,
        "dimension": meta.dimension,
        "precision": meta.precision,
        "vectors": meta.vectors,
        "references": meta.references,
        "payloads": meta.payloads,
        "free indices": meta.allocated - meta.vectors,
        "capacity": meta.capacity,
        "flushes": meta.flush,
        "generation": meta.generation,
        "reclaimable": spare,
        "bytes": sizes,
    }
