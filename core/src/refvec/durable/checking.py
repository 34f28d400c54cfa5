"""Looking at every byte of a store that somebody will ever read (DUR-6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..errors import CorruptStoreError
from .damage import damaged
from .fingerprints import Fingerprints
from .loading import Loaded, load, readable_catalog
from .places import Place

Progress = Callable[[int, int], None]


def silent(done: int, count: int) -> None:
    """Show nothing."""


def check(place: Place) -> None:
    """Raise `CorruptStoreError` for the first thing that is damaged."""
    for damage in damages(place):
        raise damage


def damages(place: Place, progress: Progress = silent) -> Iterator[CorruptStoreError]:
    """Yield an error for everything that is damaged; without an intact catalog nothing is known of the rows."""
    try:
        if place.look() != "store":
            raise damaged(place.catalog, "it is missing")
        with readable_catalog(place.catalog) as catalog:
            catalog.check_database()
            yield from catalog.damages_of_payloads()
        found = load(place, lambda loaded: list(_of_rows(loaded, progress)))
    except CorruptStoreError as error:
        yield error
        return
    yield from found


def _of_rows(loaded: Loaded, progress: Progress) -> Iterator[CorruptStoreError]:
    meta, (layout, marks) = loaded.meta, loaded.replayed()
    if loaded.file is None or meta.dimension is None:
        return
    count = len(layout.indices)
    fingerprints = Fingerprints(meta.seed, meta.dimension, meta.precision)
    for done, error in loaded.file.damages(layout.indices, marks, fingerprints):
        if error is not None:
            yield error
        progress(done, count)
