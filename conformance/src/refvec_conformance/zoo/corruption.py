"""Durable stores that serve damage, or repair it (DUR-6)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from refvec import CorruptStoreError, OpenSpec, State
from refvec.durable import (
    catalog,
    fingerprints,
    head,
    loading,
    opening,
    rows,
    session,
    writer,
)
from refvec.durable.places import Place

from .catalogue import breaks, mutant, patched
from .durability import Durable, changed, nothing, several

# DUR-6: damage

mutant("DUR-6", "rows_unchecked", "The checksums of rows are not looked at.").patches(
    lambda: mock.patch.object(rows.RowFile, "_wrong", return_value=[])
)
mutant(
    "DUR-6", "fingerprints_unverified", "``verify`` does not compare the fingerprints with the rows."
).patches(lambda: mock.patch.object(rows.RowFile, "_unlike", return_value=[]))
mutant(
    "DUR-6", "fingerprints_of_no_seed", "The fingerprints are those of the seed 0, whatever the store's."
).patches(lambda: mock.patch("refvec.durable.fingerprints.secrets", _of_no_seed(fingerprints.secrets)))
mutant("DUR-6", "pages_unchecked", "The checksums of the catalog's pages are all the same.").patches(
    lambda: mock.patch.object(catalog, "digest", return_value=b"")
)
mutant("DUR-6", "head_unread", "Nobody looks whether the last acknowledged flush is there.").patches(
    lambda: patched(head, "read", lambda call, *args: (call(*args)[0], 0))
)
mutant("DUR-6", "adopts", "A directory of something else becomes a store.").patches(
    lambda: changed(Place, "look", lambda call, self: _adopted(call, self))
)
mutant("DUR-6", "head_made_anew", "A head that is missing is made anew.").patches(
    lambda: several(patched(loading, "open_file", _made), patched(writer, "open_file", _made))
)
mutant("DUR-6", "verifies_nothing", "``verify`` finds everything in order.").patches(
    lambda: mock.patch.object(session, "check", nothing)
)


def _of_no_seed(secrets: Callable[[int, int], Any]) -> Callable[[int, int], Any]:
    return lambda _, dimension: secrets(0, dimension)


def _adopted(call: Callable[..., Any], self: Place) -> Any:
    try:
        return call(self)
    except ValueError:
        if not self.root.is_dir() or self.catalog.exists():
            raise
        return "unfinished"


def _made(call: Callable[..., Any], path: Path, flags: int) -> int:
    try:
        return int(call(path, flags))
    except ValueError:
        found = catalog.Catalog(path.with_name("catalog.sqlite"), "ro")
        path.write_bytes(head.encode(found.meta().store, 0))
        found.close()
        return int(call(path, flags))


@breaks("DUR-6")
class ReadsRowsItself(Durable):
    """It reads its rows from the file when it opens, and looks at no checksum."""

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        if state is not None and state.stored is not None and state.stored.rows is not None:
            state = state._replace(blocks=_unchecked(state))
        super()._open(spec, state)


def _unchecked(state: State) -> Iterator[Any]:
    assert state.stored is not None
    rows, size = state.stored.rows, 4 * (state.stored.size.dimension or 0)
    assert rows is not None
    for index in state.layout.indices.tolist():
        raw = os.pread(rows.handle, size, rows.offset + index * size)
        yield np.frombuffer(raw.ljust(size, b"\0"), "<f4")[None]


mutant("DUR-6", "version_unread", "Nobody looks whose database it is, and of which format.").patches(
    lambda: changed(Place, "_check_catalog", nothing)
)
mutant("DUR-6", "pipes_are_files", "A pipe in place of the head is read as if it were one.").patches(
    lambda: patched(loading, "open_file", lambda _, path, flags: os.open(path, flags | os.O_NONBLOCK))
)


mutant("DUR-6", "tidies_up", "Who refuses a damaged store tidies up after sqlite's log.").patches(
    lambda: patched(opening, "load", lambda call, *given, **options: _tidied(call, *given, **options))
)


def _tidied(call: Callable[..., Any], place: Place, *given: Any, **options: Any) -> Any:
    try:
        return call(place, *given, **options)
    except CorruptStoreError:
        with suppress(CorruptStoreError, OSError):
            tidy = catalog.Catalog(place.catalog, "rw")
            tidy.meta()
            tidy.close()
        raise
