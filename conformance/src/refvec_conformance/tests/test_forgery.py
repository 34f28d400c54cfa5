"""SAVE-1: files whose checksum is right and whose content is not."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import CorruptStoreError, Layout, OpenSpec, State, VectorStore
from refvec.savefile.format import DIGEST_BYTES, MAGIC, PREFIX_BYTES, checksum
from refvec.savefile.writing import encode

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.probes.likeness import unlike_copy
from refvec_conformance.probes.outcomes import bits
from refvec_conformance.probes.work import work_of

MODEST = 2**20


@pytest.fixture
def blob() -> bytes:
    """What ``save`` writes of the store "stocked", where indices are dense."""
    ids, indices = list("abcd"), np.array([0, 0, 1, 2])
    spec = OpenSpec(dimension=4, initial_capacity=8, precision=6)
    return encode(spec, State(Layout(ids, indices, None, 4, 8, 4), [UNITS[:3]]))


def signed(body: bytes) -> bytes:
    return body + checksum(body).digest()


def header_of(blob: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header and what follows it."""
    end = PREFIX_BYTES + int.from_bytes(blob[8:PREFIX_BYTES], "little")
    return json.loads(blob[PREFIX_BYTES:end]), blob[end:-DIGEST_BYTES]


def framed(header: Any, body: bytes) -> bytes:
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    return signed(MAGIC + len(head).to_bytes(8, "little") + head + body)


def with_header(blob: bytes, **changes: Any) -> bytes:
    header, body = header_of(blob)
    return framed({**header, **changes}, body)


def without_field(blob: bytes, name: str) -> bytes:
    header, body = header_of(blob)
    return framed({key: value for key, value in header.items() if key != name}, body)


def with_int64(blob: bytes, old: list[int], new: list[int]) -> bytes:
    """Replace the one place where these 64-bit numbers follow each other."""
    before, after = (np.array(one, "<i8").tobytes() for one in (old, new))
    assert blob.count(before) == 1
    return signed(blob[:-DIGEST_BYTES].replace(before, after))


# In the blob: ids a b c d, at 0 0 1 2; index 3 is free.
FORGERIES: dict[str, Callable[[bytes], bytes]] = {
    "an id twice": lambda blob: signed(blob[:-DIGEST_BYTES].replace(b"abcd", b"abca")),
    "an id that is no UTF-8": lambda blob: signed(blob[:-DIGEST_BYTES].replace(b"abcd", b"abc\xff")),
    "an index never allocated": lambda blob: with_int64(blob, [0, 0, 1, 2], [0, 0, 1, 9]),
    "a negative index": lambda blob: with_int64(blob, [0, 0, 1, 2], [0, 0, 1, -1]),
    "a vector without an id": lambda blob: with_int64(blob, [0, 0, 1, 2], [0, 0, 1, 1]),
    "an order that is no permutation": lambda blob: with_int64(blob, [0, 1, 2, 3], [0, 1, 1, 3]),
    "an order across slots": lambda blob: with_int64(blob, [0, 1, 2, 3], [0, 2, 1, 3]),
    "lengths that do not add up": lambda blob: with_int64(blob, [1, 1, 1, 1], [1, 1, 1, 2]),
    "a negative length": lambda blob: with_int64(blob, [1, 1, 1, 1], [1, 1, 3, -1]),
    "more bytes": lambda blob: signed(blob[:-DIGEST_BYTES] + bytes(16)),
    "fewer bytes": lambda blob: signed(blob[: -DIGEST_BYTES - 16]),
    "a vector twice": lambda blob: signed(
        blob[:-DIGEST_BYTES].replace(UNITS[:3].tobytes(), UNITS[[0, 1, 1]].tobytes())
    ),
    "too small a capacity": lambda blob: with_header(blob, capacity=1),
    "no dimension": lambda blob: with_header(blob, dimension=None),
    "a dimension of 0": lambda blob: with_header(blob, dimension=0),
    "a dimension of another type": lambda blob: with_header(blob, dimension=4.0),
    "a precision of 99": lambda blob: with_header(blob, precision=99),
    "another format": lambda blob: with_header(blob, format=99),
    "another field": lambda blob: with_header(blob, extra=1),
    "no dtype": lambda blob: without_field(blob, "dtype"),
    "a number for a dtype": lambda blob: with_header(blob, dtype=32),
    "an older format": lambda blob: with_header(blob, format=0),
    "a format of another type": lambda blob: with_header(blob, format="2"),
    "a negative count": lambda blob: with_header(blob, vectors=-1),
    "a list for a count": lambda blob: with_header(blob, references=[4]),
}
HUGE: dict[str, dict[str, int]] = {
    name: {name: 2**60} for name in ("references", "id_bytes", "free", "vectors", "dimension")
}


@clause("SAVE-1")
@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_right_checksum_does_not_make_it_a_store(
    target: Target, tmp_path: Path, blob: bytes, forge: Callable[[bytes], bytes]
) -> None:
    forged = tmp_path / "forged"
    forged.write_bytes(forge(blob))
    with pytest.raises(CorruptStoreError, match="forged"):
        VectorStore.load(forged, backend=target.name)


