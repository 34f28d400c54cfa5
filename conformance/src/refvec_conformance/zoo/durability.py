"""Durable stores that lose, forget, or let in (DUR)."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import numpy as np
from refvec import Changes, OpenSpec, State, copying
from refvec.durable import (
    disk,
    fingerprints,
    locks,
    opening,
    reader,
    rows,
    session,
    writer,
)
from refvec.durable.changes import Marking
from refvec.durable.places import Place

from .catalogue import breaks, mutant, patched
from .specimen import Specimen

T = TypeVar("T")


class Durable(Specimen):
    """A specimen of which core keeps the files."""

    capabilities = replace(Specimen.capabilities, durable=True)


def nothing(*_: object, **__: object) -> None:
    """Do nothing."""


def without(name: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call, and leave out this operation of the disk."""
    with mock.patch.object(disk, name, nothing):
        return call(*args, **kwargs)


def several(*contexts: AbstractContextManager[Any]) -> AbstractContextManager[Any]:
    """Return one context of several."""
    stack = ExitStack()
    for one in contexts:
        stack.enter_context(one)
    return stack


# DUR-1: what survives

CREATE: Callable[..., rows.RowFile] = rows.RowFile.create

mutant("DUR-1", "rows_not_synced", "Rows are committed before they are on the disk.").patches(
    lambda: patched(writer.Writer, "_write_rows", lambda call, *args: without("sync", call, *args))
)
mutant("DUR-1", "row_file_not_named", "The directory is not synced when the row file is made.").patches(
    lambda: mock.patch.object(
        rows.RowFile, "create", classmethod(lambda _, *args: without("sync_directory", CREATE, *args))
    )
)
mutant("DUR-1", "parents_not_named", "Directories are made and their names not synced.").patches(
    lambda: patched(disk, "make_directories", lambda call, path: without("sync_directory", call, path))
)


@breaks("DUR-1")
def commits_before_rows() -> AbstractContextManager[Any]:
    """The commit comes first, and then the rows."""
    late: list[Callable[[], Any]] = []

    def write_rows(original: Any, store: Any, meta: Any, changes: Any, kept: Any, encoded: Any) -> Any:
        blocks = [block.copy() for block in changes.blocks]
        late.append(lambda: original(store, meta, changes._replace(blocks=blocks), kept, encoded))
        prints = fingerprints.Fingerprints(meta.seed, meta.dimension or 1, meta.precision)
        marking = Marking(changes._replace(blocks=blocks), kept, prints)
        return encoded(marking.indices, (list(marking), marking.marks())[1])

    def commit(original: Any, store: Any, *args: Any) -> None:
        original(store, *args)
        late.pop()()

    return several(
        mock.patch.object(writer.Writer, "_write_rows", _method(writer.Writer._write_rows, write_rows)),
        mock.patch.object(writer.Writer, "_commit", _method(writer.Writer._commit, commit)),
    )


