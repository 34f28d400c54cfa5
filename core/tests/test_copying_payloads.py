"""``refvec copy`` takes payloads along, or refuses before anything is made."""

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from refvec import CorruptStoreError, DuplicateIdError, UnsupportedError, VectorStore
from refvec.durable import disk, shelf
from refvec.primitives import Primitives
from refvec.transfer import copy_store, payloads

TEXTS = {"a": b"alpha", "b": b"", "nul\0": b"\0\xff", "🦀": b"crab" * 999, "document": b'["a", "b"]'}
VECTORS = {"plain": [0, 1], "a": [1, 0], "🦀": [1, 0], "b": [3, 4]}


@pytest.fixture
def source(tmp_path):
    """A directory in which ids have a vector, a payload or both, and the catalog more than one flush."""
    path = tmp_path / "source"
    with VectorStore(2, path=path, backend="numpy") as store:
        store.payloads.put({**TEXTS, "a": b"an older one", "gone": b"of no id any more"})
        store.add_vectors(list(VECTORS), list(VECTORS.values()))
        store.flush()
        store.payloads.put({"a": TEXTS["a"]})
        store.payloads.remove(["gone"])
    return path


@pytest.fixture
def small(monkeypatch):
    """Let every payload be more than is read, or written, at a time."""
    monkeypatch.setattr(payloads, "BATCH_BYTES", 1)
    monkeypatch.setattr(shelf, "_AHEAD_BYTES", 1)
    monkeypatch.setattr("refvec.interchange.importing.FLUSH_BYTES", 1)


def vectors_of(path):
    with VectorStore(path=path, mode="r", backend="numpy") as store:
        return {one: row.tolist() for one, row in store.items()}


@pytest.mark.parametrize("pieces", ["small", None])
def test_a_new_directory_has_them(request, source, tmp_path, kept, pieces):
    if pieces:
        request.getfixturevalue(pieces)
    told = []
    copied = copy_store(source, tmp_path / "far" / "copy", progress=lambda *one: told.append(one))
    assert copied == (4, 0, True, 5)
    assert told[-1] == (8, 8)
    assert kept(tmp_path / "far" / "copy") == TEXTS
    assert vectors_of(tmp_path / "far" / "copy") == VECTORS


def test_a_copy_is_a_store_like_others(source, tmp_path, kept):
    copy_store(source, tmp_path / "copy")
    with VectorStore(path=tmp_path / "copy", backend="python") as store:
        store.payloads.put({"a": b"new", "c": b"more"})
        store.payloads.remove(["b"])
        store.compact()
    expected = {**TEXTS, "a": b"new", "c": b"more"}
    del expected["b"]
    assert kept(tmp_path / "copy") == expected
    copy_store(tmp_path / "copy", tmp_path / "copy of the copy")
    assert kept(tmp_path / "copy of the copy") == expected


@pytest.mark.parametrize("there", [False, True])
def test_a_store_of_nothing_else(tmp_path, kept, there):
    with VectorStore(path=tmp_path / "texts", backend="numpy") as store:
        store.payloads.put(TEXTS)
    if there:
        VectorStore(path=tmp_path / "copy", backend="numpy").close()
    assert copy_store(tmp_path / "texts", tmp_path / "copy") == (0, 0, not there, 5)
    assert kept(tmp_path / "copy") == TEXTS


def test_it_is_the_last_flush_whatever_the_writer_does_meanwhile(source, tmp_path, kept, small):
    with VectorStore(path=source, backend="numpy") as writer:
        writer.payloads.put({"late": b"not flushed"})

        def change(*_):
            writer.payloads.clear()
            writer.payloads.put({"a": b"another"})
            writer.compact()

        copy_store(source, tmp_path / "copy", progress=change)
        assert kept(tmp_path / "copy") == TEXTS
        assert kept(source) == {"a": b"another"}


