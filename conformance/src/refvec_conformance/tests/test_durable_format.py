"""DUR-3: one format, which every durable backend writes and reads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import CorruptStoreError, VectorStore, backends

from refvec_conformance.campaign.load import DIMENSION, change
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.damaging import contents
from refvec_conformance.probes.durability import flushes, held, history, kept, names_in
from refvec_conformance.probes.fixtures import UNITS
from refvec_conformance.probes.neighbours import beside
from refvec_conformance.probes.numbering import judge_taken
from refvec_conformance.stores import CONTENT_1, FORMAT_1, NEWER, as_text, copied

from .helpers import stock


def durable_names() -> list[str]:
    """Return the installed backends that declare it."""
    return [row.name for row in backends() if row.capabilities is not None and row.capabilities.durable]


def elsewhere(name: str) -> Target:
    """Return another backend as what is under test."""
    return Target(name, type(VectorStore(2, backend=name)))


@clause("DUR-3", requires="durable")
@pytest.mark.parametrize("other", durable_names())
def test_a_store_opens_in_every_other_durable_backend(
    target: Target, place: Path, seed: int, other: str
) -> None:
    def experiment(one: Target) -> None:
        path = place / one.name
        wanted = history(one, path, seed, 8)[-1]
        assert kept(elsewhere(other), path) == wanted
        with elsewhere(other).open(path=path) as store:
            *_, wanted = flushes(store, seed + 1, 8)
        assert kept(one, path) == wanted

    place.mkdir()
    beside(target, other, experiment)


@clause("DUR-3", "DUR-1", requires="durable")
@pytest.mark.parametrize("precision", [2, "exact"])
@pytest.mark.parametrize("other", durable_names())
def test_what_a_store_does_next_is_the_same_in_every_backend(
    target: Target, place: Path, seed: int, other: str, precision: Any
) -> None:
    def experiment(mine: Target) -> None:
        path, copied = place / mine.name, place / f"{mine.name} copied"
        with mine.open(DIMENSION, 2, path=path, precision=precision) as store:
            _change(store, seed)
            wanted = held(store)
        shutil.copytree(path, copied)
        for one, there in ((mine, path), (elsewhere(other), copied)):
            with one.open(path=there) as store:
                assert (held(store), store.precision) == (wanted, precision)
                _change(store, seed + 1)
        assert kept(mine, copied) == kept(elsewhere(other), path)

    place.mkdir()
    beside(target, other, experiment)


def _change(store: VectorStore, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(20):
        change(rng, store)


@clause("DUR-3", "DUR-8", requires="durable")
@pytest.mark.parametrize("other", durable_names())
def test_indices_that_are_held_back_are_so_in_every_backend(target: Target, place: Path, other: str) -> None:
    import fcntl  # in here: see `refvec_conformance.judging.systems`

    def experiment(one: Target) -> None:
        path = place / one.name
        with stock(one, path) as store:
            freed = store.get_indices(["c"]).tolist()
            store.remove_vector("c")
        with (path / "head").open("rb") as reading:
            fcntl.flock(reading, fcntl.LOCK_SH)  # as a reader does while it reads
            with elsewhere(other).open(path=path) as store:
                judge_taken(store, [store.add_vector("d", UNITS[2])], [2], withheld=freed)
                store.flush()
                judge_taken(store, [store.add_vector("e", UNITS[3])], [3], withheld=freed)
                fcntl.flock(reading, fcntl.LOCK_UN)
                store.flush()
                judge_taken(store, [store.add_vector("f", UNITS[1])], [1])

    place.mkdir()
    beside(target, other, experiment)


@clause("DUR-3", requires="durable")
def test_the_bytes_are_those_of_the_format(target: Target, place: Path) -> None:
    with stock(target, place, precision=2):
        rows = place / "rows-00000001.f32"
        assert rows.read_bytes()[4096 : 4096 + 32] == UNITS[:2].astype("<f4").tobytes()
    assert {"catalog.sqlite", "head", "writer.lock", rows.name} <= set(names_in(place))
    assert (place / "catalog.sqlite").read_bytes()[68:72] == b"RFVC"


@clause("DUR-3", "DUR-1", requires="durable")
@pytest.mark.parametrize("mode", ["r", "r+"])
def test_the_store_of_format_1_that_is_kept_opens(target: Target, place: Path, mode: str) -> None:
    with target.open(path=copied(FORMAT_1, place), mode=mode) as store:
        store.verify()
        assert as_text(held(store)) == CONTENT_1.read_text("utf-8")


@clause("DUR-6", requires="durable")
@pytest.mark.parametrize("mode", ["r", "a"])
def test_the_store_of_a_later_format_that_is_kept_is_refused(target: Target, place: Path, mode: str) -> None:
    copied(NEWER, place)
    before = contents(place)
    with pytest.raises(CorruptStoreError, match=r"catalog\.sqlite.*format 2"):
        target.open(path=place, mode=mode)
    assert contents(place) == before
