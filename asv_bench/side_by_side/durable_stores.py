"""What keeps ids and vectors on a disk, each behind the same few methods.

None of the others stores identical vectors once, counts references, or finds a flipped bit: they do less
for their time.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
DIMENSION = 384
ROW_BYTES = 4 * DIMENSION
PIECE = 50_000


class Ours:
    """Our stores; without a folder in memory."""

    backend = ""

    def __init__(self, folder: Path | None) -> None:
        import refvec

        self.store = refvec.VectorStore(DIMENSION, backend=self.backend, path=folder)
        self.get, self.flush, self.close = self.store.get_vector, self.store.flush, self.store.close

    def put(self, ids: Sequence[str], rows: Rows) -> None:
        for start in range(0, len(ids), PIECE):
            self.store.add_vectors(ids[start : start + PIECE], rows[start : start + PIECE])

    def add(self, chunk_id: str, row: Rows) -> None:
        self.store.add_vector(chunk_id, row)

    def search(self, query: Rows, k: int) -> object:
        return self.store.search(query, k, metric="dot")


class Peer:
    """One that a user could take instead."""

    def add(self, chunk_id: str, row: Rows) -> None:
        self.put([chunk_id], row[None])

    def put(self, ids: Sequence[str], rows: Rows) -> None:
        raise NotImplementedError

    def all_rows(self) -> Rows:
        raise NotImplementedError

    def search(self, query: Rows, k: int) -> object:
        scores = self.all_rows() @ query
        best = np.argpartition(scores, -k)[-k:]
        return best[np.argsort(-scores[best])]

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class Plain(Peer):
    """Rows written to a file and synced, nothing else: what a disk can do."""

    def __init__(self, folder: Path) -> None:
        self.file = open(folder / "rows", "ab", buffering=0)  # noqa: SIM115 - it stays open
        self.waiting: list[Rows] = []

    def put(self, ids: Sequence[str], rows: Rows) -> None:
        self.waiting.append(rows)

    def flush(self) -> None:
        for rows in self.waiting:
            rest = memoryview(rows).cast("B")
            while rest:
                rest = rest[self.file.write(rest) :]
        self.waiting.clear()
        os.fdatasync(self.file.fileno())


class Mapped(Plain):
    """A file of rows, mapped, and a dict; ids as JSON lines."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder / "rows"
        self.names = open(folder / "ids", "a+")  # noqa: SIM115
        self.names.seek(0)
        self.places = {json.loads(line): place for place, line in enumerate(self.names)}
        self.rows = self.mapped()

    def mapped(self) -> Rows:
        count = self.path.stat().st_size // ROW_BYTES
        return (
            np.memmap(self.path, np.float32, "r", shape=(count, DIMENSION))
            if count
            else np.empty((0, DIMENSION))
        )

    def put(self, ids: Sequence[str], rows: Rows) -> None:
        super().put(ids, rows)
        self.places.update(zip(ids, range(len(self.places), len(self.places) + len(ids)), strict=True))
        self.names.writelines(json.dumps(one) + "\n" for one in ids)

    def flush(self) -> None:
        super().flush()
        self.names.flush()
        os.fdatasync(self.names.fileno())
        self.rows = self.mapped()

    def get(self, chunk_id: str) -> Rows:
        return np.array(self.rows[self.places[chunk_id]])

    def all_rows(self) -> Rows:
        return self.rows


