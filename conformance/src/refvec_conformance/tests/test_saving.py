"""SAVE-1: the file of ``save``, whole and damaged."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import CorruptStoreError, VectorStore, backends

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import unchanged
from refvec_conformance.probes.fixtures import UNITS, label, stocked_with
from refvec_conformance.probes.likeness import unlike_copy
from refvec_conformance.probes.neighbours import beside


def in_memory_names() -> list[str]:
    """Return the installed backends into whose memory a file can be loaded."""
    declared = {row.name: row.capabilities for row in backends() if row.capabilities is not None}
    return [name for name, one in declared.items() if not one.networked]


@clause("SAVE-1", tier="smoke")
def test_what_was_saved_is_loaded(target: Target, stocked: VectorStore, tmp_path: Path) -> None:
    stocked.save(tmp_path / "saved")
    assert unlike_copy(VectorStore.load(tmp_path / "saved", backend=target.name), stocked) == []


@clause("SAVE-1")
@pytest.mark.parametrize("kind", [str, Path], ids=["str", "Path"])
def test_save_writes_one_file(stocked: VectorStore, tmp_path: Path, kind: Any) -> None:
    stocked.save(kind(tmp_path / "saved"))
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["saved"]


@clause("SAVE-1")
def test_save_replaces_a_file(target: Target, stocked: VectorStore, tmp_path: Path) -> None:
    path = tmp_path / "saved"
    path.write_bytes(b"x" * 100_000)
    stocked.save(path)
    assert unlike_copy(VectorStore.load(path, backend=target.name), stocked) == []


@clause("SAVE-1")
def test_save_changes_nothing(stocked: VectorStore, tmp_path: Path) -> None:
    with unchanged(stocked):
        stocked.save(tmp_path / "saved")


@clause("SAVE-1")
def test_a_replaced_file_is_another_one(stocked: VectorStore, tmp_path: Path) -> None:
    """Whoever has the old file open still reads the old content."""
    path = tmp_path / "saved"
    path.write_bytes(b"old")
    with path.open("rb") as file:
        stocked.save(path)
        assert file.read() == b"old"


@clause("SAVE-1", "ATOM-1")
@pytest.mark.parametrize("where", ["missing/saved", ".", "file/saved", ""], ids=label)
def test_a_save_that_fails_leaves_nothing_behind(stocked: VectorStore, tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_bytes(b"kept")
    with unchanged(stocked), pytest.raises((OSError, ValueError)):
        stocked.save(os.path.join(tmp_path, where) if where else "")  # noqa: PTH118
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("file", b"kept")]


@clause("SAVE-1")
@pytest.mark.parametrize("path", [None, 3, object()], ids=label)
def test_a_path_of_another_type_is_a_type_error(stocked: VectorStore, path: Any) -> None:
    with unchanged(stocked), pytest.raises(TypeError):
        stocked.save(path)


@clause("SAVE-1")
@pytest.mark.parametrize("reader", in_memory_names())
def test_any_backend_loads_it(target: Target, tmp_path: Path, reader: str) -> None:
    def experiment(writer: Target) -> None:
        store = stocked_with(writer.open)
        store.upsert_vector("a", UNITS[2])
        store.save(tmp_path / "saved")
        loaded = VectorStore.load(tmp_path / "saved", backend=reader)
        assert unlike_copy(loaded, store, same_backend=False) == []

    beside(target, reader, experiment)


@clause("SAVE-1")
def test_load_takes_the_same_backends_as_the_constructor(stocked: VectorStore, tmp_path: Path) -> None:
    stocked.save(tmp_path / "saved")
    with pytest.raises(ValueError, match="nonesuch"):
        VectorStore.load(tmp_path / "saved", backend="nonesuch")


@clause("SAVE-1")
def test_a_missing_file_is_a_file_not_found_error(target: Target, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        VectorStore.load(tmp_path / "missing", backend=target.name)


@clause("SAVE-1", "OPEN-7")
def test_a_store_without_a_dimension_is_saved(target: Target, tmp_path: Path) -> None:
    store = target.open(initial_capacity=5, precision="exact")
    store.save(tmp_path / "saved")
    assert unlike_copy(VectorStore.load(tmp_path / "saved", backend=target.name), store) == []


@clause("SAVE-1", "ID-2")
def test_every_id_is_saved(target: Target, tmp_path: Path) -> None:
    ids = ["", "\0", "\u00e9", "e\u0301", "\U0001f600", "x" * 70_000]
    store = target.open(4)
    store.add_vectors(ids, np.tile(UNITS, (2, 1))[:6])
    store.save(tmp_path / "saved")
    assert unlike_copy(VectorStore.load(tmp_path / "saved", backend=target.name), store) == []


@pytest.fixture
def saved(stocked: VectorStore, tmp_path: Path) -> bytes:
    """The bytes of a saved store."""
    stocked.save(tmp_path / "saved")
    return (tmp_path / "saved").read_bytes()


def load(target: Target, folder: Path, blob: bytes) -> VectorStore:
    (folder / "damaged").write_bytes(blob)
    return VectorStore.load(folder / "damaged", backend=target.name)


@clause("SAVE-1")
def test_any_flipped_bit_is_corruption(
    target: Target, tmp_path: Path, saved: bytes, rng: np.random.Generator
) -> None:
    for place in range(len(saved)):
        damaged = bytearray(saved)
        damaged[place] ^= 1 << int(rng.integers(8))
        with pytest.raises(CorruptStoreError):
            load(target, tmp_path, bytes(damaged))


@clause("SAVE-1")
def test_any_truncation_is_corruption(target: Target, tmp_path: Path, saved: bytes) -> None:
    for length in range(len(saved)):
        with pytest.raises(CorruptStoreError):
            load(target, tmp_path, saved[:length])


@clause("SAVE-1")
@pytest.mark.parametrize("more", [b"\0", b"x", b"\n" * 8, "twice"], ids=label)
def test_anything_appended_is_corruption(target: Target, tmp_path: Path, saved: bytes, more: Any) -> None:
    with pytest.raises(CorruptStoreError):
        load(target, tmp_path, saved + (saved if more == "twice" else more))


@clause("SAVE-1")
@pytest.mark.parametrize(
    "blob", [b"", b"\0" * 1000, b"text", pickle.dumps({"a": 1}), b"PK\3\4" + b"\0" * 99], ids=label
)
def test_another_file_is_corruption(target: Target, tmp_path: Path, blob: bytes) -> None:
    with pytest.raises(CorruptStoreError):
        load(target, tmp_path, blob)


@clause("SAVE-1")
def test_corruption_names_the_file(target: Target, tmp_path: Path, saved: bytes) -> None:
    with pytest.raises(CorruptStoreError, match="damaged"):
        load(target, tmp_path, saved[:-1])


@clause("SAVE-1", "ATOM-2")
@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_a_forged_length_is_corruption_and_allocates_nothing(
    target: Target, tmp_path: Path, saved: bytes, width: int
) -> None:
    for place in range(0, len(saved) - width, max(1, width // 2)):
        for forged in (b"\xff" * width, b"\xff" * (width - 1) + b"\x7f", b"9" * width):
            if forged == saved[place : place + width]:
                continue  # by chance, where indices and so the checksum are not the same every time
            with pytest.raises(CorruptStoreError):
                load(target, tmp_path, saved[:place] + forged + saved[place + width :])


@clause("SAVE-1")
def test_a_damaged_file_is_left_alone(target: Target, tmp_path: Path, saved: bytes) -> None:
    with pytest.raises(CorruptStoreError):
        load(target, tmp_path, saved[:-3])
    assert (tmp_path / "damaged").read_bytes() == saved[:-3]


class Trap:
    """Unpickled, it would say so."""

    def __reduce__(self) -> Any:
        return (os.mkdir, (os.environ.get("REFVEC_TRAP", "trapped"),))


@clause("SAVE-1")
def test_loading_executes_nothing(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFVEC_TRAP", str(tmp_path / "trapped"))
    with pytest.raises(CorruptStoreError):
        load(target, tmp_path, pickle.dumps(Trap()))
    assert not (tmp_path / "trapped").exists()


@clause("SAVE-1")
def test_a_file_through_a_link_is_replaced_and_the_link_stays(stocked: VectorStore, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real").write_bytes(b"old")
    stocked.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
