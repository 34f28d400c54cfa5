"""Bytes under ids, beside the vectors: what is put, read and refused, in memory and on the disk."""

import copy
import pickle
import threading
import uuid
from contextlib import suppress

import pytest
from refvec import (
    IdTypeError,
    RefvecError,
    StoreClosedError,
    UnsupportedError,
    VectorStore,
)
from refvec.durable import writer

BACKENDS = ["python", "numpy", "rust"]
TEXTS = {"a": b"alpha", "b": b"", "nul\0": b"\0\xff", "": b"empty", "🦀": b"crab"}


@pytest.fixture(params=[None, "store"], ids=["memory", "path"])
def store(request, tmp_path):
    path = request.param and tmp_path / request.param
    with VectorStore(2, backend="numpy", path=path) as found:
        yield found


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


def test_no_flush_comes_in_between(tmp_path, kept):
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


def test_they_are_read_and_changed_while_files_are_compacted_and_others_wait(tmp_path, monkeypatch, kept):
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


def test_a_store_in_servers_refuses():
    class Remote(type(VectorStore(2, backend="numpy"))):
        backend = "remote"

    store = Remote(2)
    object.__setattr__(store._spec, "location", "redis://somewhere/x")
    with pytest.raises(UnsupportedError, match="in memory, or in the directory"):
        _ = store.payloads
