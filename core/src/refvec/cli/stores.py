"""``refvec verify PATH``, and ``refvec info PATH``: stores in directories, without a backend."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..durable.checking import damages
from ..durable.loading import Loaded, load
from ..durable.places import Place, place_of
from ..errors import RefvecError

StorePath = Annotated[Path, typer.Argument(metavar="PATH", help="The directory of a durable store.")]
DAMAGED, NO_STORE = 1, 2


def verify(path: StorePath) -> None:
    """Check every byte of a durable store, and list what is damaged; 1 if anything is, 2 if there is no store.

    Beside a writer it checks the last flush. Nothing is changed.
    """
    console = Console()
    place = found_store(path)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    count = 0
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("rows", total=None)
        for damage in damages(place, lambda done, rows: bar.update(task, completed=done, total=rows)):
            console.print(str(damage), style="red", markup=False, highlight=False)
            count += 1
    if count:
        console.print(f"{count} damaged; everything else is as it was written.", markup=False)
        raise typer.Exit(DAMAGED)
    console.print(f"{os.fspath(place.root)} is intact.", markup=False, highlight=False)


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
    return {
        "path": os.fspath(place.root),
        "format": meta.format,
        "store": meta.store,
        "dimension": meta.dimension,
        "precision": meta.precision,
        "vectors": meta.vectors,
        "references": meta.references,
        "free indices": meta.allocated - meta.vectors,
        "capacity": meta.capacity,
        "flushes": meta.flush,
        "bytes": sizes,
    }
