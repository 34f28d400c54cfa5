"""Where payloads lie in the files, and who still reads them there."""

import sqlite3

import numpy as np
import pytest
from refvec import (
    CorruptStoreError,
    VectorStore,
)
from refvec.durable import directory
from refvec.durable.directory import Directory
from refvec.durable.payloads import grouped
from refvec.durable.shelf import StoredShelf


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


def test_ids_with_one_key_are_told_apart(tmp_path, monkeypatch, kept):
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


def test_many_changes_are_merged(tmp_path, monkeypatch, kept):
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


def test_a_commit_whose_end_was_interrupted_is_followed(tmp_path, monkeypatch, kept):
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


def test_a_statement_puts_few_large_payloads_and_many_small_ones():
    small, large = [(place, b"id", b"x") for place in range(300)], [(300, b"id", bytes(600_000))] * 5
    groups = list(grouped([*small, *large, *small]))
    assert [row for group in groups for row in group] == [*small, *large, *small]
    assert max(len(group) for group in groups) == 125
    assert max(sum(len(content) for _, _, content in group) for group in groups) < 2**20 + 600_000
    assert not list(grouped([]))
