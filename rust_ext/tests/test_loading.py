"""What loading leaves to the native store: whether a file holds a vector twice."""

import numpy as np
import pytest
from refvec import CorruptStoreError, VectorStore
from refvec.savefile.format import DIGEST_BYTES, checksum

ROWS = np.random.default_rng(1).standard_normal((30_000, 64), dtype=np.float32)


@pytest.fixture
def path(tmp_path):
    store = VectorStore(64, backend="rust")
    store.add_vectors(list(map(str, range(len(ROWS)))), ROWS)
    store.save(tmp_path / "saved")
    return tmp_path / "saved"


def test_a_large_file_comes_back(path):
    assert np.array_equal(VectorStore.load(path, backend="rust").get_all_vectors(), ROWS)


@pytest.mark.parametrize("change", [0.0, 1e-9], ids=["bit for bit", "rounded"])
def test_a_vector_that_is_there_twice_is_damage(path, change):
    content = path.read_bytes()[:-DIGEST_BYTES].replace(
        ROWS[-1].tobytes(), (ROWS[7] + np.float32(change)).tobytes()
    )
    path.write_bytes(content + checksum(content).digest())
    with pytest.raises(CorruptStoreError, match=f"{path} is no intact refvec file: .*identical vectors"):
        VectorStore.load(path, backend="rust")


@pytest.mark.parametrize("offset", [-40, -2_000_000], ids=["near the end", "before"])
def test_damage_is_found(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptStoreError, match="checksum"):
        VectorStore.load(path, backend="rust")
