"""NET-3, NET-4, OPEN-8: servers that are not there, refuse, break off, or have no replica."""

import contextlib
import os
import signal
import socket
import time
import traceback

import numpy as np
import pytest
from refvec import (
    BackendUnavailableError,
    CorruptStoreError,
    OutcomeUnknownError,
    StoreClosedError,
    VectorStore,
)
from refvec_redis import library
from refvec_redis.cluster import LocalCluster, free_ports
from refvec_redis.fleet import Rounds
from refvec_redis.nodes import Node

UNITS = np.eye(4, dtype=np.float32)


def test_without_a_server_the_error_names_it():
    (port,) = free_ports(1)
    with pytest.raises(BackendUnavailableError, match=f"^127.0.0.1:{port}: cannot be reached") as caught:
        VectorStore(4, path=f"redis://me:secret@127.0.0.1:{port}/corpus?timeout=0.3")
    assert type(caught.value) is BackendUnavailableError
    assert "secret" not in str(caught.value)


def test_a_wrong_password_is_refused_and_not_shown(single):
    host = single.url.removeprefix("redis://")
    with pytest.raises(BackendUnavailableError, match="refuses the user or the password") as caught:
        VectorStore(4, path=f"redis://nobody:secret@{host}corpus?replicas=0")
    shown = f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"
    assert "secret" not in shown
    assert "nobody" not in shown


def test_a_single_server_says_what_to_do(single):
    with pytest.raises(BackendUnavailableError, match="replicas=0"):
        VectorStore(4, path=f"{single.url}corpus")


def test_a_single_server_works(single):
    with VectorStore(4, path=f"{single.url}corpus?replicas=0&buckets=7") as store:
        store.add_vectors(["a", "b"], UNITS[:2])
        assert store.search(UNITS[1], 1).ids == [("b",)]
        store.drop()


def test_available_works_without_replicas_and_warns(single):
    with pytest.warns(RuntimeWarning, match="has 0 replicas and not 1"):
        store = VectorStore(4, path=f"{single.url}lonely?durability=available")
    store.add_vector("a", UNITS[0])
    store.drop()


@pytest.mark.parametrize("command", [(b"SET", b"x"), (b"HSET", b"field", b"x")], ids=["text", "hash"])
def test_a_foreign_key_is_left_alone(single, command):
    key = b"{foreign}refvec"
    (port,) = single.ports
    single.ask(port, b"DEL", key)
    single.ask(port, command[0], key, *command[1:])
    before = single.ask(port, b"DUMP", key)
    with pytest.raises(CorruptStoreError, match="left alone"):
        VectorStore(4, path=f"{single.url}foreign?replicas=0")
    assert single.ask(port, b"DUMP", key) == before


@pytest.mark.parametrize(
    ("dimension", "arguments", "query"),
    [(5, {}, ""), (4, {"precision": 3}, ""), (4, {}, "&buckets=3")],
    ids=["dimension", "precision", "buckets"],
)
def test_what_contradicts_the_store_is_refused(single, dimension, arguments, query):
    VectorStore(4, path=f"{single.url}agreed?replicas=0&buckets=2").close()
    with pytest.raises(ValueError, match="leave"):
        VectorStore(dimension, path=f"{single.url}agreed?replicas=0{query}", **arguments)


@pytest.mark.parametrize(("mode", "error"), [("r", FileNotFoundError), ("r+", FileNotFoundError)])
def test_a_store_that_must_be_there(single, mode, error):
    with pytest.raises(error):
        VectorStore(path=f"{single.url}absent?replicas=0", mode=mode)


def test_a_store_that_must_not_be_there(single):
    VectorStore(4, path=f"{single.url}present?replicas=0").close()
    with pytest.raises(FileExistsError):
        VectorStore(4, path=f"{single.url}present?replicas=0", mode="x")


def test_a_read_only_store_is_read_only(open_store):
    open_store().add_vector("a", UNITS[0])
    store = open_store(None, mode="r")
    with pytest.raises(PermissionError):
        store.add_vector("b", UNITS[1])
    assert store.get_vector("a") is not None


def test_a_server_without_the_functions_gets_them(open_store, cluster):
    store = open_store()
    for port in cluster.ports[:3]:
        cluster.ask(port, b"FUNCTION", b"FLUSH")
    store.add_vectors(list("abcdefgh"), np.arange(32).reshape(8, 4))
    assert len(store) == 8


def test_the_death_of_a_master_loses_nothing_that_was_acknowledged():
    with LocalCluster() as cluster:
        store = VectorStore(4, path=f"{cluster.url}corpus?buckets=32&timeout=30")
        rows = np.random.default_rng(0).random((200, 4))
        store.add_vectors([f"id {one}" for one in range(200)], rows)
        assert store.search(rows[7], 1).ids == [("id 7",)]
        cluster.kill(cluster.ports[0])
        deadline = time.monotonic() + 60
        while True:
            try:
                found = store.get_vectors([f"id {one}" for one in range(200)])
                break
            except BackendUnavailableError:
                assert time.monotonic() < deadline
        assert found.tolist() == rows.astype(np.float32).tolist()
        assert store.search(rows[8], 1).ids == [("id 8",)]
        cluster.start(cluster.ports[0])
        store.add_vectors([f"more {one}" for one in range(50)], rows[:50])
        assert (store.count, store.total_references) == (200, 250)


