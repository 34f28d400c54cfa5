"""Looking at every byte of a store that somebody will ever read (DUR-6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..errors import CorruptStoreError, StoreLockedError
from .damage import damaged
from .fingerprints import Fingerprints
from .loading import Loaded, load, load_headless, readable_catalog
from .places import Place

Progress = Callable[[int, int], None]


def silent(done: int, count: int) -> None:
    """Show nothing."""


def check(place: Place) -> None:
    """Raise `CorruptStoreError` for the first thing that is damaged."""
    for damage in Damages(place):
        raise damage


class Damages:
    """An error for everything that is damaged, as one iterates over it.

    Parameters
    ----------
    place : Place
        Where the store is.
    progress : callable
        Called with how many rows are checked, of how many.

    Attributes
    ----------
    complete : bool
        Whether, at the end, everything had been looked at. Without an intact catalog nothing is known of
        the rows, and without a row file that is its own nothing of what is in it.
    """

    def __init__(self, place: Place, progress: Progress = silent) -> None:
        self.complete = False
        self._place = place
        self._progress = progress

    def __iter__(self) -> Iterator[CorruptStoreError]:
        """Look at everything, part by part."""
        place = self._place
        try:
            if place.look() != "store":
                raise damaged(place.catalog, "it is missing")
            with readable_catalog(place.catalog) as catalog:
                catalog.check_database()
                yield from catalog.damages_of_payloads()
        except CorruptStoreError as error:
            yield error
            return
        yield from self._beside_catalog()

    def _beside_catalog(self) -> Iterator[CorruptStoreError]:
        try:
            found = load(self._place, self._rows)
            self.complete = True
        except CorruptStoreError as error:
            yield error
            found = self._without_head(error)
        yield from found

    def _without_head(self, first: CorruptStoreError) -> list[CorruptStoreError]:
        try:
            found = load_headless(self._place, self._rows)
            self.complete = True
        except CorruptStoreError as error:
            return [] if str(error) == str(first) else [error]
        except (StoreLockedError, OSError):
            return []
        return found

    def _rows(self, loaded: Loaded) -> list[CorruptStoreError]:
        return list(_of_rows(loaded, self._progress))


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
