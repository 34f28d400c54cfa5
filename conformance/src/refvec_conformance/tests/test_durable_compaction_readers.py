"""DUR-5, DUR-8, THREAD-1: readers, and other threads of the writer, go on beside a compaction."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from refvec import ReadOnlyError, StoreLockedError

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.compacting import (
    DIMENSION,
    IDS,
    ROWS,
    large,
    once_read,
    worn,
)
from refvec_conformance.probes.concurrency import give_way, must, together
from refvec_conformance.probes.durability import held, kept, names_in, watched
from refvec_conformance.probes.fixtures import Budget

from .test_durable_readers import Between


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
            give_way()  # who reads without a pause keeps the interpreter from a compaction for seconds
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
    assert set(added) <= {one for one, _ in wanted["ids"]}


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
