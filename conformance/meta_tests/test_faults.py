"""The fault wrapper for users' own tests."""

from __future__ import annotations

import errno

import pytest
from refvec import VectorStore
from refvec_conformance.faults import Faults, faulty
from refvec_conformance.faulty_disk import faulty_disk
from refvec_conformance.probes.sqlitefiles import available


def opened(**faults):
    return faulty(VectorStore(2, backend="python"), Faults(**faults))


def outcomes(store, count=60):
    found = []
    for number in range(count):
        try:
            store.add_vector(f"id{number}", [number, 1])
            found.append(True)
        except OSError:
            found.append(False)
    return found


def test_without_faults_it_is_the_store():
    with opened() as store:
        assert outcomes(store) == [True] * 60
        assert len(store) == store.count == 60
        assert "id3" in store
        with pytest.raises(TypeError):
            iter(store)
    assert store.closed


def test_an_error_before_the_call_changes_nothing():
    store = opened(error_rate=1.0)
    with pytest.raises(OSError, match="nothing happened"):
        store.add_vector("a", [1, 2])
    assert store.store.ids() == []


def test_a_lost_reply_has_happened():
    store = opened(lost_reply_rate=1.0, error=TimeoutError)
    with pytest.raises(TimeoutError, match="it happened"):
        store.add_vector("a", [1, 2])
    assert store.store.ids() == ["a"]


@pytest.mark.parametrize("named", [False, True])
def test_a_batch_fails_in_between(named):
    store = opened(partial_rate=1.0, seed=3)
    ids, rows = [f"{n}" for n in range(50)], [[n, 1] for n in range(50)]
    with pytest.raises(OSError, match="of 50 items happened"):
        store.add_vectors(chunk_ids=ids, vectors=rows) if named else store.add_vectors(ids, rows)
    assert 0 < len(store) < 50
    assert store.ids() == ids[: len(store)]


def test_the_same_seed_gives_the_same_faults():
    first, again, other = (outcomes(opened(error_rate=0.3, seed=seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert 5 < first.count(False) < 30


def test_latency_is_waited_by_what_was_passed():
    waited = []
    store = opened(latency=(0.5, 1.5), wait=waited.append)
    assert outcomes(store, 10) == [True] * 10
    assert len(waited) == 10
    assert all(0.5 <= seconds <= 1.5 for seconds in waited)


def test_reading_is_left_alone_unless_named():
    store = opened(error_rate=1.0, methods={"get_vector"})
    store.add_vector("a", [1, 2])
    with pytest.raises(OSError, match="injected"):
        store.get_vector("a")


def flushed(path, count=40, backend="python", **faults):
    """Return which of many flushes succeeded; after those that did, and at the end, everything is there."""
    found = []
    with faulty_disk(Faults()):
        store = VectorStore(2, path=path, backend=backend)
    for number in range(count):
        store.upsert_vectors([f"{number % 7}", "same"], [[number, 1], [number, 2]])
        with faulty_disk(Faults(**{"seed": number, **faults})):
            try:
                store.flush()
                found.append("done")
            except OSError as error:
                found.append(str(error).replace(str(path), "PATH"))
        if found[-1] == "done":
            with VectorStore(path=path, mode="r", backend=backend) as reader:
                assert reader.get_vector("same").tolist() == [number, 2]
    store.close()
    with VectorStore(path=path, mode="r", backend=backend) as reader:
        assert reader.get_vector("same").tolist() == [count - 1, 2]
    return found


def test_a_disk_without_faults_is_none(tmp_path):
    assert flushed(tmp_path / "store") == ["done"] * 40


@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_a_disk_that_fails_now_and_then(tmp_path, backend):
    found = flushed(tmp_path / "store", backend=backend, error_rate=0.04, lost_reply_rate=0.02)
    assert 5 < found.count("done") < 35
    assert any("nothing happened" in one for one in found)
    assert any("it happened" in one for one in found)
    assert found == flushed(tmp_path / "again", error_rate=0.04, lost_reply_rate=0.02)


def test_a_disk_that_writes_only_parts(tmp_path):
    assert flushed(tmp_path / "store", partial_rate=1.0) == ["done"] * 40


@pytest.mark.skipif(not available(), reason="sqlite is no shared library, so what it does is not seen")
def test_a_full_disk_is_one_for_sqlite_too(tmp_path):
    found = flushed(
        tmp_path / "store", count=10, error_rate=0.2, error=lambda text: OSError(errno.ENOSPC, text)
    )
    assert any("sqlite says: database or disk is full" in one for one in found)
