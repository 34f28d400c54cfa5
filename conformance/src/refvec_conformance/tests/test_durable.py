"""OPEN-5, OPEN-7, DUR-1 to DUR-4: stores in a directory, opened again by the same backend and by others."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import (
    DimensionMismatchError,
    DuplicateIdError,
    ReadOnlyError,
    StoreClosedError,
    StoreLockedError,
    VectorStore,
    backends,
)

from refvec_conformance.inputs.hostile import OwnError
from refvec_conformance.inputs.paths import FsPath
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.children import output_of
from refvec_conformance.probes.concurrency import must, together
from refvec_conformance.probes.durability import flushes, folder, held, history, kept, names_in
from refvec_conformance.probes.fixtures import UNITS, Budget
from refvec_conformance.probes.journals import step


@pytest.fixture
def place() -> Iterator[Path]:
    """The path of a store that is not there yet."""
    with folder() as found:
        yield found / "store"


def stock(target: Target, place: Path, **given: Any) -> VectorStore:
    """Return a durable store with three ids and two vectors, flushed."""
    store = target.open(4, 8, path=place, **given)
    store.add_vectors(["a", "b", "c"], UNITS[[0, 0, 1]])
    store.flush()
    return store


@clause("OPEN-5", requires="durable")
@pytest.mark.parametrize("kind", [str, Path, FsPath], ids=["str", "Path", "PathLike"])
def test_a_path_is_created_with_its_parents(target: Target, place: Path, kind: Any) -> None:
    path = place / "of" / "its parents"
    with target.open(4, path=kind(path)) as store:
        assert path.is_dir()
        assert store.get_statistics()["storage_type"] == "memory-mapped"
        assert type(store) is target.store


@clause("OPEN-8", "OPEN-5", requires="durable", since="1.1")
@pytest.mark.parametrize("kind", [Path, FsPath], ids=["Path", "PathLike"])
def test_a_path_object_with_a_scheme_is_a_directory(
    target: Target, place: Path, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    monkeypatch.chdir(place.parent)
    target.open(4, path=kind(Path("redis://host"))).close()
    assert kept(target, place.parent / "redis:" / "host")["dimension"] == 4


@clause("OPEN-5", requires="durable")
def test_use_mmap_means_the_path(target: Target, place: Path) -> None:
    with target.open(4, 8, True, place) as store:
        store.add_vector("a", UNITS[0])
    assert kept(target, place)["ids"] == [("a", 0)]


@clause("OPEN-5", requires="durable")
def test_a_store_exists_before_the_constructor_returns(target: Target, place: Path) -> None:
    store = target.open(4, 8, path=place)
    assert kept(target, place)["capacity"] == 8
    store.close(flush=False)
    assert kept(target, place)["dimension"] == 4


@clause("OPEN-1", "OPEN-5", requires="durable")
@pytest.mark.parametrize("mode", ["r", "r+"])
@pytest.mark.parametrize("empty", [False, True])
def test_modes_that_want_a_store_make_none(target: Target, place: Path, mode: str, empty: bool) -> None:
    if empty:
        place.mkdir()
    with pytest.raises(FileNotFoundError, match=str(place)):
        target.open(4, path=place, mode=mode)
    assert place.exists() == empty
    assert not empty or names_in(place) == []


@clause("OPEN-1", "OPEN-5", requires="durable")
def test_mode_x_wants_no_store(target: Target, place: Path) -> None:
    target.open(4, path=place, mode="x").close()
    before = kept(target, place)
    with pytest.raises(FileExistsError, match=str(place)):
        target.open(4, path=place, mode="x")
    assert kept(target, place) == before


@clause("OPEN-1", "OPEN-5", requires="durable")
@pytest.mark.parametrize("mode", ["a", "x"])
def test_an_empty_directory_becomes_a_store(target: Target, place: Path, mode: str) -> None:
    place.mkdir()
    target.open(4, path=place, mode=mode).close()
    assert kept(target, place)["dimension"] == 4


@clause("OPEN-7", requires="durable")
def test_an_existing_store_brings_its_dimension(target: Target, place: Path) -> None:
    target.open(4, path=place).close()
    with target.open(path=place) as store:
        assert store.dimension == 4
        with pytest.raises(DimensionMismatchError):
            store.add_vector("a", [1, 2, 3])


@clause("OPEN-7", requires="durable")
def test_a_dimension_that_is_not_fixed_stays_so_until_a_flush(target: Target, place: Path) -> None:
    with target.open(path=place) as store:
        assert store.dimension is None
    with target.open(path=place) as store:
        assert store.get_statistics()["dimension"] is None
        store.add_vector("a", [1, 2, 3])
    with target.open(path=place) as store:
        assert (store.dimension, store.get_vectors(["a"]).tolist()) == (3, [[1, 2, 3]])
        store.clear()
    assert kept(target, place)["dimension"] == 3


@clause("OPEN-7", requires="durable")
def test_a_dimension_given_at_reopening_fixes_one_that_is_not(target: Target, place: Path) -> None:
    target.open(path=place).close()
    target.open(3, path=place).close()
    assert kept(target, place)["dimension"] == 3


@clause("DUR-1", "INDEX-3", "GET-5", requires="durable")
def test_whatever_was_flushed_is_there_again(target: Target, place: Path, seed: int) -> None:
    for turn in range(6):
        store = target.open(2, 2, path=place)
        for wanted in flushes(store, seed + turn, 5):
            assert kept(target, place) == wanted
        store.close()
        assert kept(target, place) == wanted


@clause("DUR-1", requires="durable")
@pytest.mark.parametrize("precision", [0, 7, "exact"])
def test_every_bit_of_every_row_is_there_again(
    target: Target, place: Path, rng: np.random.Generator, precision: Any
) -> None:
    rows = rng.integers(0, 2**32, (300, 5), np.uint32).view(np.float32)
    with target.open(5, path=place, precision=precision) as store:
        store.upsert_vectors([f"{n}" for n in range(300)], rows)
        wanted = held(store)
    with target.open(path=place) as store:
        assert (held(store), store.precision) == (wanted, precision)


@clause("DUR-1", requires="durable")
@pytest.mark.parametrize("ids", [["", "\0", "é\u200b", "\U0001f600", "a" * 70_000, "A"]])
def test_every_id_is_there_again(target: Target, place: Path, ids: list[str]) -> None:
    with target.open(4, path=place) as store:
        store.add_vectors(ids, UNITS[[0] * len(ids)])
    with target.open(path=place) as store:
        assert store.ids() == store.ids_at(0) == ids


@clause("DUR-1", tier="standard", requires="durable")
def test_many_flushes_and_large_ones(target: Target, place: Path, rng: np.random.Generator) -> None:
    # More events than a log may hold, so that they are put together.
    ids, rows = [f"id {n}" for n in range(12_000)], rng.standard_normal((12_000, 3), np.float32)
    store = target.open(3, path=place)
    for order in (rng.permutation(12_000), rng.permutation(12_000)):
        for part in np.array_split(order, 4):
            store.upsert_vectors([ids[one] for one in part], rows[part])
            store.flush()
        store.remove_vectors(ids[:5000])
        store.flush()
        assert kept(target, place) == held(store)
    store.clear()
    store.close()
    assert kept(target, place)["ids"] == []


@clause("DUR-1", "THREAD-1", "THREAD-2", tier="standard", requires="durable")
def test_threads_may_write_while_others_flush(
    target: Target, place: Path, rng: np.random.Generator, budget: Budget
) -> None:
    store, over = target.open(2, 2, path=place), threading.Event()
    draws = [np.random.default_rng(rng.integers(2**32)) for _ in range(2)]

    def write(draw: np.random.Generator) -> None:
        for _ in range(budget(200)):
            step(draw, store)

    def writes() -> None:
        try:
            assert must(together(*[lambda draw=draw: attempted(write, draw) for draw in draws]))
        finally:
            over.set()

    def flush() -> None:
        while not over.is_set():
            store.flush()
            kept(target, place)

    must(together(writes, flush, flush))
    store.flush()
    assert kept(target, place) == held(store)


def attempted(write: Any, draw: np.random.Generator) -> bool:
    """Write; an id that another thread has added meanwhile is no reason to stop."""
    while True:
        try:
            write(draw)
        except DuplicateIdError:
            continue
        return True


@clause("DUR-1", "DUR-2", requires="durable")
def test_what_was_not_flushed_is_not_seen(target: Target, place: Path) -> None:
    store = stock(target, place)
    wanted = held(store)
    store.upsert_vectors(["a", "d"], UNITS[[2, 3]])
    assert kept(target, place) == wanted
    store.close(flush=False)
    assert store.closed
    assert kept(target, place) == wanted


@clause("DUR-2", requires="durable")
def test_close_flushes_and_releases(target: Target, place: Path) -> None:
    store = stock(target, place)
    store.add_vector("d", UNITS[2])
    wanted = held(store)
    store.close()
    with target.open(path=place, mode="r+") as again:
        assert held(again) == wanted


@clause("DUR-2", requires="durable")
def test_with_flushes_also_when_the_body_raised(target: Target, place: Path) -> None:
    with pytest.raises(OwnError), stock(target, place) as store:
        store.add_vector("d", UNITS[2])
        raise OwnError
    assert store.closed
    assert len(kept(target, place)["ids"]) == 4  # type: ignore[arg-type]


@clause("DUR-2", requires="durable")
@pytest.mark.parametrize("cycle", [False, True])
def test_a_dropped_store_releases_and_discards(target: Target, place: Path, cycle: bool) -> None:
    store = stock(target, place)
    wanted = held(store)
    store.add_vector("d", UNITS[2])
    if cycle:
        store.itself = store  # type: ignore[attr-defined]
    handles = len(names_in(Path("/proc/self/fd")))
    del store
    gc.collect()
    assert len(names_in(Path("/proc/self/fd"))) < handles
    with target.open(path=place, mode="r+") as again:
        assert held(again) == wanted


@clause("DUR-2", requires="durable")
@pytest.mark.parametrize("method", ["flush", "refresh", "verify", "ids"])
def test_a_closed_durable_store_refuses(target: Target, place: Path, method: str) -> None:
    store = stock(target, place)
    store.close()
    store.close()
    with pytest.raises(StoreClosedError):
        getattr(store, method)()


FORK = """
import os, sys
from refvec import StoreClosedError, StoreLockedError
from refvec_conformance.judging.target import resolved
with resolved(sys.argv[1]) as target:
    store = target.open(2, path=sys.argv[2])
    store.add_vector("a", [1, 0])
    store.flush()
    store.add_vector("b", [0, 1])
    reader = target.open(path=sys.argv[2], mode="r")
    child = os.fork()
    if not child:
        wrong = 0
        for one in (store, reader):
            for call in (one.flush, one.ids, one.verify, lambda: one.get_vector("a"), lambda: len(one)):
                try:
                    call()
                    wrong += 1
                except StoreClosedError:
                    pass
            one.close()
            wrong += not one.closed
        try:
            target.open(path=sys.argv[2])
            wrong += 1
        except StoreLockedError:
            pass
        del store, reader
        if sys.argv[3] == "at once":
            os._exit(wrong)
        sys.exit(wrong)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    try:
        target.open(path=sys.argv[2])
    except StoreLockedError:
        print("locked")
    store.flush()
    store.verify()
    print(reader.refresh(), reader.ids(), store.ids())
    store.close()
    print(target.open(path=sys.argv[2]).ids())
