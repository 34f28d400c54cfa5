"""DUR-1, DUR-7: disks that fail, are full, lose what was not synced, and processes that are killed."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from refvec import StoreLockedError, VectorStore
from refvec.durable import disk

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.durability import flushes, held, history, kept
from refvec_conformance.probes.fixtures import Budget
from refvec_conformance.probes.journals import step
from refvec_conformance.probes.mounting import NOT_HERE
from refvec_conformance.probes.seam import Points, operations, points_of

from .helpers import program


@clause("DUR-1", tier="standard", requires="durable")
def test_a_killed_writer_leaves_the_last_flush(spelling: str, budget: Budget) -> None:
    assert program("crashing", spelling, 1, budget(40), 20) in ([], [""])


@clause("DUR-7", tier="standard", requires="durable")
def test_a_full_disk_is_survived(spelling: str) -> None:
    assert program("filling", spelling, 1) in ([], [""])


@clause("DUR-7", "DUR-5", tier="standard", requires="durable")
def test_a_disk_of_our_own_is_full_and_a_store_is_mounted_twice(spelling: str) -> None:
    found = [line for line in program("mounting", spelling, 1) if line]
    assert not found or found[0].startswith(NOT_HERE)


def failing(number: int) -> Callable[[], None]:
    """Return what raises the error of that number."""

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    return fail


def interrupt() -> None:
    """Be Ctrl-C."""
    raise KeyboardInterrupt


FAULTS = {"full": failing(errno.ENOSPC), "error": failing(errno.EIO), "interrupt": interrupt}


def change(store: VectorStore, seed: int) -> None:
    """Make some changes."""
    rng = np.random.default_rng(seed)
    for _ in range(8):
        step(rng, store)


@clause("DUR-7", "ATOM-1", requires="durable")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("first", [True, False])
def test_a_flush_that_fails_anywhere_changes_nothing_and_may_be_tried_again(
    target: Target, place: Path, seed: int, fault: Callable[[], None], first: bool
) -> None:
    sqlite = fault is not interrupt  # which falls between bytecodes, and sqlite has none

    def opened(path: Path) -> tuple[VectorStore, dict[str, Any]]:
        store = target.open(2, 2, path=path)
        before = held(store)
        if not first:
            *_, before = flushes(store, seed, 3)
        change(store, seed)
        return store, before

    with operations():
        counted, _ = opened(place.with_name("counted"))
        count = points_of(counted.flush, sqlite=sqlite)
        for point in range(fault is FAULTS["error"], count, 1 + sqlite):  # each point meets one of two errors
            path = place.with_name(f"{point}")
            store, before = opened(path)
            wanted, failed = held(store), False
            with Points(point, fault).watching(sqlite=sqlite):
                try:
                    store.flush()
                except (OSError, KeyboardInterrupt):
                    failed = True
            assert held(store) == wanted
            assert kept(target, path) in ([before, wanted] if failed else [wanted])
            with pytest.raises(StoreLockedError):
                target.open(path=path)
            change(store, seed + 1)
            wanted = held(store)
            store.flush()
            assert kept(target, path) == wanted
            *_, wanted = flushes(store, seed + 2, 3)
            assert kept(target, path) == wanted
            store.close()


@clause("DUR-7", "DUR-2", requires="durable")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_close_that_cannot_flush_leaves_the_store_open(
    target: Target, place: Path, fault: Callable[[], None]
) -> None:
    store = target.open(2, path=place)
    store.add_vector("a", [1, 2])
    with Points(0, fault).watching(), pytest.raises((OSError, KeyboardInterrupt)):
        store.close()
    assert not store.closed
    store.add_vector("b", [3, 4])
    wanted = held(store)
    store.close()
    assert kept(target, place) == wanted


@clause("DUR-7", "OPEN-5", requires="durable")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_creation_that_fails_anywhere_may_be_tried_again(
    target: Target, place: Path, fault: Callable[[], None]
) -> None:
    sqlite = fault is not interrupt
    count = points_of(lambda: target.open(4, path=place.with_name("counted")).close(), sqlite=sqlite)
    for point in range(0, count, 3 if sqlite else 1):  # sqlite asks for much when it makes a database
        path = place.with_name(f"{point}") / "below"
        with Points(point, fault).watching(sqlite=sqlite), suppress(OSError, KeyboardInterrupt):
            target.open(4, path=path).close()
        with target.open(4, path=path) as store:
            store.add_vector("a", [1, 2, 3, 4])
        assert kept(target, path)["ids"] == [("a", 0)]


@clause("DUR-7", requires="durable")
@pytest.mark.parametrize("fault", ["full", "error"])
def test_an_opening_that_fails_anywhere_may_be_tried_again(
    target: Target, place: Path, seed: int, fault: str
) -> None:
    with operations():
        *_, wanted = history(target, place, seed, 3)
        for point in range(points_of(lambda: target.open(path=place).close())):
            with Points(point, FAULTS[fault]).watching(), suppress(OSError):
                target.open(path=place).close()
            assert kept(target, place, "r+") == wanted


@clause("DUR-7", "DUR-1", requires="durable")
def test_writes_that_take_only_a_part_are_continued(target: Target, place: Path, seed: int) -> None:
    write = disk.pwrite
    with mock.patch.object(
        disk, "pwrite", lambda handle, data, at: write(handle, data[: 1 + len(data) // 3], at)
    ):
        store = target.open(2, 2, path=place)
        for wanted in flushes(store, seed, 6):
            assert kept(target, place) == wanted


@clause("DUR-1", "DUR-7", requires="durable")
@pytest.mark.parametrize("other", [False, True])
def test_a_flush_into_a_moved_directory_is_not_acknowledged(target: Target, place: Path, other: bool) -> None:
    store = target.open(2, path=place)
    store.add_vector("a", [1, 2])
    place.rename(place.with_name("moved"))
    if other:
        with target.open(2, path=place) as second:
            second.add_vector("b", [3, 4])
    with pytest.raises(OSError, match="moved"):
        store.flush()
    if other:
        assert kept(target, place)["ids"] == [("b", 0)]
        place.rename(place.with_name("other"))
    place.with_name("moved").rename(place)
    store.close()
    assert kept(target, place)["ids"] == [("a", 0)]


@clause("DUR-1", "DUR-7", requires="durable")
def test_a_flush_into_a_deleted_directory_is_not_acknowledged(target: Target, place: Path) -> None:
    store = target.open(2, path=place)
    store.add_vector("a", [1, 2])
    shutil.rmtree(place)
    with pytest.raises(OSError, match="deleted"):
        store.flush()
    assert store.get_vectors(["a"]).tolist() == [[1, 2]]
    store.close(flush=False)
