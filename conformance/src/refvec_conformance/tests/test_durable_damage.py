"""DUR-6: whatever happens to the bytes of a store, it is noticed, named, and left as it is."""

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from refvec import CorruptStoreError

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.damaging import (
    DAMAGES,
    FILES,
    REFUSED,
    ROWS,
    SAME,
    Damaged,
    contents,
    crashed,
    places,
)
from refvec_conformance.probes.fixtures import UNITS, Budget


@clause("DUR-6", tier="standard", requires="durable")
@pytest.mark.parametrize("name", FILES)
def test_damage_of_every_region_is_noticed(
    target: Target, place: Path, seed: int, rng: np.random.Generator, budget: Budget, name: str
) -> None:
    damaged, wrong = Damaged(target, place, seed), []
    for region, spans in damaged.regions(name).items():
        for kind, damage in DAMAGES.items():
            for at in places(spans, budget(40 if len(damaged.whole[name]) < 4096 else 12), rng):
                found = damaged.outcome(name, partial(damage, at=at))
                if found not in (REFUSED, SAME):
                    wrong.append(f"{name}, {region}, {kind} at {at}: {found}")
    assert wrong == []


@clause("DUR-6", tier="standard", requires="durable")
@pytest.mark.parametrize("name", FILES)
def test_what_follows_a_file_is_refused_or_ignored(target: Target, place: Path, seed: int, name: str) -> None:
    damaged = Damaged(target, place, seed)
    found = {
        damaged.outcome_of({**damaged.whole, name: damaged.whole[name] + b"x" * more}, name)
        for more in (1, 24, 4096)
    }
    assert found <= {REFUSED, SAME}


@clause("DUR-6", "DUR-1", requires="durable")
def test_a_log_that_lost_an_acknowledged_flush_is_noticed(target: Target, place: Path, seed: int) -> None:
    crashed(target, place, seed)
    (place / "catalog.sqlite-wal").unlink()
    before = contents(place)
    for mode in ("r", "a"):
        with pytest.raises(CorruptStoreError, match=r"acknowledged"):
            target.open(path=place, mode=mode)
    assert contents(place) == before


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
    # One that had not read the row yet finds it cut.
    with suppress(CorruptStoreError) if damage == "cut" else nullcontext():
        assert reader.get_vectors(["c"]).tolist() == [UNITS[2].tolist()]
