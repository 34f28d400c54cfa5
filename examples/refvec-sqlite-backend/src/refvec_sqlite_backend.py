"""A refvec backend by its primitives: ids and rows in tables of a sqlite database."""

import sqlite3
import weakref
from contextlib import contextmanager
from threading import RLock

import numpy as np
from refvec import (
    BackendPlugin,
    Capabilities,
    Layout,
    Option,
    Size,
    State,
    VectorStore,
    failures,
    grown_capacity,
    hookimpl,
    identity_keys,
)


def identifier(name):
    if not name.isidentifier():
        raise ValueError(f"a table is called by letters, digits and underscores, not {name!r}")


class SqliteVectorStore(VectorStore):
    backend = "sqlite"
    capabilities = Capabilities(
        search=True, thread_safe=True, dense_indices=True, ordered_ids=True, atomic_batch=True
    )
    options = (
        Option("database", default=":memory:", help="The file of the database."),
        Option("table", default="vectors", check=identifier, help="What the names of its tables begin with."),
    )

    def _open(self, spec, state):
        self._lock = RLock()
        self._sql = sqlite3.connect(spec.options["database"], isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._sql.close)  # for a store that is let go rather than closed
        self._names = [f"{spec.options['table']}_{part}" for part in ("rows", "ids", "free")]
        self._counts = 0, spec.initial_capacity, 0  # allocated, capacity, the last number of an arrival
        try:
            with self._step() as ask:  # where the tables are another's, theirs stay as they are
                ask("CREATE TABLE {rows} (at INTEGER PRIMARY KEY, key BLOB UNIQUE, row BLOB)")
                ask("CREATE TABLE {ids} (place INTEGER PRIMARY KEY, id BLOB UNIQUE, at INTEGER, came INTEGER)")
                ask("CREATE INDEX {ids}_at ON {ids} (at)")
                ask("CREATE TABLE {free} (at INTEGER PRIMARY KEY)")
                if state is not None:
                    self._fill(ask, state)
        except BaseException:
            self._sql.close()
            raise

    def _fill(self, ask, state):
        layout, at = state.layout, iter(state.layout.indices.tolist())
        for block in state.blocks:
            for row, key in zip(block, identity_keys(block, self.precision)):
                ask("INSERT INTO {rows} VALUES (?, ?, ?)", next(at), key, row.tobytes())
        came = np.argsort(layout.slot_order).tolist()
        for place, (one, index) in enumerate(zip(layout.ids, layout.id_indices.tolist())):
            ask("INSERT INTO {ids} VALUES (?, ?, ?, ?)", place, one.encode(), index, came[place])
        for index in layout.free().tolist():
            ask("INSERT INTO {free} VALUES (?)", index)
        self._counts = layout.allocated, layout.capacity, len(layout.ids)

    @contextmanager
    def _step(self):
        """What a primitive is: one transaction, and no other thread in between."""
        with self._lock:
            if self._sql is None:
                raise failures.store_closed()
            before = self._counts, self._dimension
            rows, ids, free = self._names
            self._sql.execute("BEGIN")
            try:
                yield lambda text, *values: self._sql.execute(
                    text.format(rows=rows, ids=ids, free=free), values
                )
                self._sql.execute("COMMIT")
            except BaseException:
                self._counts, self._dimension = before
                self._sql.execute("ROLLBACK")
                raise

    def _put(self, ids, rows, mode):
        with self._step() as ask:
            if ids and self._dimension is None:
                self._dimension = rows.shape[1]
            if ids and rows.shape[1] != self._dimension:
                raise failures.dimension_mismatch(self._dimension, rows.shape[1])
            found = []
            for one, row, key in zip(ids, rows, identity_keys(rows, self.precision)):
                present = ask("SELECT at FROM {ids} WHERE id = ?", one.encode()).fetchone()
                if present and mode == "add":
                    raise failures.duplicate_id(one, len(found), repeated=one in ids[: len(found)])
                stored = ask("SELECT at FROM {rows} WHERE key = ?", key).fetchone()
                found.append(stored[0] if stored else self._store(ask, row, key))
                if present != (found[-1],):
                    self._refer(ask, one, found[-1], present)
        return np.array(found, np.int64)

    def _store(self, ask, row, key):
        allocated, capacity, came = self._counts
        (at,) = ask("SELECT min(at) FROM {free}").fetchone()
        if at is None:
            at, allocated = allocated, allocated + 1
        ask("DELETE FROM {free} WHERE at = ?", at)
        ask("INSERT INTO {rows} VALUES (?, ?, ?)", at, key, row.tobytes())
        self._counts = allocated, grown_capacity(capacity, at), came
        return at

    def _refer(self, ask, one, at, before):
        allocated, capacity, came = self._counts
        self._counts = allocated, capacity, came + 1
        if before is None:
            ask("INSERT INTO {ids} (id, at, came) VALUES (?, ?, ?)", one.encode(), at, came)
        else:
            ask("UPDATE {ids} SET at = ?, came = ? WHERE id = ?", at, came, one.encode())
            self._release(ask, *before)

    def _release(self, ask, at):
        text = "DELETE FROM {rows} WHERE at = ? AND NOT EXISTS (SELECT 1 FROM {ids} WHERE at = ?)"
        if ask(text, at, at).rowcount:
            ask("INSERT INTO {free} VALUES (?)", at)

    def _drop(self, ids):
        with self._step() as ask:
            if ids is None:
                ids = [one.decode() for (one,) in ask("SELECT id FROM {ids}")]
            taken = [ask("DELETE FROM {ids} WHERE id = ? RETURNING at", one.encode()).fetchone() for one in ids]
            gone = [at for at in taken if at is not None]
            for (at,) in gone:
                self._release(ask, at)
        return len(gone)

    def _find(self, ids):
        with self._step() as ask:
            found = [ask("SELECT at FROM {ids} WHERE id = ?", one.encode()).fetchone() for one in ids]
        return np.array([-1 if one is None else one[0] for one in found], np.int64)

    def _rows(self, at):
        with self._step() as ask:
            if at is None:
                return self._array(ask("SELECT row FROM {rows} ORDER BY at").fetchall())
            of_id = "SELECT row FROM {rows} NATURAL JOIN {ids} WHERE id = ?"
            of_index = "SELECT row FROM {rows} WHERE at = ?"
            if isinstance(at, list):
                found = [ask(of_id, one.encode()).fetchone() for one in at]
            else:
                found = [ask(of_index, one).fetchone() for one in at.tolist()]
            if None in found:
                raise self._missing_at(at, found.index(None))
            return self._array(found)

    def _missing_at(self, at, position):
        if isinstance(at, list):
            return failures.unknown_id(at[position], position)
        return failures.invalid_index(int(at[position]), self._counts[0], position)

    def _array(self, rows):
        joined = bytearray(b"".join(row for (row,) in rows))
        return np.frombuffer(joined, np.float32).reshape(len(rows), self._dimension or 0)

    def _refcounts(self, indices):
        with self._step() as ask:
            counts = [
                ask("SELECT count(*) FROM {ids} WHERE at = ?", at).fetchone()[0] for at in indices.tolist()
            ]
            if 0 in counts:
                raise self._missing_at(indices, counts.index(0))
        return np.array(counts, np.int64)

    def _scan(self, use):
        with self._step() as ask:
            found = ask("SELECT id, at, came FROM {ids} ORDER BY place").fetchall()
            ids = [one.decode() for one, _, _ in found]
            at, came = (np.array([row[part] for row in found], np.int64) for part in (1, 2))
            allocated, capacity, _ = self._counts
            layout = Layout(ids, at, np.lexsort((came, at)), allocated, capacity, self._dimension)
            rows = ask("SELECT row FROM {rows} ORDER BY at")
            blocks = (self._array(some) for some in iter(lambda: rows.fetchmany(1000), []))
            return use(State(layout, blocks))

    def _size(self):
        with self._step() as ask:
            ((vectors,),) = ask("SELECT count(*) FROM {rows}")
            ((ids,),) = ask("SELECT count(*) FROM {ids}")
            return Size(vectors, ids, *self._counts[:2], self._dimension)

    # Not a primitive: what the default reads all rows for, the database knows.

    def _match(self, row):
        with self._step() as ask:
            found = ask("SELECT at FROM {rows} WHERE key = ?", *identity_keys(row, self.precision)).fetchone()
        return found and found[0]

    def _close(self):
        with self._lock:
            if self._sql is not None:
                for name in self._names:
                    self._sql.execute(f"DROP TABLE {name}")
                self._sql.close()
                self._sql = None


@hookimpl
def refvec_backend():
    return BackendPlugin(SqliteVectorStore)
