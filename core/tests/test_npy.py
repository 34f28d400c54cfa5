"""Import of npy files and the ids beside them."""

import json
import os
import struct

import numpy as np
import pytest
from refvec import VectorStore
from refvec.interchange import InterchangeError, import_file, open_source


def imported(path, **given):
    store = VectorStore(backend="numpy", precision="exact")
    import_file(store, path, **given)
    return store


def save(path, array, ids=None):
    np.save(path, array, allow_pickle=True)
    ids = [f"{row}" for row in range(len(array))] if ids is None else ids
    path.with_suffix(".ids.jsonl").write_text("".join(json.dumps(one) + "\n" for one in ids))


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8", "<f2", "<i8", ">i2", "u1", np.longdouble])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.usefixtures("small_batches")
def test_arrays_of_any_layout(tmp_path, dtype, order):
    array = np.asarray(np.arange(60).reshape(20, 3), dtype, order=order)
    save(tmp_path / "x.npy", array)
    assert (imported(tmp_path / "x.npy").get_all_vectors() == np.arange(60).reshape(20, 3)).all()


def test_doubles_are_rounded_once(tmp_path):
    array = np.random.default_rng(0).standard_normal((20, 3))
    save(tmp_path / "x.npy", array)
    assert (imported(tmp_path / "x.npy").get_all_vectors() == array.astype(np.float32)).all()


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("unpickled",)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(3), "2D array"),
        (np.zeros((2, 3, 4)), "2D array"),
        (np.zeros((2, 3), bool), "bool"),
        (np.zeros((2, 3), complex), "complex"),
        (np.array([["a", "b"]]), "holds <U1"),
        (np.zeros((2, 3), "V4"), r"\|V4"),
        (np.zeros(2, [("a", "f4")]), "holds"),
        (np.array([[Bomb()]], object), "holds object"),
        (np.zeros((3, 0)), "shape is"),
    ],
)
def test_arrays_that_are_no_vectors(tmp_path, monkeypatch, array, words):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "x.npy", array)
    with pytest.raises(InterchangeError, match=words):
        open_source("x.npy")
    assert not (tmp_path / "unpickled").exists()


def test_an_array_that_is_cut_anywhere(tmp_path):
    save(tmp_path / "x.npy", np.zeros((3, 2), np.float32))
    whole = (tmp_path / "x.npy").read_bytes()
    for size in range(len(whole)):
        (tmp_path / "x.npy").write_bytes(whole[:size])
        with pytest.raises(InterchangeError, match="npy"):
            open_source(tmp_path / "x.npy")
    (tmp_path / "x.npy").write_bytes(whole + b"x")
    with pytest.raises(InterchangeError, match="its header says"):
        open_source(tmp_path / "x.npy")


def header(shape, descr="'<f4'"):
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n"


@pytest.mark.parametrize(
    "raw",
    [
        header("(4611686018427387904, 4)"),
        header("(1000000000000000000, 0)"),
        header("(-1, 4)"),
        header("(2, -4)"),
        header("(" * 2000 + ")" * 2000),
        header("(2, 2)", "'O'"),
        header("(2, 2)", "__import__('os').mkdir('run')"),
        header("(2.0, 2)"),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
        b"\x93NUMPY\x03\x00" + struct.pack("<I", 10),
        b"\x93NUMPY\x09\x00",
        b"",
        b"PK\x03\x04",
    ],
    ids=range(13),
)
def test_headers_that_lie(tmp_path, raw):
    (tmp_path / "x.npy").write_bytes(raw)
    (tmp_path / "x.ids.jsonl").touch()
    with pytest.raises(InterchangeError, match=r"x\.npy"):
        open_source(tmp_path / "x.npy")


def test_a_file_that_becomes_shorter(tmp_path):
    save(tmp_path / "x.npy", np.zeros((20, 4), np.float32))
    with open_source(tmp_path / "x.npy") as opened:
        os.truncate(tmp_path / "x.npy", 200)
        with pytest.raises(InterchangeError, match="shorter"):
            list(opened.batches())
    save(tmp_path / "x.npy", np.zeros((20, 4), np.float32))
    with open_source(tmp_path / "x.npy") as opened:
        (tmp_path / "x.ids.jsonl").write_text('"0"\n')
        with pytest.raises(InterchangeError, match="shorter"):
            list(opened.batches())


def test_ids_in_objects(tmp_path):
    save(tmp_path / "x.npy", np.eye(2), [{"id": "a", "text": "t"}, {"id": "b"}])
    assert imported(tmp_path / "x.npy").ids() == ["a", "b"]
    (tmp_path / "named.jsonl").write_text('{"key": "c"}\n{"key": "d"}')
    assert imported(tmp_path / "x.npy", ids=tmp_path / "named.jsonl", id_column="key").ids() == ["c", "d"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"a"\n', "1 ids, .* 2 rows"),
        ('"a"\n"b"\n"c"\n', "3 ids"),
        ('"a"\n\n', "line 2"),
        ('"a"\n7\n', "line 2 .*int"),
        ('"a"\n{"key": "b"}\n', "line 2 .*lacks 'id'"),
        ('"a"\n{"id": null}\n', "line 2 .*NoneType"),
        ('"a"\n"\\ud800"\n', "line 2: .*lone surrogate"),
        ('"a"\n"b\n', "line 2"),
        ('"a"\n' + "[" * 200_000, "line 2"),
        (b'"a"\n"\xff"\n', "line 2"),
        ('"a"\n"b"\n'.encode("utf-16"), "line 1"),
    ],
    ids=range(11),
)
def test_ids_that_are_none(tmp_path, text, words):
    save(tmp_path / "x.npy", np.eye(2))
    path = tmp_path / "x.ids.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InterchangeError, match=words):
        open_source(tmp_path / "x.npy")


def test_ids_that_are_missing(tmp_path):
    np.save(tmp_path / "x.npy", np.eye(2))
    with pytest.raises(InterchangeError, match="--ids FILE"):
        open_source(tmp_path / "x.npy")
    with pytest.raises(FileNotFoundError):
        open_source(tmp_path / "x.npy", ids=tmp_path / "y")
    with pytest.raises(ValueError, match="no plain file"):
        open_source(tmp_path / "x.npy", ids=tmp_path)
