"""DUR-1, DUR-5 to DUR-8, INDEX: compaction gives space back and changes nothing else."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from refvec import CorruptStoreError, ReadOnlyError, StoreLockedError, UnsupportedError, VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.compacting import once_read, row_files, untidy, worn
from refvec_conformance.probes.concurrency import must, together
from refvec_conformance.probes.durability import flushes, held, kept, names_in, watched
from refvec_conformance.probes.fixtures import Budget, Make
from refvec_conformance.probes.seam import Points, operations, points_of

from .helpers import program
from .test_durable_faults import FAULTS
from .test_durable_readers import Between

DIMENSION = 64
COUNT = 4000
ROWS = np.random.default_rng(8).standard_normal((COUNT, DIMENSION), np.float32)
IDS = [f"{n}" for n in range(COUNT)]


def large(target: Target, place: Path) -> VectorStore:
    """Return a store of 1 MB, half of it freed: a part in the middle, and the end."""
    store = target.open(DIMENSION, path=place)
    store.add_vectors(IDS, ROWS)
    store.flush()
    store.remove_vectors(IDS[1000:2000] + IDS[3000:])
    return store


def on_disk(place: Path) -> int:
    """Return the bytes of the disk that a directory takes."""
    return sum(one.stat().st_blocks * 512 for one in place.iterdir())


@clause("INDEX-3", "INDEX-2", "DUR-1", requires="durable")
def test_a_compaction_changes_nothing_that_is_seen(target: Target, place: Path, seed: int) -> None:
    store = worn(target, place, seed)
    wanted = held(store)
    store.compact()
    assert held(store) == wanted
    assert kept(target, place) == wanted
    for wanted in flushes(store, seed + 1, 8):
        assert kept(target, place) == wanted
        store.compact()
        assert held(store) == wanted
        assert kept(target, place) == wanted
    store.close()
    assert kept(target, place, "r+") == wanted
    assert untidy(place) is None


@clause("DUR-1", requires="durable")
def test_a_compaction_flushes_first(target: Target, place: Path) -> None:
    store = target.open(2, path=place)
    store.add_vector("a", [1, 2])
    store.compact()
    store.add_vector("b", [3, 4])
    store.compact()
    store.add_vector("c", [5, 6])
    store.close(flush=False)
    assert kept(target, place)["ids"] == [("a", 0), ("b", 1)]


@clause("INDEX-1", "DUR-8", requires="durable")
@pytest.mark.parametrize("again", [False, True])
def test_free_indices_stay_free_and_are_taken_in_order(target: Target, place: Path, again: bool) -> None:
    store = large(target, place)
    store.compact()
    if again:
        store.close()
        store = target.open(path=place)
    assert store.get_statistics()["free_indices"] == 2000
    found = store.add_vectors([f"new {n}" for n in range(2001)], ROWS[:2001] + 100)
    assert found.tolist() == [*range(1000, 2000), *range(3000, 4001)]
    wanted = held(store)
    store.close()
    assert kept(target, place) == wanted


@clause("DUR-8", "INDEX-1", requires="durable")
def test_an_index_freed_before_a_compaction_is_reusable_after_it(target: Target, place: Path) -> None:
    store = target.open(2, path=place)
    store.add_vectors(["a", "b"], [[1, 2], [3, 4]])
    store.flush()
    store.remove_vector("a")
    store.compact()
    assert store.add_vector("c", [5, 6]) == 0
    store.close()
    assert kept(target, place)["ids"] == [("b", 1), ("c", 0)]


def sparse(path: Path) -> bool:
    """Return whether the file system has holes."""
    with path.open("wb") as file:
        file.truncate(2**20)
    return path.stat().st_blocks < 2**10


@clause("DUR-1", requires="durable")
def test_a_compaction_gives_space_back(target: Target, place: Path) -> None:
    store = large(target, place)
    store.flush()
    before = on_disk(place)
    found = store.compact()
    after = on_disk(place)
    assert (found.before, found.after) == (before, after)
    (name,) = row_files(place)
    assert (place / name).stat().st_size == 4096 + 3000 * 4 * DIMENSION
    holes = sparse(place.with_name("probe"))
    assert before - after > (2000 if holes else 1000) * 4 * DIMENSION * 0.9
    if holes:
        assert (place / name).stat().st_blocks * 512 < 2000 * 4 * DIMENSION * 1.1
    store.close()
    assert kept(target, place)["allocated"] == COUNT


@clause("DUR-1", requires="durable")
def test_the_history_of_ids_goes(target: Target, place: Path) -> None:
    store = target.open(2, path=place)
    for turn in range(40):
        store.upsert_vectors([f"{turn} {n}" for n in range(200)], np.full((200, 2), turn))
        store.flush()
        store.clear()
    store.compact()
    wanted = held(store)
    store.close()
    with target.open(path=place.with_name("other")) as other:
        other.compact()
    catalogs = [(one / "catalog.sqlite").stat().st_size for one in (place, place.with_name("other"))]
    assert catalogs[0] <= catalogs[1] + 4096
    assert kept(target, place, "r+") == wanted


@clause("DUR-1", "INDEX-3", requires="durable")
@pytest.mark.parametrize("turns", [1, 3])
def test_stores_without_vectors_are_compacted(target: Target, place: Path, turns: int) -> None:
    store = target.open(path=place)
    for _ in range(turns):
        store.compact()
    assert (row_files(place), store.dimension) == ([], None)
    store.add_vectors(["a", "b"], [[1, 2], [3, 4]])
    store.clear()
    for _ in range(turns):
        store.compact()
    wanted = held(store)
    assert wanted["allocated"] == 2
    store.close()
    assert kept(target, place) == wanted
    with target.open(path=place) as store:
        assert store.add_vector("c", [5, 6]) == 0
    assert kept(target, place)["ids"] == [("c", 0)]


@clause("PLUGIN-3", requires="durable")
def test_in_memory_there_is_nothing_to_compact(make: Make) -> None:
    store = make(2)
    with pytest.raises(UnsupportedError, match="memory"):
        store.compact()


@clause("DUR-5", requires="durable")
def test_a_reader_does_not_compact(target: Target, place: Path, seed: int) -> None:
    worn(target, place, seed).close()
    reader = target.open(path=place, mode="r")
    before = names_in(place)
    with pytest.raises(ReadOnlyError):
        reader.compact()
    assert names_in(place) == before


@clause("DUR-5", "DUR-8", requires="durable")
def test_readers_go_on(target: Target, place: Path, seed: int) -> None:
    writer = worn(target, place, seed)
    early = target.open(path=place, mode="r")
    seen = held(early)
    writer.compact()
    wanted = held(writer)
    late = target.open(path=place, mode="r")
    assert (held(early), held(late)) == (seen, wanted)
    writer.upsert_vectors(["a", "z"], [[70, 71], [72, 73]])
    writer.clear()
    writer.add_vectors(["x", "y"], [[90, 91], [92, 93]])
    writer.compact()
    writer.add_vectors([f"over {n}" for n in range(30)], np.arange(100, 160).reshape(30, 2))
    writer.flush()
    assert (held(early), held(late)) == (seen, wanted)
    early.verify()
    assert (early.refresh(), late.refresh()) == (True, True)
    assert held(early) == held(late) == held(writer)


@clause("DUR-5", requires="durable")
def test_a_reader_that_refreshes_lets_go_of_the_old_file(target: Target, place: Path, seed: int) -> None:
    writer = worn(target, place, seed)
    writer.flush()
    reader = target.open(path=place, mode="r")
    wanted = held(reader)
    writer.compact()
    assert reader.refresh() is False
    assert held(reader) == wanted
    assert kept_open(place) == []


@clause("DUR-1", "THREAD-1", requires="durable")
@pytest.mark.parametrize("again", [False, True])
def test_a_writer_lets_go_of_the_old_file(target: Target, place: Path, seed: int, again: bool) -> None:
    writer = worn(target, place, seed)
    if again:
        writer.close()
        writer = target.open(path=place)
    first = writer.ids()[0]
    wanted = writer.get_vectors([first]).tolist()
    writer.compact()
    assert kept_open(place) == []
    assert writer.get_vectors([first]).tolist() == wanted
    writer.compact()
    assert kept_open(place) == []
    found = held(writer)
    writer.close()
    assert kept(target, place) == found


def kept_open(place: Path) -> list[str]:
    """Return the files of a store that this process keeps from being gone, by a handle or a map."""
    found = Path("/proc/self/maps").read_text("utf-8").splitlines()
    for one in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # that of the listing itself
            found.append(str(one.readlink()))
    return [one for one in found if f"{place}/rows-" in one and one.endswith("(deleted)")]


@clause("THREAD-1", "DUR-1", requires="durable")
def test_rows_are_read_while_they_move(target: Target, place: Path, budget: Budget) -> None:
    large(target, place).close()
    store = target.open(path=place)
    ids = IDS[:1000] + IDS[2000:3000]
    wanted = {one: row.tobytes() for one, row in zip(IDS, ROWS, strict=True)}
    over: list[bool] = []

    def compact() -> None:
        try:
            for _ in range(budget(6)):
                store.compact()
        finally:
            over.append(True)

    def read(seed: int) -> list[str]:
        rng, wrong = np.random.default_rng(seed), []
        while not over:
            some = [ids[one] for one in rng.choice(len(ids), 20)]
            found = store.get_vectors(some)
            wrong += [one for one, row in zip(some, found, strict=True) if row.tobytes() != wanted[one]]
        return wrong

    assert must(together(compact, lambda: read(1), lambda: read(2)))[1:] == [[], []]


@clause("DUR-8", "DUR-5", requires="durable")
def test_a_reader_in_the_middle_of_its_rows_reads_on(target: Target, place: Path, seed: int) -> None:
    writer = worn(target, place, seed)
    writer.flush()
    wanted = held(writer)

    def change() -> None:
        writer.clear()
        writer.compact()
        writer.add_vectors([f"over {n}" for n in range(30)], np.arange(100, 160).reshape(30, 2))
        writer.compact()

    assert held(Between(target, change).open(place)) == wanted
    assert kept(target, place) == held(writer)


@clause("DUR-5", requires="durable")
@pytest.mark.parametrize("how", ["open", "refresh", "verify"])
def test_a_reader_whose_file_goes_before_it_is_open_takes_the_new_one(
    target: Target, place: Path, seed: int, how: str
) -> None:
    writer = worn(target, place, seed)
    reader = target.open(path=place, mode="r")
    writer.flush()
    with once_read(lambda: must(together(writer.compact))):
        if how == "open":
            reader = target.open(path=place, mode="r")
        elif how == "refresh":
            assert reader.refresh()
        else:
            reader.verify()
            assert reader.refresh()
    assert held(reader) == held(writer)


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


def assert_left(target: Target, path: Path, allowed: list[dict[str, object]]) -> None:
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


@clause("THREAD-1", "DUR-1", requires="durable")
def test_others_use_the_store_meanwhile(target: Target, place: Path) -> None:
    store = large(target, place)
    store.flush()
    added: list[str] = []

    def change(name: str, _: object) -> None:
        if name == "pwrite":
            added.append(f"while {len(added)}")
            must(together(lambda: store.add_vector(added[-1], np.full(DIMENSION, len(added)))))

    with watched(lambda *_: None, change):
        store.compact()
    assert len(added) > 2
    wanted = held(store)
    store.close()
    assert kept(target, place) == wanted
    assert set(added) <= {one for one, _ in wanted["ids"]}  # type: ignore[attr-defined]


@clause("DUR-5", requires="durable")
def test_the_lock_stays_with_the_writer(target: Target, place: Path, seed: int) -> None:
    store = worn(target, place, seed)
    found: list[bool] = []

    def look(*_: object) -> None:
        with pytest.raises(StoreLockedError):
            target.open(path=place)
        found.append(True)

    with watched(look, look):
        store.compact()
    look()
    assert found


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