class Sqlite(Peer):
    """A table of texts and blobs."""

    def __init__(self, folder: Path) -> None:
        self.base = sqlite3.connect(folder / "base", isolation_level=None)
        self.base.execute("PRAGMA journal_mode = WAL")
        self.base.execute("PRAGMA synchronous = FULL")
        self.base.execute("CREATE TABLE IF NOT EXISTS vectors (id TEXT PRIMARY KEY, row BLOB NOT NULL)")

    def put(self, ids: Sequence[str], rows: Rows) -> None:
        if not self.base.in_transaction:
            self.base.execute("BEGIN IMMEDIATE")
        self.base.executemany("INSERT INTO vectors VALUES (?, ?)", zip(ids, map(memoryview, rows), strict=True))

    def flush(self) -> None:
        if self.base.in_transaction:
            self.base.execute("COMMIT")

    def get(self, chunk_id: str) -> Rows:
        ((row,),) = self.base.execute("SELECT row FROM vectors WHERE id = ?", (chunk_id,))
        return np.frombuffer(row, np.float32).copy()

    def all_rows(self) -> Rows:
        found = b"".join(row for (row,) in self.base.execute("SELECT row FROM vectors"))
        return np.frombuffer(found, np.float32).reshape(-1, DIMENSION)

    def close(self) -> None:
        self.base.close()


class Lmdb(Peer):
    """Keys and values of lmdb."""

    def __init__(self, folder: Path) -> None:
        import lmdb

        self.base = lmdb.open(str(folder), map_size=2**34)
        self.writing: Any = None

    def put(self, ids: Sequence[str], rows: Rows) -> None:
        if self.writing is None:
            self.writing = self.base.begin(write=True)
        pairs = zip(map(str.encode, ids), map(bytes, rows), strict=True)
        with self.writing.cursor() as cursor:
            cursor.putmulti(pairs)

    def flush(self) -> None:
        if self.writing is not None:
            self.writing.commit()
            self.writing = None

    def get(self, chunk_id: str) -> Rows:
        with self.base.begin(buffers=True) as reading:
            return np.frombuffer(reading.get(chunk_id.encode()), np.float32).copy()

    def all_rows(self) -> Rows:
        with self.base.begin(buffers=True) as reading:
            found = b"".join(row for _, row in reading.cursor())
        return np.frombuffer(found, np.float32).reshape(-1, DIMENSION)

    def close(self) -> None:
        if self.writing is not None:
            self.writing.abort()
        self.base.close()


class Usearch(Peer):
    """Its index: saved whole by every flush, opened as a view; searches are not exact. Ids as JSON lines."""

    most = 200_000  # vectors: more take minutes to add

    def __init__(self, folder: Path) -> None:
        from usearch.index import Index

        self.path, self.names = folder / "index", folder / "ids"
        self.index = Index(ndim=DIMENSION, metric="ip", dtype="f32", connectivity=8, expansion_add=16)
        self.viewed = self.path.exists()
        self.places: dict[str, int] = {}
        if self.viewed:
            self.index.view(self.path)
            self.places = dict(zip(json.loads(self.names.read_text()), range(len(self.index)), strict=True))

    def put(self, ids: Sequence[str], rows: Rows) -> None:
        if self.viewed:  # which cannot grow
            self.index.load(self.path)
            self.viewed = False
        keys = np.arange(len(self.places), len(self.places) + len(ids))
        self.index.add(keys, rows)
        self.places.update(zip(ids, keys.tolist(), strict=True))

    def flush(self) -> None:
        self.index.save(self.path)
        self.names.write_text(json.dumps(list(self.places)))
        for path in (self.path, self.names):
            with open(path, "rb") as file:
                os.fsync(file.fileno())

    def get(self, chunk_id: str) -> Rows:
        return self.index.get(self.places[chunk_id])

    def search(self, query: Rows, k: int) -> object:
        return self.index.search(query, k)


def _engines() -> dict[str, Any]:
    import refvec

    found = {
        row.name: type(row.name, (Ours,), {"backend": row.name})
        for row in refvec.backends()
        if row.name in ("python", "numpy", "rust") and row.capabilities and row.capabilities.durable
    }
    peers = {"np.memmap + dict": Mapped, "sqlite3": Sqlite, "lmdb": Lmdb, "usearch": Usearch}
    there = {name: one for name, one in peers.items() if name not in ("lmdb", "usearch") or find_spec(name)}
    return found | there | {"write + sync": Plain}


ENGINES = _engines()
