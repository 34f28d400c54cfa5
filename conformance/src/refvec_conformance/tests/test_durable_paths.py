"""DUR-6, OPEN-5: what else may be found at a path, and who may not look."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from refvec import CorruptStoreError, VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.damaging import FILES, LOCK, ROWS, contents
from refvec_conformance.probes.durability import kept, names_in
from refvec_conformance.probes.fixtures import UNITS

from .helpers import program, stock


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


LOOPS = {"link": lambda path: path.symlink_to(path), "pipe": lambda path: os.mkfifo(path)}


@clause("DUR-6", "ATOM-2", requires="durable")
@pytest.mark.parametrize("mode", ["a", "r"])
@pytest.mark.parametrize("make_it", LOOPS.values(), ids=LOOPS)
def test_what_is_neither_file_nor_directory_is_left_alone(
    target: Target, place: Path, mode: str, make_it: Callable[[Path], None]
) -> None:
    make_it(place)
    with pytest.raises(CorruptStoreError, match=str(place)):
        target.open(4, path=place, mode=mode)
    assert names_in(place.parent) == [place.name]


@clause("DUR-6", "ATOM-2", requires="durable")
@pytest.mark.parametrize("make_it", [LOOPS["pipe"], os.mkdir], ids=["pipe", "directory"])
@pytest.mark.parametrize("name", [*FILES, LOCK])
def test_a_file_that_is_none_is_damage(
    target: Target, place: Path, name: str, make_it: Callable[[Path], None]
) -> None:
    stock(target, place).close()
    (place / name).unlink(missing_ok=True)
    make_it(place / name)
    before = contents(place)
    for mode in ("r", "a") if name != LOCK else ("a",):
        with pytest.raises(CorruptStoreError, match=str(place / name)):
            target.open(path=place, mode=mode)
    assert contents(place) == before


@clause("OPEN-5", "DUR-6", requires="durable")
def test_links_lead_to_where_the_store_is(target: Target, place: Path) -> None:
    place.with_name("link").symlink_to(place)
    target.open(4, path=place.with_name("link")).close()
    assert place.is_dir()
    (place / "head").rename(place.with_name("head"))
    (place / "head").symlink_to(place.with_name("head"))
    assert kept(target, place.with_name("link"), "r+")["dimension"] == 4


@clause("OPEN-5", requires="durable")
@pytest.mark.parametrize("mode", ["a", "x"])
def test_a_directory_below_a_file_cannot_be_made(target: Target, place: Path, mode: str) -> None:
    place.write_text("mine")
    with pytest.raises(NotADirectoryError):
        target.open(4, path=place / "below", mode=mode)
    assert place.read_text() == "mine"


@clause("DUR-5", "DUR-7", tier="standard", requires="durable")
def test_permissions_are_kept_to(spelling: str) -> None:
    assert [line for line in program("permissions", spelling) if line] == []
