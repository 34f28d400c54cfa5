"""The payloads of a durable store: read from the catalog when they are asked for, and what was not flushed."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np

from .. import failures
from ..errors import CorruptStoreError
from ..shelves import Shelf, merged
from .directory import Directory
from .payloads import PayloadTable
from .records import NO_PAYLOADS, PayloadLog

T = TypeVar("T")
Row: TypeAlias = tuple[int, bytes, bytes]  # a place, the id that has it, and the payload
_AHEAD_BYTES = 2**22  # of payloads that are written in one transaction


class Plan(NamedTuple):
    """What a flush does with payloads: the rows to be put, and what its log says of them."""

    rows: list[Row]
    log: PayloadLog


NO_PLAN = Plan([], NO_PAYLOADS)


class StoredShelf(Shelf):
    """The payloads of an open store, as of one flush, and what was changed since.

    Parameters
    ----------
    connect : callable
        Returns a connection that reads. It is one of the shelf's own: the
        writer's may be in the middle of a compaction, which takes long.
    """

    _directory: Directory  # of the flush that is shown

    def __init__(self, connect: Callable[[], PayloadTable], *, read_only: bool = False) -> None:
        super().__init__(read_only=read_only)
        self._connect = connect
        self._changed: dict[str, bytes | None] = {}  # since the last flush
        self._ahead = NO_PAYLOADS  # what is written already, and no flush has told of
        self._plan = NO_PLAN
        self._table: PayloadTable | None = None
        self._closed = False
        self.damaged = False  # whether damage was found
        self.gone: list[int] = []  # places that committed flushes have emptied, and nobody has cleared

    def show(self, directory: Directory) -> None:
        """Have the payloads of another flush."""
        with self.lock:
            self._directory = directory

    # Flushing, for who holds the lock

    @property
    def flush(self) -> int:
        """The number of the flush that is shown."""
        return self._directory.flush

    def pending(self) -> bool:
        """Return whether there is anything to be committed."""
        return bool(self._changed) or len(self._ahead.keys) > 0

    def fill(self, payloads: Iterable[tuple[str, bytes]], write: Callable[[list[Row]], object]) -> None:
        """Have the payloads of a new store written, some megabytes at a time; its first flush tells of them."""
        keys = array("q")
        for rows in _by_size((at, one.encode(), content) for at, (one, content) in enumerate(payloads)):
            write(rows)
            keys.extend(self._directory.key(key) for _, key, _ in rows)
        self._ahead = PayloadLog(np.array(keys, np.int64), np.arange(len(keys)), NO_PAYLOADS.dropped)

    def plan(self, placed: int) -> Plan:
        """Return what is to be committed, from the first place on that was never taken."""
        self._plan = Plan([], self._ahead)
        if self._changed:
            before = self._ask(lambda table: table.places(self._directory, self._changed))
            put = [(one.encode(), content) for one, content in self._changed.items() if content is not None]
            rows = [(place, key, content) for place, (key, content) in enumerate(put, placed)]
            keys = np.array([self._directory.key(key) for key, _ in put], np.int64)
            dropped = np.array(sorted(before.values()), np.int64)
            log = PayloadLog(keys, np.arange(placed, placed + len(rows)), dropped)
            self._plan = Plan(rows, log)
        return self._plan

    def rows(self) -> list[Row]:
        """Return the rows of the plan."""
        return self._plan.rows

    def committed(self, flush: int) -> None:
        """Have the plan behind oneself."""
        log, self._plan = self._plan.log, NO_PLAN
        self._directory.apply(flush, log)
        self.gone += log.dropped.tolist()
        self._changed, self._ahead = {}, NO_PAYLOADS

    # Looking up

    def _apply(self, changes: Mapping[str, bytes | None]) -> None:
        if self._closed:
            raise failures.store_closed()
        self._changed.update(changes)

    def sample(self) -> bytes | None:
        """Return some payload, without a look at the ids of all; None if there is none."""
        with self.lock:
            if self._changed or self._staged:
                return super().sample()
            return self._ask(lambda table: table.sample(self._directory))

    def _look_up(self, ids: list[str]) -> dict[str, bytes]:
        changed = self._changed
        asked = [one for one in ids if one not in changed]
        found = self._ask(lambda table: table.payloads(self._directory, asked))
        found.update((one, content) for one in ids if (content := changed.get(one)) is not None)
        return found

    def _all(self) -> list[str]:
        return merged(self._ask(lambda table: table.payload_ids(self._directory)), self._changed)

    def _present(self, ids: list[str]) -> list[str]:
        changed = self._changed
        there = self._places(one for one in ids if one not in changed)
        return [one for one in ids if one in there or changed.get(one) is not None]

    def _count(self) -> int:
        there = self._places(self._changed)
        return len(self._directory) - len(there) + sum(one is not None for one in self._changed.values())

    def _places(self, ids: Iterable[str]) -> dict[str, int]:
        asked = list(ids)
        return self._ask(lambda table: table.places(self._directory, asked))

    def _ask(self, question: Callable[[PayloadTable], T]) -> T:
        if self._closed:
            raise failures.store_closed()
        if self._table is None:
            self._table = self._connect()
        try:
            return question(self._table)
        except CorruptStoreError:
            if self._table.mode != "immutable":
                self.damaged = True
                raise
            # A writer that has come meanwhile may have changed what such a connection takes for unchangeable.
            table, self._table = self._table, None
            table.close()
            self._table = self._connect()
            return question(self._table)

    # Ending

    def close(self) -> None:
        """Close the connection; what was not flushed is gone."""
        with self.lock:
            self._closed = True
            table, self._table = self._table, None
            if table is not None:
                table.close()

    def disown(self) -> None:
        """Leave the connection alone in a forked child: it is the parent's."""
        super().disown()
        self._closed = True
        table, self._table = self._table, None
        if table is not None:
            table.abandon()


def _by_size(rows: Iterable[Row]) -> Iterator[list[Row]]:
    piece, size = list[Row](), 0
    for row in rows:
        piece.append(row)
        size += len(row[1]) + len(row[2])
        if size >= _AHEAD_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece
