"""Bytes under ids, beside the vectors and committed with them."""

import copy
import os
import pickle
import signal
import sqlite3
import threading
import uuid
from contextlib import suppress

import numpy as np
import pytest
from refvec import (
    CorruptStoreError,
    IdTypeError,
    ReadOnlyError,
    RefvecError,
    StoreClosedError,
    UnsupportedError,
    VectorStore,
)
from refvec.durable import directory, disk, writer
from refvec.durable.directory import Directory
from refvec.durable.shelf import StoredShelf
from refvec.transfer import copy_store

BACKENDS = ["python", "numpy", "rust"]
TEXTS = {"a": b"alpha", "b": b"", "nul\0": b"\0\xff", "": b"empty", "🦀": b"crab"}


@pytest.fixture(params=[None, "store"], ids=["memory", "path"])
def store(request, tmp_path):
    path = request.param and tmp_path / request.param
    with VectorStore(2, backend="numpy", path=path) as found:
        yield found


def kept(path, mode="r"):
    with VectorStore(path=path, mode=mode, backend="numpy") as found:
        found.verify()
        return dict(found.payloads.items())


def test_what_is_put_is_got(store):
    payloads = store.payloads
    payloads.put(TEXTS)
    for _ in range(2):
        assert payloads.get([*TEXTS, "z", "a"]) == [*TEXTS.values(), None, b"alpha"]
        assert sorted(payloads.ids()) == sorted(TEXTS)
        assert len(payloads) == len(TEXTS)
        assert "a" in payloads
        assert "z" not in payloads
        assert 7 not in payloads
        store.flush()
    assert repr(payloads) == "Payloads(5)"


def test_they_are_replaced_and_removed(store):
    payloads = store.payloads
    payloads.put(TEXTS)
    store.flush()
    payloads.put({"a": bytearray(b"other"), "n": memoryview(b"new")})
    assert payloads.remove(["b", "b", "z", "n"]) == 2
    for _ in range(2):
        assert payloads.get(["a", "b", "n"]) == [b"other", None, None]
        assert len(payloads) == len(payloads.ids()) == 4
        store.flush()
    payloads.clear()
    assert (len(payloads), payloads.ids(), list(payloads.items())) == (0, [], [])


def test_an_id_is_that_of_vectors(store):
    one = uuid.uuid4()
    store.payloads.put({one: b"x"})
    assert store.payloads.get([str(one)]) == [b"x"]


def test_a_payload_needs_no_vector_and_stays_without(store):
    store.add_vector("a", [1, 2])
    store.payloads.put({"a": b"x", "b": b"y"})
    store.remove_vector("a")
    assert (len(store), store.payloads.get(["a", "b"])) == (0, [b"x", b"y"])


@pytest.mark.parametrize(
    ("payloads", "error", "match"),
    [
        ({"a": b"x", "b": "text"}, TypeError, "bytes, got str .position 1"),
        ({"a": b"x", 7: b"y"}, IdTypeError, "position 1"),
        ({"a": b"x", "\ud800": b"y"}, ValueError, "surrogate"),
    ],
)
def test_what_cannot_be_kept_changes_nothing(store, payloads, error, match):
    with pytest.raises(error, match=match):
        store.payloads.put(payloads)
    assert not len(store.payloads)


def test_a_payload_that_is_too_large(store, monkeypatch):
    monkeypatch.setattr("refvec.payloads.MAX_BYTES", 3)
    with pytest.raises(ValueError, match=r"may have 3 bytes, got 4"):
        store.payloads.put({"a": b"1234"})


def test_together_is_one_change_or_none(store):
    payloads = store.payloads
    payloads.put({"a": b"1", "b": b"2"})
    with pytest.raises(ValueError, match="mismatch"), payloads.together():
        payloads.put({"a": b"3", "c": b"4"})
        assert payloads.remove(["b"]) == 1
        assert payloads.get(["a", "b", "c"]) == [b"3", None, b"4"]
        assert (len(payloads), sorted(payloads.ids())) == (2, ["a", "c"])
        store.add_vector("a", [1, 2, 3])
    assert sorted(payloads.items()) == [("a", b"1"), ("b", b"2")]
    with payloads.together():
        payloads.remove(["a"])
        with payloads.together():
            payloads.put({"c": b"4"})
    assert sorted(payloads.items()) == [("b", b"2"), ("c", b"4")]


@pytest.mark.parametrize("amid", ["update", "get", "__delitem__"])
def test_an_interrupt_leaves_all_of_a_change_or_nothing(amid):
    class Interrupted(dict):
        def raising(self, *_):
            raise KeyboardInterrupt

    store = VectorStore(2, backend="numpy")
    payloads = store.payloads
    payloads.put({"a": b"1", "b": b"2", "c": b"3"})
    shelf = payloads._shelf
    whole = shelf._content
    shelf._content = Interrupted(whole)
    setattr(Interrupted, amid, Interrupted.raising)
    with pytest.raises(KeyboardInterrupt), payloads.together():
        payloads.put({"d": b"4"})
        payloads.remove(["a", "b"]) if amid != "get" else shelf._staged.update(a=None, b=None)
    delattr(Interrupted, amid)
    shelf._content = dict(shelf._content)
    changed = {"c": b"3", "d": b"4"}
    assert len(payloads) == len(payloads.ids())
    assert dict(payloads.items()) == ({"a": b"1", "b": b"2", "c": b"3"} if amid == "update" else changed)
    assert ("a" in payloads) == (payloads.get(["a"]) == [b"1"]) == (amid == "update")


def test_no_flush_comes_in_between(tmp_path):
    with VectorStore(2, path=tmp_path / "s", backend="numpy") as store:
        flushing = threading.Thread(target=store.flush)
        with store.payloads.together():
            store.payloads.put({"a": b"x"})
            flushing.start()
            flushing.join(0.05)
            assert flushing.is_alive()
            store.add_vector("a", [1, 2])
        flushing.join()
        assert kept(tmp_path / "s") == {"a": b"x"}
        with store.payloads.together():
            for call in (
                store.flush,
                store.compact,
                store.verify,
                store.close,
                lambda: store.close(flush=False),
            ):
                with pytest.raises(RefvecError, match=r"within payloads\.together"):
                    call()


def test_they_are_read_and_changed_while_files_are_compacted_and_others_wait_to_flush(tmp_path, monkeypatch):
    store = VectorStore(2, path=tmp_path / "s", backend="numpy")
    store.add_vector("a", [1, 2])
    store.payloads.put({"a": b"x"})
    began, go_on = threading.Event(), threading.Event()
    rewritten = writer.rewritten

    def slow(*args):
        began.set()
        assert go_on.wait(60)
        return rewritten(*args)

    monkeypatch.setattr(writer, "rewritten", slow)
    threads = [threading.Thread(target=store.compact), threading.Thread(target=store.flush)]
    threads[0].start()
    assert began.wait(60)
    threads[1].start()
    with store.payloads.together():
        store.payloads.put({"b": b"y"})
        assert store.payloads.get(["a", "b"]) == [b"x", b"y"]
    go_on.set()
    for one in threads:
        one.join(60)
        assert not one.is_alive()
    store.close()
    assert kept(tmp_path / "s") == {"a": b"x", "b": b"y"}


def test_many_threads_flush_change_and_close(tmp_path):
    for turn in range(5):
        store = VectorStore(2, path=tmp_path / str(turn), backend="numpy")

        def work(number, store=store):
            with suppress(StoreClosedError, OSError):
                for step in range(20):
                    with store.payloads.together():
                        store.payloads.put({f"{number} {step}": b"x"})
                        store.add_vector(f"{number} {step}", [number, step])
                    store.flush()
                store.close()

        threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
            assert not one.is_alive()
        store.close()
        with VectorStore(path=tmp_path / str(turn), backend="numpy") as again:
            assert sorted(again.ids()) == sorted(again.payloads.ids())


@pytest.mark.parametrize("backend", BACKENDS)
def test_they_are_there_after_a_flush_and_not_before(tmp_path, backend):
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


def test_a_closed_store_has_none(store):
    payloads = store.payloads
    store.close()
    for use in (lambda: store.payloads, lambda: payloads.put({}), lambda: payloads.get([]), payloads.ids):
        with pytest.raises(StoreClosedError):
            use()
    assert repr(payloads) == "Payloads(closed)"


def test_copies_have_copies():
    with VectorStore(2, backend="numpy") as store:
        store.payloads.put(TEXTS)
        copies = [copy.copy(store), copy.deepcopy(store), pickle.loads(pickle.dumps(store))]
        store.payloads.clear()
        assert [dict(one.payloads.items()) for one in copies] == [TEXTS] * 3


def test_a_file_that_would_lose_them_is_not_written(store, tmp_path):
    store.payloads.put({"a": b""})
    with pytest.raises(UnsupportedError, match="1 payloads"):
        store.save(tmp_path / "file")
    assert not (tmp_path / "file").exists()
    store.payloads.clear()
    store.save(tmp_path / "file")


def test_a_copy_that_would_lose_them_is_not_made(tmp_path):
    with VectorStore(2, path=tmp_path / "s", backend="numpy") as store:
        store.payloads.put({"a": b""})
    with pytest.raises(UnsupportedError, match="1 payloads, which are not copied"):
        copy_store(tmp_path / "s", tmp_path / "t")
    assert not (tmp_path / "t").exists()


def test_a_flush_that_fails_keeps_them(tmp_path, monkeypatch):
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


def test_flushes_of_nothing_but_payloads_are_folded(tmp_path, monkeypatch):
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


def test_a_store_in_servers_refuses():
    class Remote(type(VectorStore(2, backend="numpy"))):
        backend = "remote"

    store = Remote(2)
    object.__setattr__(store._spec, "location", "redis://somewhere/x")
    with pytest.raises(UnsupportedError, match="in memory, or in the directory"):
        _ = store.payloads


def rows_of(path):
    connection = sqlite3.connect(path / "catalog.sqlite")
    found = connection.execute("SELECT place FROM payloads ORDER BY place").fetchall()
    connection.close()
    return [place for (place,) in found]


def test_a_reader_reads_those_of_its_flush_while_they_are_replaced(tmp_path):
    with VectorStore(2, path=tmp_path / "s", backend="numpy") as store:
        store.payloads.put({"a": b"1", "b": b"2"})
        store.flush()
        reader = VectorStore(path=tmp_path / "s", mode="r", backend="numpy")
        for turn in range(3):
            store.payloads.put({"a": b"%d" % turn, "c": b"3"})
            store.payloads.remove(["b"])
            store.flush()
            store.compact()
            assert dict(reader.payloads.items()) == {"a": b"1", "b": b"2"}
        assert len(rows_of(tmp_path / "s")) > 2
        assert reader.refresh()
        assert dict(reader.payloads.items()) == {"a": b"2", "c": b"3"}
        reader.close()
        store.payloads.put({"a": b"4"})
        store.flush()
        assert dict(store.payloads.items()) == {"a": b"4", "c": b"3"}
        assert len(rows_of(tmp_path / "s")) == 2


def test_what_is_left_at_places_goes_with_a_compaction(tmp_path):
    path = tmp_path / "s"
    with VectorStore(2, path=path, backend="numpy") as store:
        store.payloads.put({"a": b"1", "b": b"2"})
        store.flush()
        with VectorStore(path=path, mode="r", backend="numpy"):
            store.payloads.put({"a": b"3"})
            store.flush()
        store.close(flush=False)
    assert rows_of(path) == [0, 1, 2]
    with VectorStore(path=path, backend="numpy") as store:
        store.verify()
        store.compact()
        assert dict(store.payloads.items()) == {"a": b"3", "b": b"2"}
    assert rows_of(path) == [1, 2]


def test_ids_with_one_key_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(Directory, "key", lambda _, encoded: len(encoded))
    with VectorStore(2, path=tmp_path / "s", backend="numpy") as store:
        store.payloads.put({"a": b"1", "b": b"2", "cc": b"3"})
        store.flush()
        for _ in range(2):
            assert store.payloads.get(["b", "a", "c", "cc"]) == [b"2", b"1", None, b"3"]
            assert ("c" in store.payloads, "a" in store.payloads) == (False, True)
            store.payloads.put({"a": b"1"})
            store.flush()
        store.payloads.remove(["a", "c"])
        store.flush()
        assert kept(tmp_path / "s") == {"b": b"2", "cc": b"3"}


def test_many_changes_are_merged(tmp_path, monkeypatch):
    monkeypatch.setattr(directory, "_FEW", 3)
    rng, model = np.random.default_rng(5), {}
    with VectorStore(2, path=tmp_path / "s", backend="numpy") as store:
        for turn in range(60):
            some = [str(one) for one in rng.integers(20, size=4)]
            if rng.integers(3):
                new = dict.fromkeys(some, b"%d" % turn)
                store.payloads.put(new)
                model.update(new)
            else:
                store.payloads.remove(some)
                model = {one: content for one, content in model.items() if one not in some}
            if rng.integers(2):
                store.flush()
            assert (dict(store.payloads.items()), len(store.payloads)) == (model, len(model))
    assert kept(tmp_path / "s") == model


def test_a_commit_whose_end_was_interrupted_is_followed(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with VectorStore(2, path=tmp_path / "s", backend="numpy") as store:
        store.payloads.put({"a": b"1"})
        store.flush()
        store.payloads.put({"a": b"2", "b": b"3"})
        with monkeypatch.context() as patch:
            patch.setattr(StoredShelf, "committed", interrupt)
            with pytest.raises(KeyboardInterrupt):
                store.flush()
        assert kept(tmp_path / "s") == {"a": b"2", "b": b"3"}
        store.payloads.remove(["b"])
        store.flush()
        assert dict(store.payloads.items()) == kept(tmp_path / "s") == {"a": b"2"}


def test_a_flipped_bit_is_never_served(tmp_path):
    path = tmp_path / "s"
    with VectorStore(2, path=path, backend="numpy") as store:
        store.payloads.put({f"{number}": b"%d" % number * 30 for number in range(40)})
    catalog = path / "catalog.sqlite"
    whole = catalog.read_bytes()
    ids, rng, told = [*map(str, range(40)), "none"], np.random.default_rng(7), 0
    expected = [b"%d" % number * 30 for number in range(40)] + [None]
    for at in rng.integers(len(whole), size=120).tolist():
        flipped = bytearray(whole)
        flipped[at] ^= 1 << int(rng.integers(8))
        catalog.write_bytes(flipped)
        try:
            with VectorStore(path=path, mode="r", backend="numpy") as store:
                assert store.payloads.get(ids) == expected
        except CorruptStoreError:
            told += 1
            with pytest.raises(CorruptStoreError), VectorStore(path=path, mode="r", backend="numpy") as store:
                store.verify()
    assert told
