"""Durable stores that do not survive a kill, a loss of power, or a disk that fails (DUR)."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar
from unittest import mock

import numpy as np
from refvec import Changes, State
from refvec.durable import connection, disk, head, opening, places, reader, session, writer

from .catalogue import breaks, mutant, patched
from .durability import Durable, changed, without

T = TypeVar("T")


# DUR-1: acknowledged is what is on the disk


def _synchronous(level: str) -> AbstractContextManager[Any]:
    """Return the context in which sqlite syncs less than it is asked to."""
    return changed(
        connection.Connection,
        "_ask",
        lambda call, self, sql, *values: call(self, sql.replace("synchronous = FULL", level), *values),
    )


mutant("DUR-1", "commit_not_synced", "A flush returns before its commit is on the disk.").patches(
    lambda: _synchronous("synchronous = NORMAL")
)
mutant("DUR-1", "sqlite_never_syncs", "sqlite syncs nothing at all.").patches(
    lambda: _synchronous("synchronous = OFF")
)
mutant("DUR-1", "head_before_commit", "The head tells of a flush that is not committed yet.").patches(
    lambda: changed(writer.Writer, "_commit", lambda call, self, meta, log: _head_first(call, self, meta, log))
)
mutant(
    "DUR-1", "failed_commit_undone", "A commit that seems to fail is taken for one that was never made."
).patches(
    lambda: changed(writer.Writer, "_commit", lambda call, self, meta, log: _as_before(call, self, meta, log))
)
mutant("DUR-1", "names_not_synced", "A store is created, and its names are not synced.").patches(
    lambda: patched(opening, "create", lambda call, *args: without("sync_directory", call, *args))
)
mutant("DUR-1", "checkpoint_cut_short", "A kill in the middle of a checkpoint makes it no store.").patches(
    lambda: mock.patch.object(places, "identify", _by_sqlite)
)


def _by_sqlite(path: Path) -> tuple[int, int]:
    found = connection.Connection(path, "immutable")
    try:
        return found.identity()
    finally:
        found.close()


def _head_first(call: Callable[..., Any], self: Any, meta: Any, log: bytes) -> None:
    head.write(self._head, meta.store, meta.flush)
    call(self, meta, log)


def _as_before(call: Callable[..., Any], self: Any, meta: Any, log: bytes) -> None:
    before = self._meta
    try:
        call(self, meta, log)
    except BaseException:
        self._meta = before
        raise


# DUR-2: a child takes nothing of its parent's

mutant("DUR-2", "child_unlocks", "A forked child gives up the lock of its parent.").patches(
    lambda: changed(session.Session, "disown", lambda call, self: _unlocked(call, self))
)


def _unlocked(call: Callable[..., Any], self: Any) -> None:
    import fcntl  # in here: see `refvec_conformance.judging.systems`

    for handle in self._handles:
        fcntl.flock(handle, fcntl.LOCK_UN)
    call(self)


# DUR-5: what a reader sees is one flush


@breaks("DUR-5")
class TornRefresh(Durable):
    """``refresh`` shows the ids of one flush and, for a while, the rows of the one before."""

    def _exchange(self, other: Self) -> None:
        for name, value in vars(other).items():
            vars(self)[name] = value
            os.sched_yield()


@breaks("DUR-5")
class RefreshKeepsRows(Durable):
    """``refresh`` shows new ids, and the rows that were there before."""

    def _exchange(self, other: Self) -> None:
        fresh = other._vectors
        fresh.update({index: row for index, row in self._vectors.items() if index in fresh})
        super()._exchange(other)


mutant("DUR-5", "refresh_always_true", "``refresh`` says that there is something new, always.").patches(
    lambda: changed(reader.Reader, "refresh", lambda call, self, store: call(self, store) or True)
)


# DUR-7, DUR-8: a flush that fails

mutant("DUR-7", "lock_lost_on_failure", "A flush that fails gives up the lock.").patches(
    lambda: changed(writer.Writer, "flush", lambda call, self, store: _or(call, self, store, _let_in))
)


def _or(call: Callable[..., Any], self: Any, store: Any, then: Callable[[Any], object]) -> None:
    try:
        call(self, store)
    except OSError:
        then(self)
        raise


def _let_in(self: Any) -> None:
    import fcntl

    fcntl.flock(self._lock_handle, fcntl.LOCK_UN)


@breaks("DUR-8")
class ReusesAfterFailure(Durable):
    """A flush that fails gives its freed indices free all the same."""

    def _changes(self, use: Callable[[Changes], T]) -> T:
        told: list[Changes] = []

        def used(changes: Changes) -> T:
            told.append(changes)
            return use(changes)

        try:
            return super()._changes(used)
        except OSError:
            self._reclaim(told[0].freed)
            raise


@breaks("DUR-7")
class ForgetsOnFailure(Durable):
    """A flush that fails has told its changes, and never tells them again."""

    def _changes(self, use: Callable[[Changes], T]) -> T:
        try:
            return super()._changes(use)
        except OSError:
            super()._changes(lambda _: None)
            raise


@breaks("DUR-7")
class SwallowsErrors(Durable):
    """A flush that the disk refuses returns as if all were well."""

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


@breaks("DUR-7")
class ClosesOnFailure(Durable):
    """A flush that fails closes the store."""

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            super().close(flush=False)
            raise


mutant("DUR-7", "short_writes_taken", "A write that took only a part counts as made.").patches(
    lambda: mock.patch.object(
        disk, "write", lambda handle, data, at: disk.pwrite(handle, memoryview(data).cast("B"), at)
    )
)


@breaks("DUR-8")
class ScansTheFile(Durable):
    """A scan reads rows from the file when it comes to them, and nothing keeps the next writer from them."""

    def _scan(self, use: Callable[[State], T]) -> T:
        found: State = super()._scan(lambda state: state._replace(blocks=[state.vectors()]))
        indices, rows = found.layout.indices, getattr(self._durable, "_rows", None)
        if rows is None or not len(indices):
            return use(found)
        handle = os.dup(rows.handle)
        try:
            file = rows.through(handle)
            flushed = file.count() > indices[-1] and np.array_equal(file._read(indices), found.vectors())
            lazily = (file._read(indices[at : at + 1]) for at in range(len(indices)))
            return use(found._replace(blocks=lazily) if flushed else found)
        finally:
            os.close(handle)


@breaks("DUR-8")
class ReusesAtOnce(Durable):
    """A freed index is taken again before the next flush."""

    def _let_go(self, index: int) -> None:
        heapq.heappush(self._free, index)


@breaks("DUR-8")
class ReusesAtOnceInDisorder(ReusesAtOnce):
    """``dense_indices`` is not declared, and a freed index is taken again before the next flush."""

    capabilities = replace(Durable.capabilities, dense_indices=False)


mutant("DUR-8", "readers_forgotten", "Rows that a reader is reading are written again.").patches(
    lambda: mock.patch.object(writer, "nobody_reads", return_value=True)
)


@breaks("DUR-8")
class NeverReuses(Durable):
    """A freed index of a durable store is lost until it is opened anew."""

    def _reclaim(self, indices: Any) -> None:
        super()._reclaim(indices[:0])
