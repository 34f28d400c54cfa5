"""Paths that lead to something else: the message says what is there, and which call is for it."""

import os
from pathlib import Path

import pytest
from refvec import CorruptStoreError, UnsupportedError, VectorStore
from refvec.interchange import export_store


@pytest.fixture
def store():
    store = VectorStore(2, backend="numpy")
    store.add_vector("a", [1, 2])
    return store


def opened(path):
    return VectorStore(2, path=path, backend="numpy")


READS = {"opened": opened, "loaded": VectorStore.load}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.npy", "file of numpy, which `refvec import FILE STORE` takes in"),
        ("x.safetensors", "safetensors file, which `refvec import FILE STORE` takes in"),
    ],
)
def test_files_for_other_programs(store, tmp_path, read, name, words):
    export_store(store, tmp_path / name)
    with pytest.raises(CorruptStoreError, match=words):
        read(tmp_path / name)


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_parquet_file(tmp_path, read):
    (tmp_path / "x").write_bytes(b"PAR1" + bytes(99))
    with pytest.raises(CorruptStoreError, match="a Parquet file, which `refvec import"):
        read(tmp_path / "x")


def test_a_saved_store_is_not_opened_but_loaded(store, tmp_path):
    store.save(tmp_path / "saved")
    with pytest.raises(CorruptStoreError, match=r"a file of save\(\), which VectorStore\.load\(path\) reads"):
        opened(tmp_path / "saved")
    assert VectorStore.load(tmp_path / "saved").ids() == ["a"]


def test_a_durable_store_is_not_loaded_but_opened(store, tmp_path):
    opened(tmp_path / "durable").close()
    for call in (VectorStore.load, store.save):
        with pytest.raises(IsADirectoryError, match=r"VectorStore\(path=...\) opens the durable store in it"):
            call(tmp_path / "durable")
    with pytest.raises(IsADirectoryError, match="name a file in it"):
        store.save(tmp_path)


def test_a_file_of_a_durable_store_is_not_the_store(tmp_path):
    opened(tmp_path / "durable").close()
    with pytest.raises(CorruptStoreError, match="the path of a durable store is the directory that holds it"):
        opened(tmp_path / "durable" / "catalog.sqlite")


def test_anything_else_is_left_without_a_guess(tmp_path):
    (tmp_path / "x").write_text("hello")
    with pytest.raises(CorruptStoreError, match="it is no directory; it was left as it is"):
        opened(tmp_path / "x")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x")
    with pytest.raises(CorruptStoreError, match="it is no directory"):
        opened(tmp_path / "x")


def test_a_directory_with_other_files(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(
        CorruptStoreError, match=r"holds notes\.txt.*needs a directory that is empty or not there"
    ):
        opened(tmp_path)


def test_a_path_as_a_url(tmp_path):
    with pytest.raises(UnsupportedError, match="A directory is named without a scheme"):
        VectorStore(2, path=f"file://{tmp_path}")


@pytest.mark.parametrize("path", ["store", Path("store")], ids=["text", "path"])
def test_a_path_in_the_place_of_the_dimension(path):
    with pytest.raises(TypeError, match="a path is given as path="):
        VectorStore(path)
