"""Payloads of a durable store: a row for each in the catalog, and what was not flushed in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from .. import failures
from ..errors import CorruptStoreError
from ..shelves import Shelf, merged
from .connection import Connection
from .damage import damaged

T = TypeVar("T")
TABLE = (
    "CREATE TABLE payloads (place INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, "
    "digest BLOB NOT NULL, content BLOB NOT NULL)"
)
_PUT = (
    "INSERT INTO payloads (id, digest, content) VALUES (?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, content = excluded.content"
)
_VARIABLES = 500  # fewer than any sqlite allows in one statement


def digest(key: bytes, content: bytes) -> bytes:
    """Return the checksum of a payload, which holds under this id only."""
    found = hashlib.sha256(b"payload %d\n" % len(key))
    found.update(key)
    found.update(content)
    return found.digest()[:16]


class PayloadTable(Connection):
    """The table of payloads in the catalog."""

    def payloads(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return those payloads that are there, checked."""
        found = {}
        for keys in _pieces(map(str.encode, ids)):
            marks = ", ".join("?" * len(keys))
            for row in self._ask(f"SELECT id, digest, content FROM payloads WHERE id IN ({marks})", *keys):  # noqa: S608
                one, content = self._checked(*row)
                found[one] = content
        return found

    def present_payloads(self, ids: Iterable[str]) -> set[str]:
        """Return those of the ids that have one."""
        found: set[str] = set()
        for keys in _pieces(map(str.encode, ids)):
            marks = ", ".join("?" * len(keys))
            rows = self._ask(f"SELECT id FROM payloads WHERE id IN ({marks})", *keys)  # noqa: S608
            found.update(self._id(key) for (key,) in rows)
        return found

    def check_payload_pages(self) -> None:
        """Raise unless the index leads to every payload: else one that is there would look absent."""
        found = self._ask("PRAGMA integrity_check(payloads)")
        if found != [("ok",)]:
            raise damaged(self.path, f"sqlite says of its payloads: {found!r:.200}")

    def count_payloads(self) -> int:
        """Return how many there are."""
        ((found,),) = self._ask("SELECT count(*) FROM payloads")
        assert isinstance(found, int)
        return found

    def payload_ids(self) -> list[str]:
        """Return the ids of all."""
        return [self._id(key) for (key,) in self._ask("SELECT id FROM payloads ORDER BY place")]

    def all_payloads(self, count: int) -> dict[str, bytes]:
        """Return all, checked; there must be so many."""
        rows = self._ask("SELECT id, digest, content FROM payloads ORDER BY place")
        found = dict(self._checked(*row) for row in rows)
        if len(found) != count:
            raise self._miscounted(len(found), count)
        return found

    def damaged_payloads(self, count: int) -> Iterator[CorruptStoreError]:
        """Yield an error for everything that is wrong with them, reading one after the other."""
        found = 0
        for (place,) in self._ask("SELECT place FROM payloads ORDER BY place"):
            for row in self._ask("SELECT id, digest, content FROM payloads WHERE place = ?", place):
                found += 1
                try:
                    self._checked(*row)
                except CorruptStoreError as error:
                    yield error
        if found != count:
            yield self._miscounted(found, count)

    def _write_payloads(self, changes: Mapping[str, bytes | None]) -> int:
        """Put and remove payloads, within a transaction; return by how many there are more."""
        there = len(self.present_payloads(changes))
        kept = [(one.encode(), content) for one, content in changes.items() if content is not None]
        gone = ((one.encode(),) for one, content in changes.items() if content is None)
        self._many("DELETE FROM payloads WHERE id = ?", gone)
        self._many(_PUT, ((key, digest(key, content), content) for key, content in kept))
        return len(kept) - there

    def _checked(self, key: Any, kept: Any, content: Any) -> tuple[str, bytes]:
        one = self._id(key)
        if not isinstance(content, bytes) or kept != digest(key, content):
            raise damaged(self.path, f"the payload of {failures.quoted(one)} differs from its checksum")
        return one, content

    def _id(self, key: Any) -> str:
        try:
            return str(key, "utf-8")
        except (TypeError, ValueError):
            raise damaged(self.path, f"a payload has the id {key!r:.40}, which is none") from None

    def _miscounted(self, found: int, count: int) -> CorruptStoreError:
        return damaged(self.path, f"it holds {found} payloads, and the last flush had {count}")


class StoredShelf(Shelf):
    """The payloads of the one who writes: read from the catalog when they are asked for.

    Parameters
    ----------
    path : Path
        The catalog.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._changed: dict[str, bytes | None] = {}  # since the last flush
        self._table: PayloadTable | None = None
        self._closed = False

    def pending(self) -> Mapping[str, bytes | None]:
        """Return what is to be committed, for who holds the lock."""
        return self._changed

    def committed(self) -> None:
        """Forget what has been."""
        self._changed = {}

    def _apply(self, changes: Mapping[str, bytes | None]) -> None:
        if self._closed:
            raise failures.store_closed()
        self._changed.update(changes)

    def _look_up(self, ids: list[str]) -> dict[str, bytes]:
        changed = self._changed
        found = self._catalog().payloads(one for one in ids if one not in changed)
        found.update((one, content) for one in ids if (content := changed.get(one)) is not None)
        return found

    def _all(self) -> list[str]:
        return merged(self._catalog().payload_ids(), self._changed)

    def _present(self, ids: list[str]) -> list[str]:
        changed = self._changed
        there = self._catalog().present_payloads(one for one in ids if one not in changed)
        return [one for one in ids if one in there or changed.get(one) is not None]

    def _count(self) -> int:
        table = self._catalog()
        before = len(table.present_payloads(self._changed))
        return table.count_payloads() - before + sum(one is not None for one in self._changed.values())

    def _catalog(self) -> PayloadTable:
        # A connection of its own: the writer's may be in the middle of a compaction, which takes long.
        if self._closed:
            raise failures.store_closed()
        if self._table is None:
            self._table = PayloadTable(self._path, "ro")
        return self._table

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


def _pieces(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while piece := list(islice(iterator, _VARIABLES)):
        yield piece