def test_damage_is_found_and_leaves_nothing(source, tmp_path):
    with sqlite3.connect(source / "catalog.sqlite") as connection:
        connection.execute("UPDATE payloads SET content = x'00' WHERE length(content) = 0")
    connection.close()
    with pytest.raises(CorruptStoreError, match="the payload of 'b'"):
        copy_store(source, tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_full_disk_leaves_nothing(source, tmp_path, small, monkeypatch):
    real, calls = disk.commit, iter(range(99))

    def failing(connection):
        if next(calls) == 4:  # the store's own first commit, and three payloads
            raise OSError(28, "No space left on device")
        real(connection)

    monkeypatch.setattr(disk, "commit", failing)
    with pytest.raises(OSError, match="No space"):
        copy_store(source, tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_killed_copy_is_not_there(source, tmp_path, kept):
    code = (
        "import os, signal, sys\n"
        "from refvec.transfer import copy_store\n"
        "copy_store(*sys.argv[1:], progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))"
    )
    done = subprocess.run([sys.executable, "-c", code, source, tmp_path / "copy"], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "copy").exists()
    copy_store(source, tmp_path / "copy")
    assert kept(tmp_path / "copy") == TEXTS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "source"]


@pytest.mark.parametrize("pieces", ["small", None])
def test_a_store_that_is_there_gets_them(request, source, tmp_path, kept, pieces):
    if pieces:
        request.getfixturevalue(pieces)
    told = []
    VectorStore(2, path=tmp_path / "there", backend="numpy").close()
    copied = copy_store(source, tmp_path / "there", progress=lambda *one: told.append(one))
    assert copied == (4, 0, False, 5)
    assert (4, 4) in told
    assert told[-1] == (6, 6)  # two have a payload only
    assert kept(tmp_path / "there") == TEXTS
    assert vectors_of(tmp_path / "there") == VECTORS


@pytest.fixture
def there(tmp_path):
    """A store in which two ids of the source are, each with one half, and one of its own."""
    with VectorStore(2, path=tmp_path / "there", backend="numpy") as store:
        store.payloads.put({"b": b"of another", "own": b"own", "document": b"[]"})
        store.add_vector("🦀", [7, 7])
    return tmp_path / "there"


def test_an_id_that_is_there_is_left_alone(source, there, kept):
    assert copy_store(source, there, append=True, on_duplicate="skip") == (2, 2, False, 2)
    assert kept(there) == {
        "a": TEXTS["a"],
        "nul\0": TEXTS["nul\0"],
        "b": b"of another",
        "own": b"own",
        "document": b"[]",
    }
    assert vectors_of(there) == {"🦀": [7, 7], "plain": [0, 1], "a": [1, 0]}


def test_an_id_that_is_there_is_replaced(source, there, kept):
    assert copy_store(source, there, append=True, on_duplicate="upsert") == (4, 0, False, 5)
    assert kept(there) == {**TEXTS, "own": b"own"}
    assert vectors_of(there) == VECTORS


@pytest.mark.parametrize(("own", "name"), [("b", "'b'"), ("document", "'document'")])
def test_an_id_that_is_there_ends_it(source, tmp_path, kept, own, name):
    with VectorStore(2, path=tmp_path / "there", backend="numpy") as store:
        store.payloads.put({own: b"own"})
    with pytest.raises(FileExistsError, match="1 payloads; append=True"):
        copy_store(source, tmp_path / "there")
    with pytest.raises(ValueError, match=f"{name}.* is in the store already") as caught:
        copy_store(source, tmp_path / "there", append=True)
    assert DuplicateIdError in (type(caught.value), type(caught.value.__cause__))
    assert kept(tmp_path / "there")[own] == b"own"


def test_one_that_ends_early_has_both_of_an_id_or_neither(source, tmp_path, kept, small, monkeypatch):
    VectorStore(2, path=tmp_path / "there", backend="numpy").close()
    calls = iter(range(99))
    with monkeypatch.context() as patch:
        real = VectorStore.add_vectors

        def failing(self, *arguments):
            if next(calls) == 1:
                raise OSError(28, "No space left on device", "there")
            return real(self, *arguments)

        patch.setattr("refvec_backends.numpy.NumpyVectorStore.add_vectors", failing)
        with pytest.raises(OSError, match="No space") as caught:
            copy_store(source, tmp_path / "there", backend="numpy")
    assert "2 of 4 ids are in" in caught.value.__notes__[0]
    assert kept(tmp_path / "there") == {"a": TEXTS["a"]}
    assert vectors_of(tmp_path / "there") == {"plain": [0, 1], "a": [1, 0]}
    assert copy_store(source, tmp_path / "there", append=True, on_duplicate="skip") == (2, 2, False, 4)
    assert kept(tmp_path / "there") == TEXTS


def test_one_that_ends_with_the_other_payloads_says_so(source, tmp_path, kept, small, monkeypatch):
    VectorStore(2, path=tmp_path / "there", backend="numpy").close()
    real, calls = disk.commit, iter(range(99))

    def failing(connection):
        if next(calls) == 4:  # of the last of all
            raise OSError(28, "No space left on device")
        real(connection)

    with monkeypatch.context() as patch:
        patch.setattr(disk, "commit", failing)
        with pytest.raises(OSError, match="No space") as caught:
            copy_store(source, tmp_path / "there", backend="numpy")
    assert "All 4 ids with a vector are in" in caught.value.__notes__[0]
    found = kept(tmp_path / "there")
    assert found.keys() == TEXTS.keys() - {"document"}
    assert copy_store(source, tmp_path / "there", append=True, on_duplicate="skip").payloads == 1
    assert kept(tmp_path / "there") == TEXTS


@pytest.mark.parametrize(
    ("target", "arguments", "words"),
    [
        ("file", {"as_file": True}, "a saved file keeps none"),
        ("nowhere://me:secret@127.0.0.1:1/x", {}, "a store in servers keeps none"),
        ("there", {}, "the one at .*there keeps none"),
    ],
)
def test_where_none_are_kept_it_does_not_begin(source, tmp_path, monkeypatch, kept, target, arguments, words):
    monkeypatch.chdir(tmp_path)
    VectorStore(2, path="there", backend="python").close()
    monkeypatch.setattr("refvec_backends.python.PythonVectorStore._changes", Primitives._changes)
    with pytest.raises(UnsupportedError, match=rf"has 5 payloads, .*{words}.*--without-payloads"):
        copy_store(source, target, backend="python", **arguments)
    monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "there"]
    assert kept(tmp_path / "there") == {}


