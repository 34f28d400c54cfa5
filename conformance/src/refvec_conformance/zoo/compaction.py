"""Compactions that lose, damage, or give nothing back (DUR)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from refvec.durable import catalog, compacting, disk, leftovers, loading, reader, rows, writer
from refvec.durable.records import Meta, decode_snapshot

from .catalogue import mutant, patched
from .durability import Durable, changed, nothing, several, without


def others(path: Path, generation: int) -> list[Path]:
    """Return the row files beside a catalog but that of one generation."""
    return [one for one in path.parent.glob("rows-*.f32") if int(one.stem[5:]) != generation]


# DUR-1: what a crash leaves


def _removed_first(call: Callable[..., None], self: catalog.Catalog, meta: Meta, snapshot: bytes) -> None:
    for one in others(self.path, meta.generation):
        disk.remove(one)
    call(self, meta, snapshot)


def _not_synced(call: Callable[..., None], self: catalog.Catalog, meta: Meta, snapshot: bytes) -> None:
    self._ask("PRAGMA synchronous = OFF")
    call(self, meta, snapshot)


def _removed_on_failure(call: Callable[..., None], self: catalog.Catalog, meta: Meta, snapshot: bytes) -> None:
    try:
        call(self, meta, snapshot)
    except BaseException:
        (self.path.parent / f"rows-{meta.generation:08}.f32").unlink(missing_ok=True)
        raise


def switching(change: Callable[..., None]) -> Callable[[], AbstractContextManager[Any]]:
    """Return what breaks the commit of a compaction."""
    return lambda: changed(catalog.Catalog, "compact", change)


mutant("DUR-1", "old_rows_removed_first", "The old rows go before the commit that needs the new ones.").patches(
    switching(_removed_first)
)
mutant("DUR-1", "switch_not_synced", "The commit of a compaction does not wait for the disk.").patches(
    switching(_not_synced)
)
mutant("DUR-1", "new_rows_removed", "The new rows are removed if the commit seems to fail.").patches(
    switching(_removed_on_failure)
)
mutant("DUR-1", "copy_not_synced", "The new rows are committed before they are on the disk.").patches(
    lambda: patched(compacting, "_fill", lambda call, *args: without("sync", call, *args))
)
mutant("DUR-1", "copy_not_named", "The name of the new rows is not synced.").patches(
    lambda: changed(rows.RowFile, "rename", lambda call, *args: without("sync_directory", call, *args))
)
mutant("DUR-1", "compacts_without_flush", "``compact`` does not flush.").patches(
    lambda: changed(writer.Writer, "compact", lambda call, self, store: _unflushed(call, self, store))
)
mutant("DUR-1", "writes_on_in_old_rows", "After an interrupt the writer goes on in the old rows.").patches(
    lambda: changed(
        writer.Writer, "_know_rows", lambda call, self, meta: call(self, meta) if self._rows is None else None
    )
)
mutant("DUR-1", "leftovers_stay", "What a killed compaction left stays for ever.").patches(
    lambda: mock.patch.object(writer, "sweep", nothing)
)
mutant("DUR-1", "copies_everything", "A compaction copies free rows as well.").patches(
    lambda: patched(
        compacting,
        "extents",
        lambda call, indices, dimension: np.array([[0, call(indices, dimension)[-1, 1]]]),
    )
)
mutant("DUR-1", "old_rows_kept_open", "A writer reads on from the old rows, which keep their space.").patches(
    lambda: mock.patch.object(writer.Writer, "_settle", nothing), host="numpy"
)
mutant("DUR-1", "pages_kept", "The catalog is as large after a compaction as before.").patches(
    lambda: mock.patch.object(catalog, "_SHORT", "")
)


def _unflushed(call: Callable[..., Any], self: Any, store: Any) -> Any:
    with mock.patch.object(self, "_flush", nothing):
        return call(self, store)


# INDEX: what stays where it is


def _shorter(call: Callable[..., None], self: catalog.Catalog, meta: Meta, snapshot: bytes) -> None:
    used = decode_snapshot(snapshot)[0].indices
    call(self, replace(meta, allocated=max(used) + 1 if len(used) else 0), snapshot)


mutant("INDEX-3", "free_tail_forgotten", "A compaction forgets the free indices at the end.").patches(
    switching(_shorter)
)

# DUR-5 to DUR-8: readers, damage, failures


mutant("DUR-5", "readers_look_once", "A reader whose row file goes before it is open gives up.").patches(
    lambda: mock.patch.object(loading, "_TRIES", 1)
)
mutant("DUR-5", "readers_compact", "A reader compacts, which does nothing.").patches(
    lambda: mock.patch.object(reader.Reader, "compact", nothing)
)
mutant("DUR-6", "copied_unchecked", "Rows are copied without a look at their checksums.").patches(
    lambda: patched(compacting, "_fill", lambda call, *args: _unchecked(call, *args))
)
mutant("DUR-6", "foreign_removed", "What is called as a row file is removed, whatever is in it.").patches(
    lambda: mock.patch.object(leftovers, "_ours", return_value=True)
)
mutant("DUR-6", "removed_before_a_commit", "New rows whose commit failed go before another commit.").patches(
    lambda: mock.patch.object(catalog.Catalog, "renew", nothing)
)
mutant("DUR-7", "drafts_stay", "A compaction that fails leaves what it has written.").patches(
    lambda: patched(compacting, "_removed_on_error", lambda _call, _path: several())
)
mutant("DUR-8", "old_rows_cut", "The old rows are cut off, though readers have them open.").patches(
    lambda: patched(disk, "remove", lambda call, path: (path.write_bytes(b""), call(path)))
)
mutant("PLUGIN-3", "CompactsInMemory", "A store in memory is compacted, for nothing.", base=Durable).does(
    compact=lambda store, call: None if store._durable is None else call()
)


def _unchecked(call: Callable[..., Any], *args: Any) -> Any:
    with mock.patch.object(rows.RowFile, "_wrong", return_value=[]):
        return call(*args)
