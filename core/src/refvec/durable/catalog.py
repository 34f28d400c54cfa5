"""The catalog: pages with checksums in a sqlite database, committed flush by flush.

sqlite gives atomic commits and readers beside a writer; it has no checksums of
its own, so every page carries one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
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
_NOT_META, _NOTHING = "DELETE FROM pages WHERE kind = 'meta'", "DELETE FROM pages"
_SHORT = "PRAGMA incremental_vacuum"  # before new pages are written, while the file could end here
_SCHEMA = (
    "SELECT group_concat(type || ' ' || name || ' ' || sql, '; ') FROM sqlite_schema "
    "WHERE name NOT LIKE 'sqlite_%'"
)
_INSERT = "INSERT INTO pages VALUES (?, ?, ?, ?, ?)"
_SELECT = (
    "SELECT kind, flush, part, digest, rowid, "
    "CASE WHEN length(content) < 65536 THEN content END "  # else `_large`
    "FROM pages{} ORDER BY kind, flush, part"
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
        return self._transaction("BEGIN", self._content, end)

    def _content(self) -> Content:
        self._check_schema()
        contents = self._contents()
        meta = self._decoded_meta(contents)
        snapshots = [flush for kind, flush in contents if kind == "ids" and flush >= meta.snapshot]
        logs = [flush for kind, flush in contents if kind == "log" and flush > meta.snapshot]
        if snapshots != [meta.snapshot]:
            raise damaged(self.path, f"its snapshots are of the flushes {snapshots}, not {meta.snapshot}")
        if logs != list(range(meta.snapshot + 1, meta.flush + 1)):
            raise damaged(self.path, f"its log lacks a flush between {meta.snapshot} and {meta.flush}")
        with self._naming(f"snapshot {meta.snapshot}"):
            snapshot, payloads = decode_snapshot(contents["ids", meta.snapshot])
        found, changed = [], [payloads]
        for flush in logs:
            with self._naming(f"log {flush}"):
                log, payloads = decode_log(contents["log", flush])
            found.append(log)
            changed.append(payloads)
        with self._naming("the payloads"):
            directory = Directory(meta.flush, meta.seed, meta.payloads, meta.placed, changed)
        return Content(meta, snapshot, found, directory)

    def damages_of_payloads(self) -> list[CorruptStoreError]:
        """Return an error for everything that is wrong with the payloads of one moment."""
        return self._transaction("BEGIN", lambda: list(self.damaged_payloads(self._content().directory)), end)

    def meta(self) -> Meta:
        """Return the meta page of now."""
        contents = self._transaction("BEGIN", lambda: self._contents(" WHERE kind = 'meta'"), end)
        return self._decoded_meta(contents)

    def _decoded_meta(self, contents: dict[tuple[str, int], memoryview]) -> Meta:
        if [flush for kind, flush in contents if kind == "meta"] != [0]:
            raise damaged(self.path, "its meta page is missing")
        with self._naming("the meta page"):
            return Meta.decode(bytes(contents["meta", 0]))

    def _contents(self, which: str = "") -> dict[tuple[str, int], memoryview]:
        """Return the whole content of every kind and flush, its pages put together and checked."""
        found: dict[tuple[str, int], list[bytes]] = {}
        for kind, flush, part, kept, row, content in self._ask(_SELECT.format(which)):
            if content is None:
                content = self._large(row)
            if not (
                isinstance(kind, str)
                and isinstance(flush, int)
                and isinstance(part, int)
                and isinstance(content, bytes)
                and part == len(found.get((kind, flush), ()))
                and kept == digest(kind, flush, part, content)
            ):
                where = f"page {part!r:.30} of {kind!s:.30} {flush!r:.30}"
                raise damaged(self.path, f"{where} differs from its checksum")
            found.setdefault((kind, flush), []).append(content)
        return {page: self._joined(*page, parts) for page, parts in found.items()}

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
        found = self._ask(_SCHEMA)
        if found != [(f"table pages {_TABLE}; table payloads {_PAYLOADS}",)]:
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

        def write() -> None:
            self._write_payloads(payloads)
            self._insert(("meta", 0, meta.encode()), (kind, flush, content))

        self._write(write, _NOTHING if kind == "ids" else _NOT_META)

    def put_ahead(self, payloads: Iterable[tuple[int, bytes, bytes]]) -> None:
        """Commit payloads at new places, of which a later flush is to tell."""
        self._write(lambda: self._write_payloads(payloads))

    def compact(self, meta: Meta, snapshot: bytes) -> None:
        """Commit a snapshot in place of everything, and give back the space of what it replaces."""
        pages = ("meta", 0, meta.encode()), ("ids", meta.snapshot, snapshot)
        self._write(lambda: self._insert(*pages), _NOTHING, _SHORT)
        self.checkpoint()

    def clear_places(self, places: Iterable[int]) -> None:
        """Remove what no directory leads to that anybody may have."""
        self._write(lambda: self._clear_places(places))

    def clear_others(self, directory: Directory) -> None:
        """Remove what the directory of the last flush does not lead to."""
        if others := self._other_places(directory):
            self.clear_places(others)

    def renew(self, meta: Meta) -> None:
        """Commit what is there once more: no commit that failed before it can come back after a crash."""
        self._write(lambda: self._insert(("meta", 0, meta.encode())), _NOT_META)

    def _write(self, work: Callable[[], object], *first: str) -> None:
        """Do some work, after statements without values, in a transaction that is on the disk in the end."""
        self._transaction("; ".join(["BEGIN IMMEDIATE", *first]), work, disk.commit)

    def _insert(self, *pages: tuple[str, int, bytes]) -> None:
        self._many(_INSERT, chain.from_iterable(_parts(*page) for page in pages))


def _parts(kind: str, flush: int, content: bytes) -> Iterator[tuple[str, int, int, bytes, bytes]]:
    """Yield the rows of a page."""
    whole = len(content).to_bytes(8, "little") + content
    for part, start in enumerate(range(0, len(whole), PART_BYTES)):
        piece = whole[start : start + PART_BYTES]
        yield kind, flush, part, digest(kind, flush, part, piece), piece
