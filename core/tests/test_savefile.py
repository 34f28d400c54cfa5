"""Damage to a saved file, by accident and on purpose."""

import json

import numpy as np
import pytest
from refvec import CorruptStoreError, VectorStore
from refvec.savefile.format import MAGIC, MAX_HEADER_BYTES, checksum


@pytest.fixture
def saved(tmp_path):
    store = VectorStore(2)
    store.add_vectors(["a", "b", "c", "é"], [[1, 2], [3, 4], [1, 2], [5, 6]])
    store.remove_vector("b")
    store.save(tmp_path / "store.refvec")
    return tmp_path / "store.refvec"


def test_every_flipped_bit_is_noticed(saved):
    intact = saved.read_bytes()
    for place in range(len(intact)):
        damaged = bytearray(intact)
        damaged[place] ^= 1 << place % 8
        saved.write_bytes(damaged)
        with pytest.raises(CorruptStoreError, match=r"store\.refvec"):
            VectorStore.load(saved)


def test_every_truncation_is_noticed(saved):
    intact = saved.read_bytes()
    for length in range(len(intact)):
        saved.write_bytes(intact[:length])
        with pytest.raises(CorruptStoreError):
            VectorStore.load(saved)


def forge(path, change=None, body=None):
    """Rewrite the header and the body, with a right checksum."""
    blob = path.read_bytes()
    start = 16 + int.from_bytes(blob[8:16], "little")
    header = json.loads(blob[16:start])
    header.update(change or {})
    head = json.dumps(header).encode()
    content = MAGIC + len(head).to_bytes(8, "little") + head + (body or bytes)(blob[start:-16])
    path.write_bytes(content + checksum(content).digest())


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"dimension": 0},
        {"dimension": None},
        {"dimension": "2"},
        {"dimension": []},
        {"precision": 8},
        {"precision": True},
        {"capacity": 0},
        {"capacity": 2},
        {"references": -1},
        {"references": 2**62},
        {"vectors": 2**50},
        {"vectors": 1, "free": 2},
        {"free": 2**40},
        {"more": 1},
        {"dtype": None},
        {"dtype": "float16"},
        {"_note": "x" * MAX_HEADER_BYTES},
    ],
)
def test_a_forged_header_is_refused_before_anything_is_allocated(saved, change):
    forge(saved, change)
    with pytest.raises(CorruptStoreError):
        VectorStore.load(saved)


# The body: lengths 4 x 8, ids "aceé..." padded to 8, indices 3 x 8, order 3 x 8, free 1 x 8, vectors.
@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param(0, 2**40, id="length of an id"),
        pytest.param(0, -1, id="negative length"),
        pytest.param(4, 7, id="index never allocated"),
        pytest.param(5, -1, id="negative index"),
        pytest.param(4, 1, id="index of a free slot"),
        pytest.param(7, 2, id="order is no permutation"),
        pytest.param(10, 0, id="free index in use"),
    ],
)
def test_a_forged_body_is_refused(saved, place, value):
    def body(old):
        words = np.frombuffer(old, "<i8").copy()
        words[place] = value
        return words.tobytes()

    forge(saved, body=body)
    with pytest.raises(CorruptStoreError):
        VectorStore.load(saved)


def test_a_vector_stored_twice_is_refused(saved):
    forge(saved, body=lambda old: old[:-8] + old[-16:-8])
    with pytest.raises(CorruptStoreError, match="twice"):
        VectorStore.load(saved)


def test_an_id_twice_is_refused(saved):
    forge(saved, body=lambda old: old.replace(b"ac", b"aa"))
    with pytest.raises(CorruptStoreError, match="twice"):
        VectorStore.load(saved)


def test_no_file_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        VectorStore.load(tmp_path / "nothing")
