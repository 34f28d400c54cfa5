"""The checksum that is worked out beside the reading and writing of a file."""

import hashlib
import threading

import numpy as np
import pytest
from refvec import CorruptStoreError, VectorStore
from refvec.savefile.digest import AHEAD, BESIDE, Digest

PARTS = [bytes([n]) * (BESIDE // 3) for n in range(9)]


def expected():
    return hashlib.sha256(b"".join(PARTS)).digest()


def digest():
    found = Digest()
    for part in PARTS:
        found.update(part)
    return found.digest()


def test_large_parts_are_hashed_in_order():
    assert digest() == expected()


def test_without_a_thread_the_caller_hashes(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert digest() == expected()


def test_a_part_may_change_when_as_many_came_after_it():
    found, buffers = Digest(), [bytearray(len(PARTS[0])) for _ in range(AHEAD + 1)]
    for number, part in enumerate(PARTS):
        buffer = buffers[number % len(buffers)]
        buffer[:] = part
        found.update(memoryview(buffer))
    assert found.digest() == expected()


def test_a_digest_that_is_given_up_ends_its_thread():
    before = set(threading.enumerate())
    found = Digest()
    for part in PARTS:
        found.update(part)
    (started,) = set(threading.enumerate()) - before
    del found
    started.join(10)
    assert not started.is_alive()


@pytest.mark.parametrize("offset", [-40, -2_000_000], ids=["near the end", "before"])
def test_damage_in_a_large_file_is_found(tmp_path, offset):
    store = VectorStore(64, backend="python")
    rows = np.random.default_rng(1).standard_normal((30_000, 64), dtype=np.float32)
    store.add_vectors(list(map(str, range(len(rows)))), rows)
    path = tmp_path / "saved"
    store.save(path)
    assert np.array_equal(VectorStore.load(path, backend="python").get_all_vectors(), rows)
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptStoreError, match="checksum"):
        VectorStore.load(path, backend="python")
