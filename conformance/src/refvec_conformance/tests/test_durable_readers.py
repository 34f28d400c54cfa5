"""DUR-5, DUR-8: readers beside a writer, and which rows may be written again."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import BackendPlugin, CorruptStoreError, OpenSpec, State, VectorStore
from refvec.registry import provided

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.children import output_of
from refvec_conformance.probes.concurrency import must, together
from refvec_conformance.probes.distributions import variant
from refvec_conformance.probes.durability import flushes, held, kept, watched
from refvec_conformance.probes.fixtures import Budget
from refvec_conformance.probes.journals import step
from refvec_conformance.probes.numbering import judge_taken
from refvec_conformance.probes.seam import Points

ROWS = np.arange(40, dtype=np.float32).reshape(20, 2)


def stock(target: Target, place: Path) -> VectorStore:
    """Return a durable store with three vectors, flushed."""
    store = target.open(2, path=place)
    store.add_vectors(["a", "b", "c"], ROWS[:3])
    store.flush()
    return store


@clause("DUR-5", requires="durable")
def test_a_reader_sees_the_last_flush_until_it_refreshes(target: Target, place: Path, seed: int) -> None:
    writer = target.open(2, 2, path=place)
    reader = target.open(path=place, mode="r")
    seen = held(reader)
    for wanted in flushes(writer, seed, 12):
        assert held(reader) == seen
        assert reader.refresh() or wanted == seen
        assert held(reader) == wanted
        assert reader.refresh() is False
        seen = wanted
    writer.add_vector("unflushed", [99, 99])
    assert reader.refresh() is False
    writer.close()
    assert reader.refresh() is True
    assert "unflushed" in reader


@clause("DUR-5", requires="durable")
def test_a_refreshed_reader_still_refuses_and_searches(target: Target, place: Path) -> None:
    writer, reader = stock(target, place), target.open(path=place, mode="r")
    writer.upsert_vectors(["a", "d"], ROWS[4:6])
    writer.flush()
    assert reader.refresh() is True
    with pytest.raises(PermissionError):
        reader.add_vector("x", ROWS[9])
    assert reader.get_vectors(["a", "b", "c", "d"]).tolist() == ROWS[[4, 1, 2, 5]].tolist()
    assert reader.find_vector(ROWS[5]) == reader.get_index("d")
    assert reader.ids() == ["a", "b", "c", "d"]
    assert len(reader) == 4


@clause("DUR-5", requires="durable")
def test_a_refreshed_reader_sees_what_has_come_to_a_freed_index(target: Target, place: Path) -> None:
    # Without payloads: a reader of those may keep freed indices back, as one that maps rows does.
    with stock(target, place) as writer, target.open(path=place, mode="r") as reader:
        assert reader.get_all_vectors().tolist() == ROWS[:3].tolist()
        for row in ROWS[5:7]:
            writer.remove_vector("a")
            writer.flush()
            writer.add_vector("a", row)
            writer.flush()
            assert reader.refresh() is True
            assert held(reader) == held(writer)


@clause("DUR-5", "DUR-6", requires="durable")
def test_a_reader_does_not_take_another_store_for_its_own(target: Target, place: Path) -> None:
    stock(target, place).close()
    reader = target.open(path=place, mode="r")
    seen = held(reader)
    place.rename(place.with_name("before"))
    with target.open(2, path=place) as other:
        other.add_vectors(["x", "y"], ROWS[:2])
    with pytest.raises(CorruptStoreError, match="another store"):
        reader.refresh()
    assert held(reader) == seen


@clause("DUR-5", requires="durable")
def test_readers_never_make_a_flush_fail(target: Target, place: Path, seed: int) -> None:
    writer = stock(target, place)
    readers = [target.open(path=place, mode="r") for _ in range(5)]
    for number, _ in enumerate(flushes(writer, seed, 20)):
        readers[number % 5].close()
        readers[number % 5] = target.open(path=place, mode="r")
        readers[(number + 1) % 5].refresh()
    writer.close()
    assert {str((one.refresh(), held(one))[1]) for one in readers} == {str(kept(target, place))}


@clause("DUR-5", tier="standard", requires="durable")
@pytest.mark.parametrize("state", ["beside", "closed", "killed"])
def test_readers_need_no_write_permission(target: Target, spelling: str, place: Path, state: str) -> None:
    writer = stock(target, place)
    if state == "closed":
        writer.close()
    path = place
    if state == "killed":
        path = place.with_name("left")
        shutil.copytree(place, path)
    for one in [place.parent, path, *path.iterdir()]:
        one.chmod(0o555 if one.is_dir() else 0o444)
    try:
        found = output_of(
            """
            import os, sys
            import refvec.durable
            from refvec_conformance.judging.target import resolved
            with resolved(sys.argv[1]) as target:
                target.open(2)  # imports what it needs
                if not os.geteuid():  # whom no permission stops
                    os.setgroups([])
                    os.setgid(65534)
                    os.setuid(65534)
                with target.open(path=sys.argv[2], mode="r") as store:
                    store.verify()
                    print(store.ids(), store.refresh())
            """,
            spelling,
            str(path),
        )
    finally:
        for one in [place.parent, path, *path.iterdir()]:
            one.chmod(0o755 if one.is_dir() else 0o644)
    assert found == "['a', 'b', 'c'] False"


@clause("DUR-5", "THREAD-1", tier="standard", requires="durable")
def test_threads_of_a_reader_see_whole_flushes(target: Target, place: Path, budget: Budget) -> None:
    writer = target.open(2, path=place)
    ids = [f"{n}" for n in range(30)]
    writer.add_vectors(ids, np.zeros((30, 2)))
    writer.flush()
    reader = target.open(path=place, mode="r")
    over: list[bool] = []

    def write() -> None:
        try:
            for turn in range(budget(40)):
                writer.upsert_vectors(ids, np.full((30, 2), turn) + np.arange(30)[:, None] * 1000)
                writer.flush()
                reader.refresh()
        finally:
            over.append(True)

    def read() -> list[int]:
        found = []
        while not over:
            rows = reader.get_vectors(ids)
            if len({*(rows[:, 0] - np.arange(30) * 1000).tolist()}) > 1 and rows.any():
                found.append(1)
        return found

    _, *seen = must(together(write, read, read))
    assert seen == [[], []]


class Between:
    """Opens readers that call something in the middle of reading their rows, or before they read any."""

    def __init__(self, target: Target, call: Callable[[], object]) -> None:
        self.target = target
        self.call = call

    def open(self, place: Path, mode: str = "r") -> VectorStore:
        """Return a reader of the state at the beginning of its opening."""

        def opened(store: Any, spec: OpenSpec, state: State | None) -> None:
            begun: list[bool] = []

            def blocks() -> Iterator[Any]:
                begun.append(True)
                self.call()
                assert state is not None
                yield from state.blocks

            changed = None if state is None else state._replace(blocks=blocks())
            self.target.store._open(store, spec, changed)
            if not begun:
                self.call()

        kind = variant(self.target.store, "between", _open=opened)
        with provided(kind.backend, BackendPlugin(kind)):
            return VectorStore(path=place, mode=mode, backend=kind.backend)


@clause("DUR-8", requires="durable")
def test_rows_that_a_reader_is_reading_are_not_written_again(target: Target, place: Path) -> None:
    writer = stock(target, place)
    wanted = held(writer)
    used = writer.indices().tolist()

    def change() -> None:
        for turn in range(4):
            found = writer.upsert_vectors(["a", "b", "c"], ROWS[3 * turn + 3 : 3 * turn + 6]).tolist()
            judge_taken(writer, found, [len(used), len(used) + 1, len(used) + 2], withheld=used)
            used.extend(found)
            writer.flush()

    reader = Between(target, change).open(place)
    assert held(reader) == wanted
    reader.close()
    del reader
    writer.flush()  # nobody reads any more
    judge_taken(writer, [writer.add_vector("x", [77, 77])], [0])
    writer.close()
    assert kept(target, place) == held(target.open(path=place))


@clause("DUR-8", requires="durable")
def test_nor_by_a_writer_that_opens_meanwhile(target: Target, place: Path) -> None:
    first = stock(target, place)
    wanted = held(first)
    kept_open: list[VectorStore] = []

    def change() -> None:
        used = first.indices().tolist()
        used += first.upsert_vectors(["a", "b", "c"], ROWS[3:6]).tolist()
        first.close()
        second = target.open(path=place)
        judge_taken(second, [second.add_vector("x", [55, 55])], [6], withheld=used)
        second.flush()
        kept_open.append(second)

    assert held(Between(target, change).open(place)) == wanted
    (second,) = kept_open
    second.flush()
    judge_taken(second, second.add_vectors(["y", "z"], [[56, 56], [57, 57]]).tolist(), [0, 1])


@clause("DUR-8", "INDEX-1", requires="durable")
def test_a_freed_index_is_reusable_after_the_next_flush(target: Target, place: Path) -> None:
    writer = stock(target, place)
    freed = writer.get_indices(["a"]).tolist()
    writer.remove_vector("a")
    judge_taken(writer, [writer.add_vector("d", ROWS[5])], [3], withheld=freed)
    writer.flush()
    again = writer.add_vector("e", ROWS[6])
    judge_taken(writer, [again], [0])
    writer.remove_vector("e")
    # Nothing that was flushed refers to it; yet it was freed since the last flush.
    judge_taken(writer, [writer.add_vector("f", ROWS[7])], [4], withheld=[again])


@clause("DUR-8", "INDEX-1", requires="durable")
def test_freed_indices_are_reusable_after_reopening(target: Target, place: Path) -> None:
    with stock(target, place) as writer:
        writer.remove_vectors(["a", "b"])
    with target.open(path=place) as writer:
        judge_taken(writer, writer.add_vectors(["d", "e", "f"], ROWS[5:8]).tolist(), [0, 1, 3])


@clause("DUR-8", requires="durable")
def test_no_row_of_the_last_flush_is_written_in_place(target: Target, place: Path, seed: int) -> None:
    writer = target.open(2, 2, path=place)
    committed: set[int] = set()
    touched: list[int] = []

    def before(name: str, args: tuple[Any, ...]) -> None:
        if name == "pwrite" and args[2] >= 4096:
            first = (args[2] - 4096) // 8
            touched.extend(range(first, first + len(memoryview(args[1]).cast("B")) // 8))

    with watched(before, lambda *_: None):
        for number, _ in enumerate(flushes(writer, seed, 40)):
            assert committed.isdisjoint(touched)
            committed = set(writer.indices().tolist())
            touched.clear()
            if number % 3 == 0:
                change(writer, seed + number)
                try:
                    with Points(number % 7, failing).watching():
                        writer.flush()  # if it fails, it gives nothing free
                except OSError:
                    now = committed
                else:
                    now = set(writer.indices().tolist())
                assert committed.isdisjoint(touched)
                committed = now
                touched.clear()


def failing() -> None:
    """Be a disk that is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def change(store: VectorStore, seed: int) -> None:
    """Make some changes."""
    rng = np.random.default_rng(seed)
    for _ in range(4):
        step(rng, store)