"""


@clause("DUR-2", tier="standard", requires="durable")
@pytest.mark.parametrize("end", ["at once", "in order"])
def test_a_forked_child_has_nothing_and_takes_nothing(spelling: str, place: Path, end: str) -> None:
    found = output_of(FORK, spelling, str(place), end).splitlines()
    assert found == ["0", "locked", "True ['a', 'b'] ['a', 'b']", "['a', 'b']"]


@clause("DUR-2", "DUR-5", tier="standard", requires="durable")
def test_the_lock_dies_with_its_process_and_not_with_its_children(spelling: str, place: Path) -> None:
    found = output_of(
        """
        import os, sys
        from refvec_conformance.judging.target import resolved
        with resolved(sys.argv[1]) as target:
            end, alive = os.pipe()
            told, tell = os.pipe()
            writer = os.fork()
            if not writer:
                store = target.open(2, path=sys.argv[2])
                store.add_vector("a", [1, 0])
                store.flush()
                if not os.fork():
                    os.write(tell, b"x")
                    os.close(alive)
                    os.read(end, 1)
                    os._exit(0)
                os.read(told, 1)
                os.kill(os.getpid(), 9)
            os.waitpid(writer, 0)
            print(target.open(path=sys.argv[2], mode="r+").ids())
            os.close(alive)
        """,
        spelling,
        str(place),
    )
    assert found == "['a']"


def durable_names() -> list[str]:
    """Return the installed backends that declare it."""
    return [row.name for row in backends() if row.capabilities is not None and row.capabilities.durable]


@clause("DUR-3", requires="durable")
@pytest.mark.parametrize("other", durable_names())
def test_a_store_opens_in_every_other_durable_backend(
    target: Target, place: Path, seed: int, other: str
) -> None:
    wanted = history(target, place, seed, 8)[-1]
    elsewhere = Target(other, type(VectorStore(2, backend=other)))
    assert kept(elsewhere, place) == wanted
    with elsewhere.open(path=place) as store:
        *_, wanted = flushes(store, seed + 1, 8)
    assert kept(target, place) == wanted


@clause("DUR-3", requires="durable")
def test_the_bytes_are_those_of_the_format(target: Target, place: Path) -> None:
    with stock(target, place, precision=2):
        rows = place / "rows-00000001.f32"
        assert rows.read_bytes()[4096 : 4096 + 32] == UNITS[:2].astype("<f4").tobytes()
    assert {"catalog.sqlite", "head", "writer.lock", rows.name} <= set(names_in(place))
    assert (place / "catalog.sqlite").read_bytes()[68:72] == b"RFVC"


@clause("DUR-4", requires="durable")
@pytest.mark.parametrize("mode", ["a", "r+", "r"])
@pytest.mark.parametrize(
    "given",
    [{"dimension": 5}, {"precision": 6}, {"precision": "exact"}, {"dimension": 5, "precision": 3}],
    ids=str,
)
def test_arguments_that_the_store_contradicts(
    target: Target, place: Path, mode: str, given: dict[str, Any]
) -> None:
    stock(target, place, precision=3).close()
    before = kept(target, place)
    with pytest.raises(ValueError, match=r"dimension|precision") as caught:
        target.open(path=place, mode=mode, **given)
    assert "4" in str(caught.value) or "3" in str(caught.value)
    assert kept(target, place) == before
    target.open(path=place).close()


@clause("DUR-4", requires="durable")
@pytest.mark.parametrize("mode", ["a", "r+", "r"])
@pytest.mark.parametrize("given", [{}, {"dimension": 4}, {"precision": 3}, {"initial_capacity": 99}], ids=str)
def test_arguments_that_agree_or_are_ignored(
    target: Target, place: Path, mode: str, given: dict[str, Any]
) -> None:
    stock(target, place, precision=3).close()
    with target.open(path=place, mode=mode, **given) as store:
        assert (store.dimension, store.precision, store.get_statistics()["capacity"]) == (4, 3, 8)


@clause("DUR-4", "DEDUP-1", requires="durable")
def test_a_reopened_store_decides_identity_as_before(target: Target, place: Path) -> None:
    with target.open(2, path=place, precision=1) as store:
        store.add_vector("a", [0.5, 1])
    with target.open(path=place) as store:
        assert store.add_vector("b", [0.51, 1.01]) == 0
        assert store.add_vector("c", [0.6, 1]) == 1


@clause("SAVE-2", requires="durable")
@pytest.mark.parametrize("mode", ["a", "r"])
@pytest.mark.parametrize("double", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_durable_store_cannot_be_doubled(target: Target, place: Path, mode: str, double: Any) -> None:
    stock(target, place).close()
    with target.open(path=place, mode=mode) as store, pytest.raises(TypeError, match="save"):
        double(store)


@clause("SAVE-1", requires="durable")
@pytest.mark.parametrize("mode", ["a", "r"])
def test_a_durable_store_is_saved_into_one_file(target: Target, place: Path, mode: str) -> None:
    stock(target, place).close()
    with target.open(path=place, mode=mode) as store:
        store.save(place.with_name("saved"))
        wanted = held(store)
    assert held(VectorStore.load(place.with_name("saved"), backend=target.name)) == wanted


@clause("DUR-2", requires="durable")
def test_refresh_of_the_writer_is_false(target: Target, place: Path) -> None:
    with stock(target, place) as store:
        store.add_vector("d", UNITS[2])
        assert store.refresh() is False


@clause("DUR-2", "ATOM-1", requires="durable")
def test_errors_of_calls_are_as_in_memory(target: Target, place: Path) -> None:
    with stock(target, place) as store:
        before = held(store)
        with pytest.raises(DuplicateIdError):
            store.add_vectors(["d", "a"], UNITS[:2])
        assert held(store) == before
    assert kept(target, place) == before


@clause("DUR-5", requires="durable")
@pytest.mark.parametrize("mode", ["a", "r+", "x"])
@pytest.mark.parametrize("spelling", ["same", "relative", "dots", "link", "mmap"])
def test_a_second_writer_is_refused_at_once(
    target: Target, place: Path, spelling: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stock(target, place)
    place.with_name("link").symlink_to(place)
    monkeypatch.chdir(place.parent)
    path = {
        "same": place,
        "relative": Path("store"),
        "dots": place / ".." / "store",
        "link": place.with_name("link"),
        "mmap": place,
    }[spelling]
    given: dict[str, Any] = {"use_mmap": True, "mmap_path": path} if spelling == "mmap" else {"path": path}
    with pytest.raises(FileExistsError if mode == "x" else StoreLockedError, match=str(place)):
        target.open(mode=mode, **given)
    store.add_vector("d", UNITS[2])
    store.flush()
    store.close()
    target.open(path=path, mode="r+").close()


@clause("DUR-5", tier="standard", requires="durable")
def test_a_writer_of_another_process_is_refused(target: Target, spelling: str, place: Path) -> None:
    code = """
        import sys
        from refvec import StoreLockedError
        from refvec_conformance.judging.target import resolved
        with resolved(sys.argv[1]) as target:
            print(target.open(path=sys.argv[2], mode="r").ids())
            try:
                target.open(path=sys.argv[2])
            except StoreLockedError:
                print("locked")
    """
    with stock(target, place):
        assert output_of(code, spelling, str(place)) == "['a', 'b', 'c']\nlocked"


WRITES: dict[str, Any] = {
    "add_vector": lambda store: store.add_vector(object(), "bad"),
    "add_vectors": lambda store: store.add_vectors(3, "bad"),
    "upsert_vector": lambda store: store.upsert_vector("d", UNITS[0]),
    "upsert_vectors": lambda store: store.upsert_vectors([], []),
    "remove_vector": lambda store: store.remove_vector("nobody"),
    "remove_vectors": lambda store: store.remove_vectors([]),
    "clear": lambda store: store.clear(),
    "by keyword": lambda store: store.add_vector(chunk_id="d", vector=UNITS[0]),
}


@clause("DUR-5", "ERR-1", requires="durable")
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_reader_refuses_to_write_before_it_looks_at_anything(target: Target, place: Path, write: Any) -> None:
    stock(target, place).close()
    with target.open(path=place, mode="r") as store:
        before = held(store)
        with pytest.raises(ReadOnlyError):
            write(store)
        assert held(store) == before
    with pytest.raises(StoreClosedError):
        write(store)


@clause("DUR-5", requires="durable")
def test_a_subclass_cannot_write_around_a_reader(target: Target, place: Path) -> None:
    class Own(target.store):  # type: ignore[name-defined, misc]
        backend = target.store.backend

        def ingest(self) -> None:
            super().add_vector("d", UNITS[2])

    stock(target, place).close()
    with Own(path=place, mode="r") as store, pytest.raises(ReadOnlyError):
        store.ingest()