def test_without_them(source, tmp_path, kept):
    assert copy_store(source, tmp_path / "file", as_file=True, payloads=False) == (4, 0, True, 0)
    assert VectorStore.load(tmp_path / "file").ids() == list(VECTORS)
    assert copy_store(source, tmp_path / "copy", payloads=False) == (4, 0, True, 0)
    assert copy_store(source, tmp_path / "copy", payloads=False, append=True, on_duplicate="skip").skipped == 4
    assert kept(tmp_path / "copy") == {}


def test_the_command(run, source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("copy", "source", "copy")
    assert "4 ids with 5 payloads copied to copy" in result.output
    assert run("verify", "copy").exit_code == 0
    assert " ".join(run("info", "copy").output.split()).count("payloads 5") == 1
    result = run("copy", "source", "file", "--file")
    assert result.exit_code == 2
    assert "--without-payloads" in result.output
    assert not Path("file").exists()
    result = run("copy", "source", "file", "--file", "--without-payloads")
    assert result.exit_code == 0
    assert "4 ids copied to file" in result.output


def test_an_export_says_that_they_stay_behind(run, source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("export", "source", "vectors.npy")
    assert result.exit_code == 0
    assert "5 payloads are not in it: `refvec copy` takes them along" in result.output
    copy_store(source, tmp_path / "bare", payloads=False)
    assert "payloads" not in run("export", "bare", "vectors.safetensors").output
