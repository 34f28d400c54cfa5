"""Import of safetensors files."""

import json
import struct

import numpy as np
import pytest
from refvec import VectorStore
from refvec.interchange import InterchangeError, export_store, import_file, open_source


def imported(path, **given):
    store = VectorStore(backend="numpy", precision="exact")
    import_file(store, path, **given)
    return store


def tensors(path, header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def described(dtype, shape, start, stop):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


def test_tensors_of_others_with_ids_beside_them(tmp_path):
    rows = np.arange(6, dtype=np.float16).reshape(2, 3)
    path = tensors(
        tmp_path / "x.safetensors",
        {"__metadata__": {"a": "b"}, "e": described("F16", [2, 3], 0, 12)},
        rows.tobytes(),
    )
    (tmp_path / "ids").write_text('"a"\n"b"\n')
    store = imported(path, ids=tmp_path / "ids", vector_column="e")
    assert store.get_vector("b").tolist() == [3, 4, 5]
    with pytest.raises(InterchangeError, match="no tensor 'vectors' but '__metadata__', 'e'"):
        open_source(path, ids=tmp_path / "ids")
    with pytest.raises(InterchangeError, match="no ids"):
        open_source(path, vector_column="e")
    (tmp_path / "ids").write_text('"a"\n')
    with pytest.raises(InterchangeError, match="2 rows, and there are 1 ids"):
        open_source(path, ids=tmp_path / "ids", vector_column="e")


def test_bfloat16(tmp_path):
    values = np.array([[1.5, -2.0, np.inf]], np.float32)
    raw = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    path = tensors(tmp_path / "x.safetensors", {"vectors": described("BF16", [1, 3], 0, 6)}, raw)
    (tmp_path / "ids").write_text('"a"\n')
    assert imported(path, ids=tmp_path / "ids").get_vector("a").tolist() == values[0].tolist()


@pytest.mark.parametrize(
    ("described", "words"),
    [
        (described("BOOL", [1, 4], 0, 4), "holds BOOL"),
        (described("F8_E4M3", [1, 4], 0, 4), "holds F8_E4M3"),
        (described("F32", [1], 0, 4), "2 axes"),
        (described("F32", [4, 0], 0, 0), "2 axes"),
        (described("F32", [1, 4], 0, 4), "does not fit"),
        (described("F32", [1, 4], 0, 16), "does not fit"),
        (described("F32", [2**62, 2**62], 0, 2**126), "does not fit"),
        (described("F32", [-1, -1], 0, 4), "damaged"),
        (described("F32", [1.0, 1], 0, 4), "damaged"),
        (described("F32", [1, 1], -4, 0), "damaged"),
        (described(["F32"], [1, 1], 0, 4), "holds"),
        ({"dtype": "F32"}, "damaged"),
        (7, "damaged"),
        (None, "damaged"),
    ],
    ids=range(14),
)
def test_tensors_that_are_no_vectors(tmp_path, described, words):
    path = tensors(tmp_path / "x.safetensors", {"vectors": described}, bytes(4))
    with pytest.raises(InterchangeError, match=words):
        open_source(path)


@pytest.mark.parametrize(
    ("header", "length"),
    [(b"{}", 2**63), (b"{}", 3), (b"{", None), (b"[]", None), (b"[" * 200_000, None), (b"\xff\xfe", None)],
    ids=range(6),
)
def test_no_safetensors_file(tmp_path, header, length):
    path = tensors(tmp_path / "x.safetensors", header, length=length)
    with pytest.raises(InterchangeError, match="no safetensors file"):
        open_source(path)


def test_a_safetensors_file_that_is_cut_anywhere(odd_store, tmp_path):
    path = tmp_path / "x.safetensors"
    export_store(odd_store, path)
    whole = path.read_bytes()
    for size in [*range(500), *range(500, len(whole), 97)]:
        path.write_bytes(whole[:size])
        with pytest.raises(InterchangeError):
            open_source(path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("id_rows", 99, "id_rows names vector 99"),
        ("id_rows", -1, "id_rows names vector -1"),
        ("id_lengths", 99, "do not add up"),
        ("id_lengths", -1, "do not add up"),
        ("id_lengths", 2**62, "do not add up"),
        ("id_bytes", 0xFF, "row 0 .*no UTF-8"),
    ],
)
def test_ids_that_lie(tmp_path, name, value, words):
    store = VectorStore(2, backend="numpy")
    store.add_vectors(["é", "b"], np.eye(2))
    path = tmp_path / "x.safetensors"
    export_store(store, path)
    raw = bytearray(path.read_bytes())
    size = struct.unpack("<Q", raw[:8])[0]
    at = 8 + size + json.loads(raw[8 : 8 + size])[name]["data_offsets"][0]
    lie = bytes([value]) if name == "id_bytes" else struct.pack("<q", value)
    raw[at : at + len(lie)] = lie
    path.write_bytes(raw)
    with pytest.raises(InterchangeError, match=words):
        imported(path)