def _method(original: Any, change: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that is given the original first."""
    return lambda self, *args, **kwargs: change(original, self, *args, **kwargs)


def changed(owner: Any, name: str, change: Callable[..., Any]) -> AbstractContextManager[Any]:
    """Return the context in which a method is another one, that is given the original first."""
    return mock.patch.object(owner, name, _method(getattr(owner, name), change))


mutant("DUR-1", "flushes_the_next_time", "``flush`` writes down what was there at the flush before.").patches(
    lambda: changed(writer.Writer, "flush", lambda call, self, store: _every_second(call, self, store))
)


def _every_second(call: Callable[..., Any], self: Any, store: Any) -> None:
    self.skipped = not getattr(self, "skipped", False)
    if not self.skipped:
        call(self, store)


@breaks("DUR-1")
class VisibleAtOnce(Durable):
    """What is added is there for everybody before any flush."""

    def _put(self, ids: list[str], rows: Any, mode: str) -> Any:
        found = super()._put(ids, rows, mode)
        self.flush()
        return found


@breaks("DUR-1")
class TellsDropsLast(Durable):
    """The journal tells what was dropped after everything else."""

    def _changes(self, use: Callable[[Changes], T]) -> T:
        return super()._changes(
            lambda told: use(told._replace(events=sorted(told.events, key=lambda event: event[1] < 0)))
        )


# DUR-2: ending

mutant("DUR-2", "child_shares", "A forked child goes on with the store of its parent.").patches(
    lambda: mock.patch.object(session.Session, "disown", nothing)
)
mutant("DUR-2", "lock_kept_for_ever", "A store that is dropped without ``close`` keeps its lock.").patches(
    lambda: changed(session.Session, "attach", lambda call, self, store: _immortal(call, self, store))
)
mutant("DUR-2", "close_keeps_the_lock", "``close`` leaves the lock to the garbage collector.").patches(
    lambda: mock.patch.object(session.Session, "release", nothing)
)
mutant("DUR-2", "AlwaysFlushes", "``close(flush=False)`` flushes.", base=Durable).does(
    close=lambda store, call: (None if store.closed else store.flush(), call())[1]
)
mutant("DUR-2", "NeverFlushes", "``close`` does not flush.", base=Durable).does(
    close=lambda call: call(flush=False)
)


def _immortal(call: Callable[..., Any], self: Any, store: Any) -> None:
    with mock.patch("weakref.finalize", nothing):
        call(self, store)
    LEAKED.append(self)


LEAKED: list[Any] = []


# DUR-3, DUR-4: one format, and what reopening takes from it


@breaks("DUR-3")
class OwnByteOrder(Durable):
    """It writes its rows backwards, and reads them so."""

    def _changes(self, use: Callable[[Changes], T]) -> T:
        return super()._changes(
            lambda told: use(told._replace(blocks=(np.flip(block, 1) for block in told.blocks)))
        )

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        if state is not None and spec.location is not None:
            state = state._replace(blocks=(np.flip(block, 1) for block in state.blocks))
        super()._open(spec, state)


mutant("DUR-4", "dimension_of_the_caller", "Another dimension is not refused.").patches(
    lambda: patched(
        opening,
        "agreed",
        lambda call, spec, meta, store: call(replace(spec, dimension=meta.dimension), meta, store),
    )
)
mutant("DUR-4", "precision_of_the_store", "Another precision is not refused.").patches(
    lambda: patched(
        opening,
        "agreed",
        lambda call, spec, meta, store: call(replace(spec, precision_given=False), meta, store),
    )
)
mutant("DUR-4", "precision_of_the_caller", "A precision that is not given is 6, whatever the store's.").patches(
    lambda: patched(
        opening, "agreed", lambda call, spec, *rest: replace(call(spec, *rest), precision=spec.precision)
    )
)
mutant("DUR-4", "capacity_of_the_caller", "``initial_capacity`` counts when a store is reopened.").patches(
    lambda: patched(opening, "agreed", lambda call, spec, *rest: _with_capacity(call, spec, *rest))
)


def _with_capacity(call: Callable[..., Any], spec: OpenSpec, meta: Any, store: Any) -> Any:
    object.__setattr__(meta, "capacity", spec.initial_capacity)
    return call(spec, meta, store)


# DUR-5: one writer, and readers

mutant("DUR-5", "no_lock", "Any number of writers may open a store.").patches(
    lambda: mock.patch.object(
        opening, "lock_writer", lambda path, *, create: os.open(path, os.O_RDWR | os.O_CREAT * create)
    )
)
mutant("DUR-5", "lock_of_the_spelling", "The lock is of the path as it is spelt.").patches(
    lambda: several(
        mock.patch.object(opening, "place_of", Place),
        mock.patch.object(opening, "lock_writer", _lock_by_name),
    )
)
mutant("DUR-5", "never_refreshed", "``refresh`` of a reader shows nothing new.").patches(
    lambda: mock.patch.object(reader.Reader, "refresh", return_value=False)
)
mutant("DUR-5", "readers_write", "A reader takes changes, which nobody will ever see.").patches(
    lambda: mock.patch.object(opening, "make_read_only", nothing)
)
mutant("DUR-5", "readers_lock", "A reader cannot open beside a writer.").patches(
    lambda: patched(opening, "_read", lambda call, store, spec, place: _locked(call, store, spec, place))
)
mutant("DUR-5", "readers_refuse_too_late", "A reader looks at the arguments before it refuses.").patches(
    lambda: mock.patch.object(reader, "WRITES", ("_put", "_drop"))
)


def _lock_by_name(path: Path, *, create: bool) -> int:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT * create))
    name = str(path).replace("/", "|")
    return locks.lock_writer(path.parent.parent / f"lock of {name}", create=True)


def _locked(call: Callable[..., Any], store: Any, spec: Any, place: Place) -> Any:
    handle = locks.lock_writer(place.lock, create=False)
    try:
        return call(store, spec, place)
    finally:
        locks.unlock(handle)


# What opening and copying promise of stores in a directory

mutant("OPEN-5", "parents_wanted", "The parents of a directory are not made.").patches(
    lambda: mock.patch.object(disk, "make_directories", lambda path: path.mkdir(exist_ok=True))
)
mutant("OPEN-5", "mmap_ignored", "``use_mmap=True, mmap_path=P`` is a store in memory.").patches(
    lambda: mock.patch("refvec.contract.parse_spec", _without_mmap)
)
mutant("OPEN-7", "dimension_forgotten", "A store that is reopened does not know its dimension.").patches(
    lambda: patched(
        opening, "agreed", lambda call, spec, *rest: replace(call(spec, *rest), dimension=spec.dimension)
    )
)
mutant("SAVE-2", "copies_durable", "A durable store is copied into memory.").patches(
    lambda: patched(
        copying, "_captured", lambda call, store, use: store._scan(use) if store._durable else call(store, use)
    )
)


def _without_mmap(*args: Any, **kwargs: Any) -> OpenSpec:
    from refvec.opening import parse_spec

    found = parse_spec(*args, **kwargs)
    return replace(found, location=None) if len(args) > 2 and args[2] else found
