"""Export: what comes back, in which order, and what is refused."""

import json

import numpy as np
import pytest
from refvec import CorruptStoreError, StoreLockedError, VectorStore
from refvec.interchange import content as contents
from refvec.interchange import (
    export_store,
    exporting,
    import_file,
    open_source,
)

FORMATS = ("npy", "safetensors")
formats = pytest.mark.parametrize("end", FORMATS)


def names(folder):
    return sorted(one.name for one in folder.iterdir())


def alike(one, other):
    assert one.ids() == other.ids()
    assert one.get_vectors(one.ids()).tobytes() == other.get_vectors(one.ids()).tobytes()
    assert len(one) == len(other)


def imported(path, **given):
    store = VectorStore(backend="numpy", precision="exact")
    import_file(store, path, **given)
    return store


@formats
@pytest.mark.usefixtures("small_batches")
def test_a_store_comes_back(odd_store, tmp_path, end):
    assert export_store(odd_store, tmp_path / f"x.{end}") == odd_store.total_references
    alike(imported(tmp_path / f"x.{end}"), odd_store)
    assert not [one for one in names(tmp_path) if one.startswith(".")]


@formats
def test_every_kind_of_source_gives_the_same_file(odd_store, tmp_path, end):
    odd_store.save(tmp_path / "saved")
    with VectorStore(3, path=tmp_path / "kept", backend="python", precision="exact") as kept:
        for chunk_id in odd_store.ids():
            kept.add_vector(chunk_id, odd_store.get_vector(chunk_id))
        kept.flush()
        kept.add_vector("not flushed", [1, 1, 1])
        for number, one in enumerate([odd_store, tmp_path / "saved", str(tmp_path / "kept")]):
            export_store(one, tmp_path / f"{number}.{end}")
    found = [imported(tmp_path / f"{number}.{end}") for number in range(3)]
    for one in found:
        alike(one, odd_store)


@formats
@pytest.mark.parametrize("dimension", [None, 5])
def test_an_empty_store(tmp_path, end, dimension):
    export_store(VectorStore(dimension, backend="numpy"), tmp_path / f"x.{end}")
    with open_source(tmp_path / f"x.{end}") as opened:
        assert (opened.rows, opened.dimension, list(opened.batches())) == (0, dimension, [])
    assert imported(tmp_path / f"x.{end}").ids() == []


def test_numpy_and_json_read_what_npy_exports(odd_store, tmp_path):
    export_store(odd_store, tmp_path / "x.npy")
    rows = np.load(tmp_path / "x.npy")
    assert (rows.dtype, rows.tobytes()) == (np.float32, odd_store.get_vectors(odd_store.ids()).tobytes())
    text = (tmp_path / "x.ids.jsonl").read_bytes()
    assert text.isascii()
    assert [json.loads(line) for line in text.split(b"\n")[:-1]] == odd_store.ids()


@formats
def test_files_that_are_there_stay_unless_asked(odd_store, tmp_path, end):
    (tmp_path / f"x.{end}").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="--overwrite"):
        export_store(odd_store, tmp_path / f"x.{end}")
    assert (tmp_path / f"x.{end}").read_bytes() == b"mine"
    export_store(odd_store, tmp_path / f"x.{end}", overwrite=True)
    alike(imported(tmp_path / f"x.{end}"), odd_store)


def test_ids_that_are_there_stay_too(odd_store, tmp_path):
    (tmp_path / "x.ids.jsonl").touch()
    with pytest.raises(FileExistsError):
        export_store(odd_store, tmp_path / "x.npy")
    assert names(tmp_path) == ["x.ids.jsonl"]


@formats
def test_a_damaged_source_leaves_no_file(odd_store, tmp_path, end):
    odd_store.save(tmp_path / "saved")
    raw = bytearray((tmp_path / "saved").read_bytes())
    raw[-40] ^= 1
    (tmp_path / "saved").write_bytes(raw)
    with pytest.raises(CorruptStoreError, match="checksum"):
        export_store(tmp_path / "saved", tmp_path / f"x.{end}")
    assert names(tmp_path) == ["saved"]


@pytest.mark.parametrize("name", ["nothing", "", "x.npy"])
def test_what_is_no_source(tmp_path, name):
    (tmp_path / "x.npy").write_bytes(b"no store")
    with pytest.raises((FileNotFoundError, CorruptStoreError)):
        export_store(tmp_path / name, tmp_path / "y.npy")
    assert names(tmp_path) == ["x.npy"]


def test_an_unknown_format_names_the_known(tmp_path):
    with pytest.raises(ValueError, match=r"npy, safetensors, parquet.*Did you mean 'parquet'"):
        export_store(VectorStore(3, backend="numpy"), tmp_path / "x.parket")
    with pytest.raises(ValueError, match="format 'csv'"):
        export_store(VectorStore(3, backend="numpy"), tmp_path / "x.npy", format="csv")


def test_progress_is_told(odd_store, tmp_path):
    seen = []
    export_store(odd_store, tmp_path / "x.npy", progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    counts = []
    import_file(VectorStore(backend="numpy"), tmp_path / "x.npy", progress=counts.append)
    assert counts[-1].rows == counts[-1].flushed == counts[-1].total == odd_store.total_references


def test_a_store_that_changes_while_it_is_read_is_written_anew(odd_store, tmp_path):
    def change(done, total):
        if not changed:
            changed.append(odd_store.add_vector("meanwhile", [9, 9, 9]))

    changed = []
    export_store(odd_store, tmp_path / "x.npy", progress=change)
    alike(imported(tmp_path / "x.npy"), odd_store)


def test_an_error_of_the_source_names_the_source(tmp_path):
    def blocks():
        raise OSError(5, "Input/output error")
        yield

    with pytest.raises(OSError, match="somewhere"):
        list(exporting._naming(blocks(), tmp_path / "somewhere"))


def test_a_backend_that_hands_over_too_little(odd_store, tmp_path):
    state = odd_store._scan(lambda state: state._replace(blocks=[np.zeros((1, 3), np.float32)]))
    content = contents.Content(state, tmp_path, exporting.silent)
    with pytest.raises(RuntimeError, match="announced"):
        list(content.by_id())


def test_import_into_a_store_that_is_open_elsewhere(odd_store, tmp_path):
    export_store(odd_store, tmp_path / "x.npy")
    with VectorStore(path=tmp_path / "kept", backend="numpy") as kept:
        with pytest.raises(StoreLockedError):
            VectorStore(path=tmp_path / "kept", backend="numpy")
        import_file(kept, tmp_path / "x.npy")
        export_store(tmp_path / "kept", tmp_path / "y.npy")
    alike(imported(tmp_path / "y.npy"), imported(tmp_path / "x.npy"))


def test_an_address_is_no_path(tmp_path):
    with pytest.raises(
        ValueError, match=r"redis://\*\*\*@127.0.0.1:1/x is an address; open it, and pass the store"
    ):
        export_store("redis://me:secret@127.0.0.1:1/x", tmp_path / "x.npy")
    assert list(tmp_path.iterdir()) == []
