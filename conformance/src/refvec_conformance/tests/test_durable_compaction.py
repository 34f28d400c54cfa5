"""DUR-1, DUR-8, INDEX: compaction gives space back and changes nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from refvec import UnsupportedError

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.compacting import (
    COUNT,
    DIMENSION,
    ROWS,
    large,
    row_files,
    untidy,
    worn,
)
from refvec_conformance.probes.durability import flushes, held, kept
from refvec_conformance.probes.fixtures import Make
from refvec_conformance.probes.numbering import judge_taken


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
    judge_taken(store, found.tolist(), [*range(1000, 2000), *range(3000, 4001)])
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
    judge_taken(store, [store.add_vector("c", [5, 6])], [0])
    wanted = held(store)
    store.close()
    assert kept(target, place) == wanted


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
