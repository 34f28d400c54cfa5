"""Flushes and compactions beside busy threads: they seldom give up the interpreter lock.

Whoever gives it up waits for it as long as the interpreter's switch interval lasts. What gives it up, again and
again, are calls of the system and of sqlite, which are counted here; a wall clock would tell of the machine.
"""

import sqlite3
import sys
from contextlib import closing, contextmanager

import numpy as np
import pytest
from refvec import VectorStore
from refvec.durable import disk

WAITS_FOR_NOTHING = {"fspath", "getpid", "_path_splitroot_ex"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s"


@pytest.fixture(params=["python", "numpy", "rust"])
def store(request, path):
    with VectorStore(8, path=path, backend=request.param) as store:
        for start in range(0, 2_000, 500):  # where numpy, too, would give it up
            store.add_vectors(map(str, range(start, start + 500)), rows(start, 500))
            store.flush()
        yield store


def rows(seed, count):
    return np.random.default_rng(seed).standard_normal((count, 8), np.float32)


@contextmanager
def calls():
    """Yield the names of the calls of the system and of sqlite that this thread makes meanwhile."""
    found, before = [], sys.getprofile()

    def look(_frame, event, call):
        if event == "c_call":
            of_sqlite = isinstance(getattr(call, "__self__", None), sqlite3.Connection | sqlite3.Cursor)
            of_system = getattr(call, "__module__", None) in ("posix", "fcntl")
            if of_sqlite or (of_system and call.__name__ not in WAITS_FOR_NOTHING):
                found.append(call.__name__)

    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(before)


@contextmanager
def statements(store):
    """Yield the statements that the writer's connection carries out meanwhile, once for each row."""
    found, connection = [], store._durable._catalog._connection
    connection.set_trace_callback(found.append)
    try:
        yield found
    finally:
        connection.set_trace_callback(None)


def test_a_flush_asks_little(store):
    for count in (1, 50):
        store.add_vectors([f"{count}-{one}" for one in range(count)], rows(count, count))
        with statements(store) as done, calls() as asked:
            store.flush()
        assert len(asked) <= 10, asked
        assert [one.split()[0] for one in done] == ["BEGIN", "DELETE", "INSERT", "INSERT", "COMMIT"]


def test_a_flush_without_changes_asks_where_it_is(store):
    with calls() as asked:
        store.flush()
    assert asked == ["stat"]


def test_payloads_are_put_and_cleared_many_at_a_time(store):
    names = [f"payload {one}" for one in range(600)]
    for change in (
        lambda: store.payloads.put({one: one.encode() for one in names}),
        lambda: store.payloads.put(dict.fromkeys(names, b"other")),
        lambda: store.payloads.remove(names),
    ):
        change()
        with statements(store) as done:
            store.flush()
        assert len(done) <= 15, len(done)


def test_a_compaction_asks_little(store):
    store.remove_vectors(map(str, range(100, 1_500)))
    store.flush()
    with statements(store) as done, calls() as asked:
        store.compact()
    assert len(asked) <= 60, asked
    assert len(done) <= 15, done


def test_a_transaction_that_an_interrupt_left_open_is_undone(store, path):
    store._durable._catalog._connection.executescript("BEGIN IMMEDIATE; DELETE FROM pages")
    store.add_vector("new", rows(1, 1)[0])
    store.flush()
    with VectorStore(path=path, mode="r") as reader:
        reader.verify()
        assert len(reader) == 2_001


def test_a_commit_of_no_transaction_is_an_error():
    with (
        closing(sqlite3.connect(":memory:", isolation_level=None)) as connection,
        pytest.raises(sqlite3.OperationalError, match="ended already"),
    ):
        disk.commit(connection)
