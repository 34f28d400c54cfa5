"""The catalog: pages with checksums in a sqlite database, committed flush by flush.

sqlite gives atomic commits and readers beside a writer; it has no checksums of
its own, so every page carries one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ..errors import CorruptStoreError
from . import disk
from .connection import APPLICATION, end
from .damage import damaged, newer
from .directory import Directory
from .packing import PackingError
from .pagedigest import digest
from .payloads import TABLE as _PAYLOADS
from .payloads import PayloadTable
from .records import FORMAT, Log, Meta, NewerFormatError, Snapshot, decode_log, decode_snapshot
from .sqlerrors import translated

PART_BYTES = 2**26  # one part in nearly all stores: putting parts together takes as long as reading them
_PAGE_BYTES = 8192  # sqlite's pages: of 4096 bytes, it reads large contents in five times the time
_TABLE = (
    "CREATE TABLE pages (kind TEXT NOT NULL, flush INTEGER NOT NULL, part INTEGER NOT NULL, "
    "digest BLOB NOT NULL, content BLOB NOT NULL, PRIMARY KEY (kind, flush, part))"
)
_INSERT = "INSERT INTO pages VALUES (?, ?, ?, ?, ?)"
_SELECT = (
    "SELECT flush, part, digest, rowid, CASE WHEN length(content) < 65536 THEN content END "  # else `_large`
    "FROM pages WHERE kind = ? AND flush >= ? ORDER BY flush, part"
)


class Content(NamedTuple):
    """All that a catalog holds."""

    meta: Meta
    snapshot: Snapshot
    logs: list[Log]
    directory: Directory


class Catalog(PayloadTable):
    """The catalog of a store, as `Connection` opens it."""

    # Reading

    def read(self) -> Content:
        """Return everything but payloads themselves, of one moment."""
        with self._transaction("BEGIN", end):
            return self._content()

    def _content(self) -> Content:
        self._check_schema()
        meta = self._meta()
        snapshots = self._contents("ids", meta.snapshot)
        logs = self._contents("log", meta.snapshot + 1)
        if snapshots.keys() != {meta.snapshot}:
            raise damaged(
                self.path, f"its snapshots are of the flushes {sorted(snapshots)}, not {meta.snapshot}"
            )
        if list(logs) != list(range(meta.snapshot + 1, meta.flush + 1)):
            raise damaged(self.path, f"its log lacks a flush between {meta.snapshot} and {meta.flush}")
        with self._naming(f"snapshot {meta.snapshot}"):
            snapshot, payloads = decode_snapshot(snapshots[meta.snapshot])
        found, changed = [], [payloads]
        for flush, content in logs.items():
            with self._naming(f"log {flush}"):
                log, payloads = decode_log(content)
            found.append(log)
            changed.append(payloads)
        with self._naming("the payloads"):
            directory = Directory(meta.flush, meta.seed, meta.payloads, meta.placed, changed)
        return Content(meta, snapshot, found, directory)

    def damages_of_payloads(self) -> list[CorruptStoreError]:
        """Return an error for everything that is wrong with the payloads of one moment."""
        with self._transaction("BEGIN", end):
            return list(self.damaged_payloads(self._content().directory))

    def meta(self) -> Meta:
        """Return the meta page of now."""
        with self._transaction("BEGIN", end):
            return self._meta()

    def _meta(self) -> Meta:
        pages = self._contents("meta", 0)
        if pages.keys() != {0}:
            raise damaged(self.path, "its meta page is missing")
        with self._naming("the meta page"):
            return Meta.decode(bytes(pages[0]))

    def _contents(self, kind: str, first: int) -> dict[int, memoryview]:
        """Return the whole content of every flush, its pages put together and checked."""
        found: dict[int, list[bytes]] = {}
        for flush, part, kept, row, content in self._ask(_SELECT, kind, first):
            if content is None:
                content = self._large(row)
            if not (
                isinstance(flush, int)
                and isinstance(part, int)
                and isinstance(content, bytes)
                and part == len(found.get(flush, ()))
                and kept == digest(kind, flush, part, content)
            ):
                raise damaged(self.path, f"page {part!r:.30} of {kind} {flush!r:.30} differs from its checksum")
            found.setdefault(flush, []).append(content)
        return {flush: self._joined(kind, flush, parts) for flush, parts in found.items()}

    def _large(self, row: object) -> bytes:
        """Return a content that is read on its own: so it is copied once less."""
        with translated(self.path):
            assert isinstance(row, int)
            with self._connection.blobopen("pages", "content", row, readonly=True) as blob:
                return blob.read()

    def _joined(self, kind: str, flush: int, parts: list[bytes]) -> memoryview:
        whole = memoryview(parts[0] if len(parts) == 1 else b"".join(parts))
        if len(whole) < 8 or int.from_bytes(whole[:8], "little") != len(whole) - 8:
            raise damaged(self.path, f"a page of {kind} {flush} is missing")
        return whole[8:]

    def _check_schema(self) -> None:
        found = self._ask("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
        if found != [("table", "pages", _TABLE), ("table", "payloads", _PAYLOADS)]:
            raise damaged(self.path, "its tables are not those of a catalog")

    @contextmanager
    def _naming(self, what: str) -> Iterator[None]:
        try:
            yield
        except NewerFormatError as error:
            raise newer(self.path, error) from None
        except PackingError as error:
            raise damaged(self.path, f"{what}: {error}") from error

    # Writing

    def create(self, meta: Meta, snapshot: bytes) -> None:
        """Make the tables of a new store, and its first pages; the file is synced."""
        with self._closing_on_error():
            self._ask("PRAGMA auto_vacuum = INCREMENTAL")  # before the file has its first page
            self._ask(f"PRAGMA application_id = {APPLICATION}")
            self._ask(f"PRAGMA user_version = {FORMAT}")
            self._ask(f"PRAGMA page_size = {_PAGE_BYTES}")
            self._ask(_TABLE)
            self._ask(_PAYLOADS)
            self.commit(meta, "ids", snapshot)
            self._ask("PRAGMA journal_mode = WAL")
        self.close()

    def commit(
        self, meta: Meta, kind: str, content: bytes, payloads: Iterable[tuple[int, bytes, bytes]] = ()
    ) -> None:
        """Commit a flush: its log, or a snapshot in place of all logs, and payloads at new places.

        It is on the disk when this returns.
        """
        flush = meta.snapshot if kind == "ids" else meta.flush
        with self._transaction("BEGIN IMMEDIATE", disk.commit):
            if kind == "ids":
                self._ask("DELETE FROM pages")
            else:
                self._ask("DELETE FROM pages WHERE kind = 'meta'")
            self._write_payloads(payloads)
            self._insert("meta", 0, meta.encode())
            self._insert(kind, flush, content)

    def compact(self, meta: Meta, snapshot: bytes) -> None:
        """Commit a snapshot in place of everything, and give back the space of what it replaces."""
        with self._transaction("BEGIN IMMEDIATE", disk.commit):
            self._ask("DELETE FROM pages")
            self._insert("meta", 0, meta.encode())
            self._insert("ids", meta.snapshot, snapshot)
            self.shrink()
        self.checkpoint()

    def clear_places(self, places: Iterable[int]) -> None:
        """Remove what no directory leads to that anybody may have."""
        with self._transaction("BEGIN IMMEDIATE", disk.commit):
            self._clear_places(places)

    def clear_others(self) -> None:
        """Remove what the directory of the last flush does not lead to."""
        with self._transaction("BEGIN IMMEDIATE", disk.commit):
            self._clear_places(self._other_places(self._content().directory))

    def renew(self, meta: Meta) -> None:
        """Commit what is there once more: no commit that failed before it can come back after a crash."""
        with self._transaction("BEGIN IMMEDIATE", disk.commit):
            self._ask("DELETE FROM pages WHERE kind = 'meta'")
            self._insert("meta", 0, meta.encode())

    def _insert(self, kind: str, flush: int, content: bytes) -> None:
        whole = len(content).to_bytes(8, "little") + content
        parts = (whole[start : start + PART_BYTES] for start in range(0, len(whole), PART_BYTES))
        rows = (
            (kind, flush, part, digest(kind, flush, part, piece), piece) for part, piece in enumerate(parts)
        )
        self._many(_INSERT, rows)
