"""DUR-1, DUR-6, DUR-7: compactions that are killed, fail, find damage, or were interrupted before."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from refvec import CorruptStoreError, StoreLockedError

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.compacting import (
    row_files,
    untidy,
    worn,
)
from refvec_conformance.probes.durability import held, kept, names_in, watched
from refvec_conformance.probes.fixtures import Budget
from refvec_conformance.probes.seam import Points, operations, points_of

from .helpers import program
from .test_durable_faults import FAULTS


@clause("DUR-6", requires="durable")
def test_a_damaged_row_is_not_carried_over(target: Target, place: Path) -> None:
    store = target.open(2, path=place)
    store.add_vectors(["a", "b", "c"], [[1, 2], [3, 4], [5, 6]])
    store.flush()
    (name,) = row_files(place)
    with (place / name).open("r+b") as file:
        file.seek(4096 + 8)
        file.write(b"\x01")
    with pytest.raises(CorruptStoreError, match=rf"{name}.*index 1\b.*{4096 + 8}"):
        store.compact()
    assert row_files(place) == [name]
    with (place / name).open("r+b") as file:
        file.seek(4096 + 8)
        file.write(b"\x00")
    store.compact()
    store.add_vector("d", [7, 8])
    wanted = held(store)
    store.close()
    assert kept(target, place) == wanted


@clause("DUR-1", tier="standard", requires="durable")
def test_a_compaction_killed_anywhere_leaves_one_generation_whole(spelling: str, budget: Budget) -> None:
    assert program("compacting", spelling, 1, budget(60)) in ([], [""])


@clause("DUR-7", "DUR-1", "ATOM-1", requires="durable")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_compaction_that_fails_anywhere_may_be_tried_again(
    target: Target, place: Path, seed: int, fault: Callable[[], None]
) -> None:
    sqlite = fault is not FAULTS["interrupt"]  # which falls between bytecodes, and sqlite has none
    with operations():
        with worn(target, place.with_name("counted"), seed) as store:
            count = points_of(store.compact, sqlite=sqlite)
        for point in range(fault is FAULTS["error"], count, 1 + sqlite):  # each point meets one of two errors
            path = place.with_name(f"{point}")
            store = worn(target, path, seed)
            before, wanted, failed = kept(target, path), held(store), False
            with Points(point, fault).watching(sqlite=sqlite):
                try:
                    store.compact()
                except (OSError, KeyboardInterrupt):
                    failed = True
            assert held(store) == wanted
            assert [name for name in row_files(path) if name.endswith(".new")] == []
            allowed = [before, wanted] if failed else [wanted]
            assert kept(target, path) in allowed
            with pytest.raises(StoreLockedError):
                target.open(path=path)
            if point % 4 < 2:
                store.add_vector("after", [100, 200])
                wanted = held(store)
                store.flush()
                allowed = [wanted]
            assert_left(target, path, allowed)
            store.compact()
            assert kept(target, path) == wanted
            assert untidy(path) is None
            store.close()
            assert kept(target, path, "r+") == wanted


def assert_left(target: Target, path: Path, allowed: list[dict[str, Any]]) -> None:
    """Assert what would be there if the machine had stopped now, sqlite's shared memory with it."""
    copy = path.with_name("copy")
    shutil.copytree(path, copy, ignore=shutil.ignore_patterns("*-shm"))
    assert kept(target, copy, "r+") in allowed
    assert kept(target, copy) in allowed
    assert untidy(copy) is None
    shutil.rmtree(copy)


@clause("DUR-8", requires="durable")
def test_a_compaction_changes_no_file_in_place(target: Target, place: Path, seed: int) -> None:
    store = worn(target, place, seed)
    store.flush()
    (name,) = row_files(place)
    kept_open = (place / name).open("rb")
    before = kept_open.read()
    store.compact()
    store.clear()
    store.add_vectors(["x", "y"], [[90, 91], [92, 93]])
    store.compact()
    kept_open.seek(0)
    assert kept_open.read() == before
    kept_open.close()
    assert name not in names_in(place)


def leave(place: Path, name: str, content: bytes) -> bytes:
    """Put a file into a store."""
    (place / name).write_bytes(content)
    return content


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize("compact", [False, True])
def test_what_interrupted_compactions_left_is_removed_and_nothing_else(
    target: Target, place: Path, seed: int, compact: bool
) -> None:
    with worn(target, place, seed) as store:
        store.compact()
        wanted = held(store)
    (name,) = row_files(place)
    whole = (place / name).read_bytes()
    shutil.copytree(place, place.with_name("other"))
    with target.open(2, path=place.with_name("other") / "one") as store:
        store.add_vector("a", [1, 2])
    other = (place.with_name("other") / "one" / "rows-00000001.f32").read_bytes()
    foreign = {
        "rows-00000003.f32": other,
        "rows-00000004.new": other,
        "rows-00000005.f32": b"",
        "rows-00000006.f32": b"mine",
        "rows-00000007.new": b"mine",
        "rows-7.new": b"",
        "rows-00000007.txt": b"",
        "notes.txt": b"mine",
    }
    for one, content in foreign.items():
        leave(place, one, content)
    generation = int(name[5:13])
    assert generation == 2
    again = [header_of(whole, number) for number in (1, 8, 9)]
    leave(place, "rows-00000001.f32", again[0])
    leave(place, "rows-00000008.f32", again[1])
    leave(place, "rows-00000009.new", again[2][:5000])
    leave(place, "rows-00000010.new", b"")
    leave(place, "rows-00000011.new", bytes(4096))
    done: list[str] = []
    with watched(lambda name, _: done.append(name), lambda *_: None), target.open(path=place) as store:
        if compact:
            store.compact()
            wanted = held(store)
    # If a commit that named it was never synced, a crash may still bring that back: unless there is another.
    assert done.index("commit") < done.index("remove")
    left = {one: (place / one).read_bytes() for one in names_in(place) if one in foreign}
    assert left == foreign
    assert len([one for one in row_files(place) if one not in foreign]) == 1
    assert kept(target, place) == wanted


def header_of(whole: bytes, generation: int) -> bytes:
    """Return a row file as one of another generation."""
    body = whole[:32] + generation.to_bytes(8, "little")
    return body + zlib.crc32(body).to_bytes(4, "little") + whole[44:]


@clause("DUR-7", "DUR-1", requires="durable")
def test_a_compaction_into_a_moved_directory_is_refused(target: Target, place: Path, seed: int) -> None:
    store = worn(target, place, seed)
    place.rename(place.with_name("moved"))
    with pytest.raises(OSError, match="moved"):
        store.compact()
    place.with_name("moved").rename(place)
    wanted = held(store)
    store.compact()
    store.close()
    assert kept(target, place) == wanted
