"""DUR-6: whatever happens to the bytes of a store, it is noticed, named, and left as it is."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import CorruptStoreError, VectorStore
from refvec.durable.catalog import digest
from refvec.durable.packedids import packed
from refvec.durable.packing import numbers

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.durability import held, history, kept, names_in
from refvec_conformance.probes.fixtures import UNITS, Budget

ROWS = "rows-00000001.f32"
FILES = ["catalog.sqlite", "catalog.sqlite-wal", "head", ROWS]


def crashed(target: Target, place: Path, seed: int) -> dict[str, object]:
    """Have a store as a crash leaves it, its last flushes in the log of sqlite; return what it holds."""
    origin = place.with_name("origin")
    history(target, origin, seed, 5)
    store = target.open(path=origin)
    store.upsert_vectors(["a", "b", "c"], [[7, 8], [9, 10], [7, 8]])
    store.flush()
    wanted = held(store)
    shutil.copytree(origin, place, ignore=shutil.ignore_patterns("*-shm"))
    store.close()
    return wanted


def contents(place: Path) -> dict[str, bytes]:
    """Return the files of a directory, but for what sqlite makes for readers: shared memory, an empty log."""
    names = [name for name in names_in(place) if not name.endswith("-shm")]
    found = {name: (place / name).read_bytes() for name in names}
    return {name: content for name, content in found.items() if content or not name.endswith("-wal")}


def judged(target: Target, place: Path, wanted: dict[str, object], name: str) -> str | None:
    """Return what is wrong with how a damaged store opens, None if nothing is."""
    before = contents(place)
    for mode in ("r", "r+"):
        try:
            found = kept(target, place, mode)
        except CorruptStoreError as error:
            if str(place) not in str(error):
                return f"it does not name the file: {error}"
            if name in ("head", ROWS) and name not in str(error):
                return f"it names another file than {name}: {error}"
            if contents(place) != before:
                return f"mode {mode} changed what is damaged"
        else:
            if found != wanted:
                return "it serves something else"
    return None


def complaints(
    target: Target, place: Path, seed: int, name: str, changes: list[Callable[[bytearray], None]]
) -> list[str]:
    """Return what is wrong with how a store opens after each of these changes of one file."""
    wanted, found = crashed(target, place, seed), []
    whole = contents(place)
    for number, change in enumerate(changes):
        raw = bytearray(whole[name])
        change(raw)
        shutil.rmtree(place)
        place.mkdir()
        for other, content in whole.items():
            (place / other).write_bytes(raw if other == name else content)
        wrong = judged(target, place, wanted, name)
        if wrong:
            found.append(f"change {number} of {name}: {wrong}")
    return found


def size_of(target: Target, place: Path, seed: int, name: str) -> int:
    """Return how long the file of such a store is, as far as anything is in it."""
    other = place.with_name("measured")
    crashed(target, other / "store", seed)
    size = (other / "store" / name).stat().st_size
    return min(size, 4096 + 8 * 12) if name == ROWS else size


@clause("DUR-6", tier="standard", requires="durable")
@pytest.mark.parametrize("name", FILES)
def test_flipped_bits_are_noticed(
    target: Target, place: Path, seed: int, rng: np.random.Generator, budget: Budget, name: str
) -> None:
    size = size_of(target, place, seed, name)
    count = budget(100)
    places = range(size) if size <= count else sorted(rng.choice(size, count, replace=False).tolist())

    def flip(at: int, bit: int) -> Callable[[bytearray], None]:
        def change(raw: bytearray) -> None:
            raw[at] ^= 1 << bit

        return change

    assert complaints(target, place, seed, name, [flip(at, int(rng.integers(8))) for at in places]) == []


@clause("DUR-6", tier="standard", requires="durable")
@pytest.mark.parametrize("name", FILES)
def test_cut_files_are_noticed(
    target: Target, place: Path, seed: int, rng: np.random.Generator, budget: Budget, name: str
) -> None:
    size, count = size_of(target, place, seed, name), budget(60)
    lengths = range(size) if size <= count else sorted({0, size - 1, *rng.choice(size, count, False).tolist()})

    def cut(length: int) -> Callable[[bytearray], None]:
        def change(raw: bytearray) -> None:
            del raw[length:]

        return change

    assert complaints(target, place, seed, name, [cut(length) for length in lengths]) == []


@clause("DUR-6", "DUR-1", requires="durable")
def test_a_log_that_lost_an_acknowledged_flush_is_noticed(target: Target, place: Path, seed: int) -> None:
    crashed(target, place, seed)
    (place / "catalog.sqlite-wal").unlink()
    before = contents(place)
    for mode in ("r", "a"):
        with pytest.raises(CorruptStoreError, match=r"acknowledged"):
            target.open(path=place, mode=mode)
    assert contents(place) == before


def changed_by_sqlite(place: Path, *statements: str) -> None:
    """Change a catalog as sqlite allows it, so that its own structure stays intact."""
    connection = sqlite3.connect(place / "catalog.sqlite")
    connection.create_function("swapped", 1, lambda content: content.replace(b"id ", b"ID "))
    connection.create_function("grown", 1, lambda content: content.replace(b'"capacity": ', b'"capacity": 9'))
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


TAMPERED = {
    "an id of the log": ["UPDATE pages SET content = swapped(content) WHERE kind = 'log'"],
    "the capacity": ["UPDATE pages SET content = grown(content) WHERE kind = 'meta'"],
    "no log": ["DELETE FROM pages WHERE kind = 'log' AND flush = 2"],
    "no snapshot": ["DELETE FROM pages WHERE kind = 'ids'"],
    "no meta": ["DELETE FROM pages WHERE kind = 'meta'"],
    "logs exchanged": [
        "UPDATE pages SET flush = -flush WHERE kind = 'log' AND flush IN (2, 3)",
        "UPDATE pages SET flush = 5 + flush WHERE kind = 'log' AND flush < 0",
    ],
    "another table": ["CREATE TABLE more (one)"],
    "no table": ["DROP TABLE pages"],
    "a view": ["ALTER TABLE pages RENAME TO others", "CREATE VIEW pages AS SELECT * FROM others"],
}


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize("statements", TAMPERED.values(), ids=TAMPERED)
def test_pages_that_are_not_as_they_were_written(
    target: Target, place: Path, seed: int, statements: list[str]
) -> None:
    history(target, place, seed, 4)
    changed_by_sqlite(place, *statements)
    for mode in ("r", "a"):
        with pytest.raises(CorruptStoreError, match=r"catalog\.sqlite"):
            target.open(path=place, mode=mode)


UUID_LIKE = [f"{at:08x}-0000-4000-8000-000000000000" for at in range(3)]
# What no writer has written, under a checksum that is right: by the place in the catalog.
REWRITTEN: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "no room for the ids": ("log", lambda content: content[:40]),
    "fewer ids than codes": ("log", lambda content: packed(UUID_LIKE[:2]) + content[16 + 48 :]),
    "another form of ids": ("log", lambda content: b"\x07" + content[1:]),
    "no fingerprints": ("log", lambda content: content[: -16 - 16] + numbers(np.arange(0))),
    "fingerprints too wide": ("log", lambda content: content[: -16 - 16] + numbers(np.full(3, 2**40))),
    "no seed": ("meta", lambda content: content.replace(b'"seed"', b'"sead"')),
    "a seed too large": ("meta", lambda content: content.replace(b'"seed": ', b'"seed": 99999999999999999999')),
}


def rewrite(place: Path, kind: str, change: Callable[[bytes], bytes]) -> None:
    """Change the content of a page, and let it have the checksum of what it has become."""
    connection = sqlite3.connect(place / "catalog.sqlite")
    ((flush, content),) = connection.execute(
        "SELECT flush, content FROM pages WHERE kind = ? ORDER BY flush DESC LIMIT 1", (kind,)
    )
    changed = change(content[8:])
    assert changed != content[8:]
    whole = len(changed).to_bytes(8, "little") + changed
    values = (whole, digest(kind, flush, 0, whole), kind, flush)
    connection.execute("UPDATE pages SET content = ?, digest = ? WHERE kind = ? AND flush = ?", values)
    connection.commit()
    connection.close()


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize(("kind", "change"), REWRITTEN.values(), ids=REWRITTEN)
def test_pages_that_contradict_themselves(
    target: Target, place: Path, kind: str, change: Callable[[bytes], bytes]
) -> None:
    with target.open(4, path=place) as store:
        store.add_vectors(UUID_LIKE, UNITS[:3])
    rewrite(place, kind, change)
    for mode in ("r", "a"):
        with pytest.raises(CorruptStoreError, match=r"catalog\.sqlite"):
            target.open(path=place, mode=mode)


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_fingerprint_that_is_not_of_its_row_is_found_by_verify(target: Target, place: Path, at: int) -> None:
    with target.open(4, path=place) as store:
        store.add_vectors(UUID_LIKE, UNITS[:3])

    def flip(content: bytes) -> bytes:
        raw = bytearray(content)
        raw[len(raw) - 16 + 4 * at] ^= 1
        return bytes(raw)

    rewrite(place, "log", flip)
    with (
        target.open(path=place, mode="r") as store,
        pytest.raises(CorruptStoreError, match=rf"{ROWS}.*index {at}\b.*fingerprint"),
    ):
        store.verify()


@clause("DUR-6", requires="durable")
def test_another_seed_is_found_by_verify(target: Target, place: Path) -> None:
    with target.open(4, path=place) as store:
        store.add_vectors(UUID_LIKE, UNITS[:3])
    rewrite(place, "meta", lambda content: re.sub(rb'"seed": \d+', b'"seed": 12345', content))
    with (
        target.open(path=place, mode="r") as store,
        pytest.raises(CorruptStoreError, match=rf"{ROWS}.*fingerprint"),
    ):
        store.verify()


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize("mode", ["r", "a"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_damaged_row_is_named_with_its_place(target: Target, place: Path, mode: str, at: int) -> None:
    with target.open(4, path=place) as store:
        store.add_vectors(["a", "b", "c"], UNITS[:3])
    with (place / ROWS).open("r+b") as file:
        file.seek(4096 + 16 * at + 15)
        file.write(b"\x01")
    with pytest.raises(CorruptStoreError, match=rf"{ROWS}.*index {at}\b.*{4096 + 16 * at}"):
        target.open(path=place, mode=mode).get_all_vectors()


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize("damage", ["flip", "cut", "header", "catalog"])
def test_verify_checks_what_is_on_the_disk_now(target: Target, place: Path, damage: str) -> None:
    with target.open(4, path=place) as store:
        store.add_vectors(["a", "b", "c"], UNITS[:3])
    reader = target.open(path=place, mode="r")
    assert reader.verify() is None  # type: ignore[func-returns-value]
    if damage == "cut":
        os.truncate(place / ROWS, 4096 + 17)
    else:
        name, at = {"flip": (ROWS, 4100), "header": (ROWS, 9), "catalog": ("catalog.sqlite", 8192)}[damage]
        with (place / name).open("r+b") as file:
            file.seek(at)
            file.write(b"\xff\xfe\xfd")
    with pytest.raises(CorruptStoreError, match=str(place)):
        reader.verify()
    assert reader.get_vectors(["c"]).tolist() == [UNITS[2].tolist()]


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize("name", ["catalog.sqlite", "head", "writer.lock", ROWS])
def test_a_missing_file_is_damage_and_is_not_made_anew(target: Target, place: Path, name: str) -> None:
    with target.open(4, path=place) as store:
        store.add_vector("a", UNITS[0])
    (place / name).unlink()
    before = contents(place)
    with pytest.raises(CorruptStoreError, match=str(place)):
        target.open(path=place, mode="a")
    assert contents(place) == before


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize("name", ["catalog.sqlite", "head", ROWS])
def test_a_file_of_another_store_is_damage(target: Target, place: Path, name: str) -> None:
    for one in (place, place.with_name("other")):
        with target.open(4, path=one) as store:
            store.add_vector("a", UNITS[0])
    shutil.copy(place.with_name("other") / name, place / name)
    with pytest.raises(CorruptStoreError, match=str(place)):
        target.open(path=place)


def _file(path: Path) -> None:
    path.write_text("mine")


def _saved(path: Path) -> None:
    VectorStore(2, backend="auto").save(path)


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "notes.txt").write_text("mine")


def _other_catalog(path: Path) -> None:
    path.mkdir()
    (path / "catalog.sqlite").write_text("mine")


def _other_lock(path: Path) -> None:
    path.mkdir()
    (path / "writer.lock").write_text("mine")


def _other_database(path: Path) -> None:
    path.mkdir()
    connection = sqlite3.connect(path / "catalog.sqlite")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE pages (mine)")
    connection.close()


FOREIGN = [_file, _saved, _folder, _other_catalog, _other_lock, _other_database]


def found_at(path: Path) -> object:
    """Return all that is at a path."""
    return contents(path) if path.is_dir() else path.read_bytes()


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize("mode", ["a", "r+", "x", "r"])
@pytest.mark.parametrize("make_it", FOREIGN, ids=lambda one: one.__name__)
def test_what_is_no_store_is_left_alone(target: Target, place: Path, mode: str, make_it: Any) -> None:
    make_it(place)
    before = found_at(place)
    with pytest.raises(CorruptStoreError, match=str(place)):
        target.open(4, path=place, mode=mode)
    assert found_at(place) == before


@clause("DUR-6", requires="durable")
def test_a_newer_format_is_refused_with_the_way_out(target: Target, place: Path) -> None:
    target.open(4, path=place).close()
    with (place / "catalog.sqlite").open("r+b") as file:
        file.seek(60)
        file.write((2).to_bytes(4, "big"))
    before = contents(place)
    with pytest.raises(CorruptStoreError, match="newer"):
        target.open(path=place)
    assert contents(place) == before


@clause("DUR-6", "DUR-1", requires="durable")
def test_a_creation_that_was_cut_short_is_none(target: Target, place: Path) -> None:
    place.mkdir()
    (place / "writer.lock").touch()
    (place / "head").write_bytes(b"\x89RV")
    (place / "catalog.new").write_bytes(b"SQLite")
    with pytest.raises(FileNotFoundError):
        target.open(path=place, mode="r")
    target.open(4, path=place).close()
    assert kept(target, place)["dimension"] == 4