NEWER: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "format": (lambda blob: with_header(blob, format=2), r"format 2; this one reads 1"),
    "format that only looks like ours": (
        lambda _: framed({"format": 7, "sections": ["ids"]}, b"whatever"),
        r"format 7; this one reads 1",
    ),
    "dtype": (lambda blob: with_header(blob, dtype="float16"), r"dtype 'float16'; this one reads 'float32'"),
    "field": (lambda blob: with_header(blob, compression="zstd"), r"'compression'"),
}


@clause("SAVE-1")
@pytest.mark.parametrize("kind", NEWER)
def test_a_file_of_a_newer_refvec_is_not_called_damaged(
    target: Target, tmp_path: Path, blob: bytes, kind: str
) -> None:
    forge, what = NEWER[kind]
    (tmp_path / "later").write_bytes(forge(blob))
    with pytest.raises(CorruptStoreError, match=rf"later was written by a newer refvec \(.*{what}") as caught:
        VectorStore.load(tmp_path / "later", backend=target.name)
    assert "upgrade refvec" in str(caught.value)
    assert "intact" not in str(caught.value)


@clause("SAVE-1")
def test_a_damaged_format_is_called_damaged(target: Target, tmp_path: Path, blob: bytes) -> None:
    (tmp_path / "damaged").write_bytes(blob.replace(b'"format": 1', b'"format": 3'))
    with pytest.raises(CorruptStoreError, match=r"damaged is no intact refvec file.*checksum"):
        VectorStore.load(tmp_path / "damaged", backend=target.name)


@clause("SAVE-1")
def test_a_field_that_only_tells_is_ignored(target: Target, tmp_path: Path, blob: bytes) -> None:
    (tmp_path / "saved").write_bytes(blob)
    (tmp_path / "later").write_bytes(with_header(blob, _written={"by": "a later refvec"}))
    one, other = (VectorStore.load(tmp_path / name, backend=target.name) for name in ("later", "saved"))
    assert unlike_copy(one, other) == []


@clause("SAVE-1")
def test_the_header_names_the_type_of_the_vectors(stocked: VectorStore, tmp_path: Path) -> None:
    stocked.save(tmp_path / "saved")
    assert header_of((tmp_path / "saved").read_bytes())[0]["dtype"] == "float32"


STRANGERS: dict[str, bytes] = {
    "zeros": b"",
    "text": b"a text that goes on",
    "a header without an end": MAGIC + (2**24).to_bytes(8, "little") + b'{"format": 1, ',
    "a header longer than the file": MAGIC + (2**40).to_bytes(8, "little") + b"{}",
}


@clause("SAVE-1", "ATOM-2")
@pytest.mark.parametrize("beginning", STRANGERS.values(), ids=STRANGERS)
def test_a_strangers_file_is_not_read_whole(target: Target, tmp_path: Path, beginning: bytes) -> None:
    with (tmp_path / "stranger").open("wb") as file:
        file.write(beginning)
        file.truncate(2**25)

    def load() -> None:
        with pytest.raises(CorruptStoreError, match="stranger"):
            VectorStore.load(tmp_path / "stranger", backend=target.name)

    assert work_of(load).allocated < MODEST


@clause("SAVE-2", "SAVE-1")
def test_a_damaged_pickle_is_corruption(stocked: VectorStore) -> None:
    whole = pickle.dumps(stocked)
    damaged = whole.replace(UNITS[1].tobytes(), UNITS[3].tobytes())
    assert damaged != whole
    with pytest.raises(CorruptStoreError, match=r"pickle.*checksum"):
        pickle.loads(damaged)


@clause("SAVE-1", "ATOM-2")
@pytest.mark.parametrize("changes", HUGE.values(), ids=HUGE)
def test_a_length_is_checked_before_it_is_allocated(
    target: Target, tmp_path: Path, blob: bytes, changes: dict[str, int]
) -> None:
    forged = tmp_path / "forged"
    forged.write_bytes(with_header(blob, **changes))

    def load() -> None:
        with pytest.raises(CorruptStoreError):
            VectorStore.load(forged, backend=target.name)

    assert work_of(load).allocated < MODEST


@clause("SAVE-1", "VEC-5")
def test_a_loaded_store_has_every_bit(make: Make, target: Target, tmp_path: Path) -> None:
    odd = np.array([0x7FC00001, 0xFFFFFFFF, 0x80000000, 1, 0x7F800000, 0x00800000, 0x7FA00000, 0], np.uint32)
    rows = np.stack([odd, np.roll(odd, 1)]).view(np.float32)
    store = make(8, precision="exact")
    store.add_vectors(["a", "b"], rows)
    store.save(tmp_path / "saved")
    loaded = VectorStore.load(tmp_path / "saved", backend=target.name)
    assert bits(loaded.get_vectors(["a", "b"])) == bits(rows)
    order = loaded.get_indices(["a", "b"]).argsort()  # 0 and 1 with dense indices
    assert bits(loaded.get_all_vectors()) == bits(rows[order])
    assert not target.capabilities.dense_indices or order.tolist() == [0, 1]


@clause("SAVE-1")
def test_a_save_that_cannot_replace_leaves_no_draft(stocked: VectorStore, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        stocked.save(tmp_path / "folder")
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]
