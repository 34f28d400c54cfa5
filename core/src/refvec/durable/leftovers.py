"""Row files that no flush refers to: what compactions leave that were cut short."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from . import disk
from .catalog import Catalog
from .places import Place
from .records import Meta
from .rows import header

_NAME = re.compile(r"rows-([0-9]{8,18})\.(f32|new)")


def leftovers(place: Place, meta: Meta) -> Iterator[Path]:
    """Yield the row files of this store that are not those of its generation."""
    if meta.dimension is None or not meta.generation:
        return
    for name in sorted(filter(_NAME.fullmatch, os.listdir(place.root))):  # noqa: PTH208 - names are wanted
        path = place.root / name
        generation = _generation(path)
        if (
            generation is not None
            and path != place.rows(meta.generation)
            and path.is_file()
            and not path.is_symlink()
            and _ours(path, header(meta.store, generation, meta.dimension))
        ):
            yield path


def _generation(path: Path) -> int | None:
    found = _NAME.fullmatch(path.name)
    return None if found is None else int(found[1])


def _ours(path: Path, start: bytes) -> bool:
    with path.open("rb") as file:
        found = file.read(len(start))
    if path.suffix == ".new" and not any(found):
        return True  # a loss of power before its header was synced
    return found == start


def sweep(place: Place, catalog: Catalog, meta: Meta) -> None:
    """Remove them; what only looks like them stays. The meta page is that of now."""
    found = list(leftovers(place, meta))
    if any(path.suffix == ".f32" and (_generation(path) or 0) > meta.generation for path in found):
        # It was to be committed, and that failed. If sqlite could not sync it then, its log may still hold the
        # commit: without another one in its place, a crash could bring back a catalog that needs the file.
        catalog.renew(meta)
    for path in found:
        disk.remove(path)


def next_generation(place: Place, meta: Meta) -> int:
    """Return the next number under which there is no file."""
    generation = meta.generation + 1
    while place.rows(generation).exists() or place.rows_draft(generation).exists():
        generation += 1
    return generation
