"""A flush of many rows writes them on a thread: in the same order, and nothing goes on when it has ended."""

import time
from itertools import groupby

import numpy as np
import pytest
from refvec import VectorStore
from refvec.durable import disk

BACKENDS = ["python", "numpy", "rust"]
COUNT, DIMENSION = 3_000, 512  # 6 MB


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s"


@pytest.fixture(params=BACKENDS)
def store(request, path):
    with VectorStore(DIMENSION, path=path, backend=request.param) as store:
        store.add_vectors(map(str, range(COUNT)), rows(1))
        yield store


def rows(seed):
    return np.random.default_rng(seed).standard_normal((COUNT, DIMENSION), np.float32)


@pytest.fixture
def asked(monkeypatch):
    """What the disk is asked for, in order."""
    found = []

    def watch(name):
        original = getattr(disk, name)

        def watched(*args):
            found.append(name)
            return original(*args)

        monkeypatch.setattr(disk, name, watched)

    for name in ("pwrite", "sync", "commit", "reserve"):
        watch(name)
    return found


def test_rows_are_written_then_synced_then_committed(store, path, asked):
    store.flush()
    header, rows_and_head = ["pwrite", "sync"], ["reserve", "pwrite", "sync", "commit", "pwrite"]
    assert [name for name, _ in groupby(asked)] == header + rows_and_head
    with VectorStore(path=path, mode="r") as reader:
        reader.verify()
        assert reader.get_vectors(["0", "2999"]).tobytes() == rows(1)[[0, -1]].tobytes()


@pytest.mark.parametrize("name", ["pwrite", "sync"])
def test_a_flush_that_fails_has_ended_and_the_next_one_is_whole(store, path, asked, monkeypatch, name):
    store.flush()
    store.upsert_vectors(map(str, range(COUNT)), rows(2))
    with monkeypatch.context() as patch:
        working = getattr(disk, name)

        def failing(*args):
            if asked.count("pwrite") > 4:
                raise OSError("worn out")
            time.sleep(0.01)
            return working(*args)

        asked.clear()
        patch.setattr(disk, name, failing)
        with pytest.raises(OSError, match="worn out"):
            store.flush()
        until = len(asked)
        time.sleep(0.1)
        assert len(asked) == until
    with VectorStore(path=path, mode="r") as reader:
        assert reader.get_vector("2999").tobytes() == rows(1)[-1].tobytes()
    store.flush()
    with VectorStore(path=path, mode="r") as reader:
        reader.verify()
        assert reader.get_vectors(["0", "2999"]).tobytes() == rows(2)[[0, -1]].tobytes()


def test_rows_that_change_meanwhile_are_told_again(path, monkeypatch):
    """Whoever calls the store in the middle of a flush, on its thread, has it begin anew."""
    store = VectorStore(DIMENSION, path=path, backend="numpy")
    store.add_vectors(map(str, range(COUNT)), rows(1))
    reading, calls = type(store)._reading, []

    def meddling(self, indices):
        calls.append(indices)
        if len(calls) == 5:
            store.add_vector("new", np.ones(DIMENSION, np.float32))
            store.remove_vector("1")
        return reading(self, indices)

    monkeypatch.setattr(type(store), "_reading", meddling)
    store.flush()
    with VectorStore(path=path, mode="r") as reader:
        reader.verify()
        assert "1" not in reader
        assert reader.get_vector("2999").tobytes() == rows(1)[-1].tobytes()
