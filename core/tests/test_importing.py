"""What becomes of the rows of an import that a store refuses, and when it is flushed."""

import json

import numpy as np
import pytest
from refvec import DuplicateIdError, VectorStore
from refvec.durable import disk
from refvec.interchange import InterchangeError, import_file, importing


def save(path, array, ids=None):
    np.save(path, array, allow_pickle=True)
    ids = [f"{row}" for row in range(len(array))] if ids is None else ids
    path.with_suffix(".ids.jsonl").write_text("".join(json.dumps(one) + "\n" for one in ids))


@pytest.mark.usefixtures("small_batches")
def test_a_component_beyond_float32_is_named(tmp_path):
    array = np.zeros((20, 3))
    array[17, 2] = 1e300
    save(tmp_path / "x.npy", array)
    store = VectorStore(3, backend="numpy")
    with pytest.raises(InterchangeError, match=r"x\.npy, row 17 .*Component 2 is 1e\+300") as caught:
        import_file(store, tmp_path / "x.npy")
    assert caught.value.row == 17
    assert store.ids() == [f"{row}" for row in range(14)]


def test_another_dimension_is_refused_before_anything(tmp_path):
    save(tmp_path / "x.npy", np.zeros((20, 3)))
    with pytest.raises(InterchangeError, match="expected 4, got 3"):
        import_file(VectorStore(4, backend="numpy"), tmp_path / "x.npy")


@pytest.fixture
def repeating(tmp_path):
    save(tmp_path / "x.npy", np.arange(20).reshape(10, 2), list("abcdefgcah"))
    store = VectorStore(2, backend="numpy")
    store.add_vector("e", [100, 100])
    return store, tmp_path / "x.npy"


@pytest.mark.usefixtures("small_batches")
def test_duplicates(repeating):
    store, path = repeating
    with pytest.raises(InterchangeError, match=r"row 4 .*'e' is in the store already") as caught:
        import_file(store, path)
    assert isinstance(caught.value.__cause__, DuplicateIdError)
    assert (store.ids(), store.get_vector("e")[0]) == (["e"], 100)
    counts = import_file(store, path, on_duplicate="skip")
    assert (counts.rows, counts.skipped) == (10, 3)
    assert store.ids() == list("eabcdfgh")
    assert [store.get_vector(one)[0] for one in "eacd"] == [100, 0, 4, 6]
    assert import_file(store, path, on_duplicate="upsert").skipped == 0
    assert [store.get_vector(one)[0] for one in "eacd"] == [8, 16, 14, 6]
    with pytest.raises(ValueError, match="'error', 'skip' or 'upsert'"):
        import_file(store, path, on_duplicate="replace")
    with pytest.raises(ValueError, match="negative"):
        import_file(store, path, flush_every=-1)


@pytest.mark.usefixtures("small_batches")
def test_skipping_names_the_row_that_is_at_fault(tmp_path):
    array = np.zeros((10, 2))
    array[6, 1] = 1e300
    save(tmp_path / "x.npy", array, list("aabbccdefg"))
    with pytest.raises(InterchangeError) as caught:
        import_file(VectorStore(2, backend="numpy"), tmp_path / "x.npy", on_duplicate="skip")
    assert caught.value.row == 6


@pytest.mark.usefixtures("small_batches")
def test_an_import_that_fails_leaves_what_was_flushed_and_goes_on(tmp_path):
    array = np.arange(80.0).reshape(40, 2)
    array[33, 1] = 1e300
    save(tmp_path / "x.npy", array)
    seen = []
    store = VectorStore(path=tmp_path / "kept", backend="numpy")
    with pytest.raises(InterchangeError):
        import_file(store, tmp_path / "x.npy", flush_every=10, progress=seen.append)
    store.close(flush=False)
    store = VectorStore(path=tmp_path / "kept", backend="numpy")
    assert store.total_references == seen[-1].flushed == 28
    array[33, 1] = 0
    save(tmp_path / "x.npy", array)
    assert import_file(store, tmp_path / "x.npy", on_duplicate="skip").skipped == 28
    assert store.ids() == [f"{row}" for row in range(40)]


@pytest.mark.usefixtures("small_batches")
def test_one_flush_at_the_end_is_all_or_nothing(tmp_path, monkeypatch):
    save(tmp_path / "x.npy", np.arange(80).reshape(40, 2))
    monkeypatch.setattr(importing, "FLUSH_BYTES", 1)
    synced = []
    monkeypatch.setattr(
        disk, "commit", lambda connection, commit=disk.commit: synced.append(commit(connection))
    )
    for flush_every, count in ((0, 1), (None, 6), (14, 3)):
        with VectorStore(path=tmp_path / f"{flush_every}", backend="numpy") as store:
            synced.clear()
            import_file(store, tmp_path / "x.npy", flush_every=flush_every)
            assert len(synced) == count