def test_a_call_keeps_its_time_when_no_server_answers():
    with contextlib.ExitStack() as stack:
        mute = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(12)]
        hosts = ",".join(f"127.0.0.1:{one.getsockname()[1]}" for one in mute)
        begun = time.monotonic()
        with pytest.raises(BackendUnavailableError, match="Nothing was changed"):
            VectorStore(4, path=f"redis://{hosts}/corpus?timeout=1")
        # Not a matter of speed: each waited for as long as there is time for one answer would be 6 s.
        assert time.monotonic() - begun < 4


def test_a_password_is_never_shown(caplog):
    password = "hunter" + "2"
    with LocalCluster(1, 0) as server:
        (port,) = server.ports
        address = f"redis://default:{password}@127.0.0.1:{port}/corpus?replicas=0&timeout=1"
        pid = server.pid(port)
        server.ask(port, b"CONFIG", b"SET", b"requirepass", password.encode())
        store = VectorStore(4, path=address)
        store.add_vector("a", UNITS[0])
        shown = [repr(store), repr(store._settings), str(store.get_statistics()), repr(store._spec)]
        for wrong in (f"{password}x", f"{password}@", ""):
            with pytest.raises((BackendUnavailableError, ValueError)) as caught:
                VectorStore(4, path=address.replace(password, wrong))
            shown += traceback.format_exception(caught.value)
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(BackendUnavailableError) as caught:
            store.get_vector("a")
        os.kill(pid, signal.SIGCONT)
        shown += traceback.format_exception(caught.value)
    assert password not in "".join(shown) + caplog.text


@pytest.mark.parametrize("letter", list("hvrfmzix"))
def test_a_foreign_key_in_a_bucket_is_left_alone(single, letter):
    (port,) = single.ports
    with VectorStore(4, path=f"{single.url}bucket-{letter}?replicas=0&buckets=1") as store:
        key = f"{{bucket-{letter}:{store._meta.uid}:0}}{letter}".encode()
        single.ask(port, b"DEL", key)
        single.ask(port, b"SET", key, b"mine")
        with pytest.raises((CorruptStoreError, StoreClosedError)):
            store.add_vectors(["a", "b"], UNITS[:2])
            store.remove_vectors(["a", "b"])
            store.vacuum(0)
            store.search(UNITS[0])
        assert single.ask(port, b"GET", key) == b"mine"


def test_libraries_of_other_versions_stand_side_by_side(open_store, cluster, monkeypatch):
    name = "refvec_000000000000"
    old = f"#!lua name={name}\nredis.register_function('{name}_link', function() return 0 end)".encode()
    for port in cluster.ports[:3]:
        cluster.ask(port, b"FUNCTION", b"LOAD", b"REPLACE", old)
    store = open_store()
    store.add_vectors(["a", "b"], UNITS[:2])
    # A client whose functions have another text finds the same store.
    body = library._body() + "\n-- another version"
    monkeypatch.setattr(library, "_body", lambda: body)
    for one in (library.name, library.source):
        one.cache_clear()
    try:
        other = open_store()
        other.add_vectors(["c", "d"], UNITS[2:])
        store.add_vector("e", UNITS[0])
        assert sorted(store.ids()) == sorted(other.ids()) == list("abcde")
    finally:
        monkeypatch.undo()
        for one in (library.name, library.source):
            one.cache_clear()
    loaded = cluster.ask(cluster.ports[0], b"FUNCTION", b"LIST", b"LIBRARYNAME", b"refvec_*")
    assert len(loaded) == 3


def test_a_store_of_a_newer_format_is_left_alone(single):
    (port,) = single.ports
    VectorStore(4, path=f"{single.url}newer?replicas=0&buckets=1").close()
    single.ask(port, b"HSET", b"{newer}refvec", b"format", b"2")
    before = single.ask(port, b"DUMP", b"{newer}refvec")
    with pytest.raises(CorruptStoreError, match=r"format 2.*upgrade refvec"):
        VectorStore(4, path=f"{single.url}newer?replicas=0")
    assert single.ask(port, b"DUMP", b"{newer}refvec") == before


@pytest.mark.parametrize("step", ["first", "last"])
def test_a_server_that_refuses_us_in_the_middle_of_a_call(open_store, monkeypatch, step):
    store = open_store()
    store.add_vector("a", UNITS[0])
    real, refuse = Rounds.write_once, Node.lease

    def refused(self, patience):
        raise BackendUnavailableError("refuses the user or the password")

    def write_once(self, calls, attempt):
        monkeypatch.setattr(Node, "lease", refused)
        return real(self, calls, attempt)

    if step == "first":
        monkeypatch.setattr(Node, "lease", refused)
    else:
        monkeypatch.setattr(Rounds, "write_once", write_once)
    with pytest.raises(BackendUnavailableError, match="refuses the user") as caught:
        store.add_vector("b", UNITS[1])
    assert isinstance(caught.value, OutcomeUnknownError) == (step == "last")
    monkeypatch.setattr(Node, "lease", refuse)
    assert store.ids() == ["a"]
