"""What a backend that reads a durable store from its files is given, and for how long."""

import os
import subprocess
import sys
import uuid
import zlib
from pathlib import Path

import numpy as np
import pytest
from refvec import CorruptStoreError, VectorStore
from refvec.durable import loading
from refvec.durable.fingerprints import Fingerprints
from refvec.durable.packedids import PackedIds
from refvec.durable.records import FIRST, NO_MARKS, decode_log, encode_log
from refvec.state import Columns, EventColumns

BASE = type(VectorStore(2, backend="python"))
IDS = [str(uuid.UUID(int=n)) for n in range(4)]
ROWS = np.arange(8, dtype=np.float32).reshape(4, 2)


class Mapping(BASE):
    """A backend that keeps what it is given, and what it hears."""

    backend = "mapping"
    maps_rows = True

    def _open(self, spec, state):
        self.seed = spec.seed
        self.stored = None if state is None else state.stored
        self.settled = []
        super()._open(spec, state)

    def _settle(self, rows):
        self.settled.append((rows.count, os.pread(rows.handle, 8, rows.offset)))


class Untouching(Mapping):
    """A backend that reads neither the layout nor the blocks."""

    def _open(self, spec, state):
        super()._open(spec, None)
        self.stored = state.stored


@pytest.fixture
def path(tmp_path):
    with Mapping(path=tmp_path / "store") as store:
        store.add_vectors(IDS[:3], ROWS[:3])
        store.flush()
        store.remove_vector(IDS[1])
        store.add_vector(IDS[3], ROWS[3])
    return tmp_path / "store"


@pytest.mark.parametrize("mode", ["r", "r+"])
def test_everything_of_the_last_flush_is_there(path, mode):
    with Untouching(path=path, mode=mode) as store:
        stored = store.stored
        assert (stored.size.unique, stored.size.references, stored.size.allocated) == (3, 3, 4)
        assert (stored.precision, stored.held, len(stored.snapshot.ids)) == (6, False, 0)
        assert [log.ids.decoded() for log in stored.logs] == [IDS[:3], [IDS[1], IDS[3]]]
        assert [list(log.codes) for log in stored.logs] == [[2, 3, 4], [1, 5]]
        assert [list(log.written) for log in stored.logs] == [[0, 1, 2], [3]]
        sums = [zlib.crc32(row.tobytes()) for row in ROWS]
        assert [log.sums.tolist() for log in stored.logs] == [sums[:3], sums[3:]]
        assert store.seed == stored.seed
        found = np.concatenate([log.fingerprints for log in stored.logs])
        assert found.tolist() == Fingerprints(stored.seed, 2, 6).of(ROWS).tolist()
        assert os.pread(stored.rows.handle, 32, stored.rows.offset) == ROWS.tobytes()
        assert stored.rows.count >= 4
        assert "rows-00000001.f32" in str(stored.rows.damaged(2))
        assert "index 2 " in str(stored.rows.damaged(2))
        assert isinstance(stored.rows.contradiction("so"), CorruptStoreError)


def test_nothing_is_replayed_for_who_does_not_ask(path, monkeypatch):
    def refuse(*_):
        raise AssertionError("It was replayed")

    monkeypatch.setattr(loading, "replayed", refuse)
    Untouching(path=path, mode="r").close()
    with pytest.raises(AssertionError, match="replayed"):
        Mapping(path=path, mode="r")


def test_the_seed_is_shown_nowhere(path):
    with Mapping(path=path) as store:
        assert str(store.seed) not in repr(store._spec) + repr(store) + str(
            loading.load(store._durable.place, repr)
        )
        assert str(store.seed) not in str(loading.load(store._durable.place, lambda loaded: repr(loaded.meta)))


def test_stores_have_different_seeds(tmp_path):
    seeds = set()
    for name in "ab":
        with Mapping(2, path=tmp_path / name) as store:
            seeds.add(store.seed)
    assert len(seeds) == 2


def test_settling_comes_after_commits_that_wrote_rows(tmp_path):
    with Mapping(path=tmp_path / "store") as store:
        store.flush()
        assert store.settled == []
        store.add_vectors(IDS[:2], ROWS[:2])
        store.flush()
        ((count, first),) = store.settled
        assert (count >= 2, first) == (True, ROWS[0].tobytes())
        store.remove_vector(IDS[0])
        store.flush()
        assert len(store.settled) == 1


