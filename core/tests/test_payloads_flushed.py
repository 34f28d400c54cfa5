"""Payloads are committed with the vectors: flushes, deaths, forks and damage."""

import os
import signal
import sqlite3

import pytest
from refvec import (
    CorruptStoreError,
    ReadOnlyError,
    StoreClosedError,
    VectorStore,
)
from refvec.durable import disk, writer

BACKENDS = ["python", "numpy", "rust"]
TEXTS = {"a": b"alpha", "b": b"", "nul\0": b"\0\xff", "": b"empty", "🦀": b"crab"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_they_are_there_after_a_flush_and_not_before(tmp_path, backend, kept):
    path = tmp_path / "s"
    store = VectorStore(2, path=path, backend=backend)
    store.payloads.put(TEXTS)
    reader = VectorStore(path=path, mode="r", backend=backend)
    assert reader.payloads.ids() == []
    store.flush()
    assert reader.payloads.ids() == []
    assert reader.refresh()
    assert dict(reader.payloads.items()) == TEXTS
    store.payloads.remove(["a"])
    store.compact()
    assert "a" in reader.payloads
    assert reader.refresh()
    assert "a" not in reader.payloads
    store.payloads.put({"lost": b""})
    store.close(flush=False)
    assert kept(path) == kept(path, "r+") == {one: TEXTS[one] for one in TEXTS if one != "a"}


def test_who_only_reads_changes_nothing(tmp_path):
    VectorStore(2, path=tmp_path / "s", backend="numpy").close()
    with VectorStore(path=tmp_path / "s", mode="r", backend="numpy") as store:
        for change in (
            lambda: store.payloads.put({7: b""}),
            lambda: store.payloads.remove(7),
            store.payloads.clear,
            store.payloads.together,
        ):
            with pytest.raises(ReadOnlyError):
                change()


def test_a_flush_that_fails_keeps_them(tmp_path, monkeypatch, kept):
    store = VectorStore(2, path=tmp_path / "s", backend="numpy")
    store.payloads.put({"a": b"1"})
    with monkeypatch.context() as patch:
        patch.setattr(disk, "commit", lambda _: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            store.flush()
    assert store.payloads.get(["a"]) == [b"1"]
    assert kept(tmp_path / "s") == {}
    store.close()
    assert kept(tmp_path / "s") == {"a": b"1"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork here")
def test_who_is_killed_leaves_both_or_neither(tmp_path):
    for point in range(6):
        path = tmp_path / str(point)
        VectorStore(2, path=path, backend="numpy").close()
        child = os.fork()
        if not child:
            _die_at(path, point)
        os.waitpid(child, 0)
        with VectorStore(path=path, backend="numpy") as store:
            store.verify()
            assert store.ids() == sorted(store.payloads.ids())
            assert len(store) in (0, 1)


def _die_at(path, point):
    try:
        left = [point]

        def dying(call):
            def asked(*args):
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
                return call(*args)

            return asked

        for name in ("pwrite", "sync", "commit", "reserve"):
            setattr(disk, name, dying(getattr(disk, name)))
        store = VectorStore(path=path, backend="numpy")
        with store.payloads.together():
            store.payloads.put({"a": b"text"})
            store.add_vector("a", [1, 2])
        store.flush()
    finally:
        os._exit(1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork here")
def test_a_forked_child_has_those_in_memory_and_none_of_a_path(tmp_path):
    memory = VectorStore(2, backend="numpy")
    stored = VectorStore(2, path=tmp_path / "s", backend="numpy")
    for one in (memory, stored):
        one.payloads.put({"a": b"1"})
        one.flush()
        assert one.payloads.get(["a"]) == [b"1"]
    payloads = stored.payloads
    memory.payloads._shelf.lock.acquire()
    child = os.fork()
    if not child:
        code = 1
        try:
            assert memory.payloads.get(["a"]) == [b"1"]
            with pytest.raises(StoreClosedError):
                payloads.get(["a"])
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    memory.payloads._shelf.lock.release()
    assert payloads.get(["a"]) == [b"1"]
    stored.close()


DAMAGES = {
    "content": "UPDATE payloads SET content = X'00' WHERE id = X'61'",
    "another id": "UPDATE payloads SET id = X'7A' WHERE id = X'61'",
    "no content": "UPDATE payloads SET content = 7 WHERE id = X'61'",
    "no id": "UPDATE payloads SET id = X'FF' WHERE id = X'61'",
    "missing": "DELETE FROM payloads WHERE id = X'61'",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told_and_never_served(tmp_path, damage):
    path = tmp_path / "s"
    with VectorStore(2, path=path, backend="numpy") as store:
        store.payloads.put(TEXTS)
    connection = sqlite3.connect(path / "catalog.sqlite")
    connection.execute(DAMAGES[damage])
    connection.commit()
    connection.close()
    for mode in ("r", "r+"):
        with VectorStore(path=path, backend="numpy", mode=mode) as store:
            for use in (store.verify, lambda store=store: store.payloads.get(["b", "a"])):
                with pytest.raises(CorruptStoreError, match=r"catalog\.sqlite is damaged"):
                    use()
            assert store.payloads.get(["b", "z", "c"]) == [b"", None, None]
            if "id" in damage or damage == "missing":
                for use in (lambda store=store: "a" in store.payloads, store.payloads.ids):
                    with pytest.raises(CorruptStoreError, match=r"catalog\.sqlite is damaged"):
                        use()


def test_flushes_of_nothing_but_payloads_are_folded(tmp_path, monkeypatch, kept):
    monkeypatch.setattr(writer, "FEW_EVENTS", 5)
    with VectorStore(2, path=tmp_path / "s", backend="numpy") as store:
        for number in range(12):
            store.payloads.put({str(number % 4): b"x"})
            store.flush()
    connection = sqlite3.connect(tmp_path / "s" / "catalog.sqlite")
    assert connection.execute("SELECT count(*) FROM pages WHERE kind = 'log'").fetchone()[0] <= 6
    connection.close()
    assert len(kept(tmp_path / "s")) == 4


def test_a_flush_of_nothing_writes_nothing(tmp_path):
    with VectorStore(2, path=tmp_path / "s", backend="numpy") as store:
        store.payloads.put({"a": b"x"})
        store.flush()
        reader = VectorStore(path=tmp_path / "s", mode="r", backend="numpy")
        store.flush()
        assert not reader.refresh()
