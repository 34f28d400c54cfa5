"""The checksums of rows are zlib's, whoever works them out."""

import hashlib
import sys
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from refvec.durable import native, pagedigest, rows


def test_the_checksum_of_a_row_is_that_of_its_bytes():
    found = rows.checksums(np.array([[1.5, -0.0], [np.nan, 3]], np.float32))
    assert found.tolist() == [zlib.crc32(row.tobytes()) for row in np.array([[1.5, -0.0], [np.nan, 3]], "<f4")]


def test_the_fast_one_is_taken_where_it_is_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "isal", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "isal.isal_zlib", SimpleNamespace(crc32=abs))
    assert rows.fastest_crc32() is abs
    monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
    assert rows.fastest_crc32() is zlib.crc32


def test_the_fast_one_has_the_same_checksums():
    fast = pytest.importorskip("isal.isal_zlib").crc32
    for content in (b"", b"a", bytes(range(256)) * 6, np.random.default_rng(1).bytes(1537)):
        assert fast(content) == zlib.crc32(content)


@pytest.mark.parametrize("size", [0, 1, 2**16, 2**16 + 1, 3 * 2**16, 3 * 2**16 + 5])
def test_the_digest_of_a_page(monkeypatch, size):
    """As docs/format.md has it, with the native backend and without."""
    content = np.random.default_rng(size).bytes(size)
    pieces = [content[at : at + 2**16] for at in range(0, size, 2**16)]
    told = content if size <= 2**16 else b"".join(zlib.crc32(one).to_bytes(4, "little") for one in pieces)
    expected = hashlib.sha256(b"ids 7 0\n" + told).digest()[:16]
    assert pagedigest.digest("ids", 7, 0, content) == expected
    monkeypatch.setattr(pagedigest, "loaded", native.native)
    assert pagedigest.digest("ids", 7, 0, content) == expected
    monkeypatch.setattr(pagedigest, "loaded", lambda: None)
    assert pagedigest.digest("ids", 7, 0, content) == expected