def next_index(writer, name):
    """Return the index that a new vector gets after a flush."""
    writer.flush()
    index = writer.add_vector(name, [len(name), 9])
    writer.flush()
    return index


def test_freed_rows_are_not_used_again_while_a_reader_may_read_them(path):
    with Mapping(path=path) as writer:
        reader = Mapping(path=path, mode="r")
        writer.remove_vector(IDS[2])
        assert [next_index(writer, "x"), next_index(writer, "xx")] == [1, 4]  # 1 was free before
        kept = reader.stored  # as a mapping keeps it
        assert reader.refresh()
        assert next_index(writer, "xxx") == 5
        reader.close()
        del reader
        assert next_index(writer, "xxxx") == 6
        os.fstat(kept.rows.handle)
        handle = kept.rows.handle
        del kept
        assert next_index(writer, "xxxxx") == 2
        with pytest.raises(OSError, match="descriptor"):
            os.fstat(handle)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_child_leaves_the_lock_to_its_parent(path):
    script = f"""
import os, sys
sys.path.insert(0, {os.fspath(Path(__file__).parent)!r})
from test_stored import Mapping, next_index
reader = Mapping(path={os.fspath(path)!r}, mode="r")
child = os.fork()
if not child:
    handle = reader.stored.rows.handle
    try:
        os.fstat(handle)
    except OSError:
        reader = None
        os._exit(0)
    os._exit(1)
assert os.waitpid(child, 0)[1] == 0
with Mapping(path={os.fspath(path)!r}) as writer:
    writer.remove_vector({IDS[2]!r})
    assert [next_index(writer, "x"), next_index(writer, "xx")] == [4, 5]  # neither 1 nor 2
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_a_backend_that_knows_the_marks_of_its_rows_is_believed(tmp_path):
    wrong = np.array([7, 8], np.uint32)

    class Knowing(Mapping):
        def _changes(self, use):
            def told(changes):
                marks = {name: wrong[: len(changes.written)] for name in known}
                return use(changes._replace(**marks))

            return super()._changes(told)

    for known in ((), ("sums",), ("fingerprints",), ("sums", "fingerprints")):
        with Knowing(path=tmp_path / "".join(["store", *known])) as store:
            store.add_vectors(IDS[:2], ROWS[:2])
            store.flush()
            seed = store.seed
        (log,) = Untouching(path=store._durable.place.root, mode="r").stored.logs
        for name, right in (
            ("sums", [zlib.crc32(row.tobytes()) for row in ROWS[:2]]),
            ("fingerprints", Fingerprints(seed, 2, 6).of(ROWS[:2]).tolist()),
        ):
            assert getattr(log, name).tolist() == (wrong.tolist() if name in known else right)


class Listed(EventColumns):
    """Events with their columns, which nobody reads one by one."""

    def __init__(self, columns):
        self._columns = columns

    def __len__(self):
        return len(self._columns.indices)

    def __getitem__(self, at):
        raise AssertionError("An event was asked for")

    def columns(self):
        return self._columns


LOGS = {
    "UUIDs": [(IDS[3], 7), (IDS[1], -1), (None, -1), (IDS[2], 0)],
    "texts": [("é", 7), (None, -1), (IDS[1], -1), ("", 3)],
    "nothing": [],
}


@pytest.mark.parametrize("events", LOGS.values(), ids=LOGS)
def test_columns_are_written_down_as_the_events_are(events):
    ids = PackedIds.of([one for one, _ in events])
    indices = np.array([-2 if one is None else index for one, index in events], np.int64)
    listed = Listed(Columns(ids.uuids, ids.lengths, ids.text, indices))
    expected = encode_log(events, np.arange(0), NO_MARKS)
    assert encode_log(listed, np.arange(0), NO_MARKS) == expected
    log, _ = decode_log(expected)
    assert [code - FIRST for code in log.codes] == indices.tolist()
    assert [one for one, (given, _) in zip(log.ids.decoded(), events, strict=True) if given is not None] == [
        given for given, _ in events if given is not None
    ]
