"""OPEN-5, OPEN-7, DUR-4: which store a path means, and what the arguments must agree with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from refvec import (
    DimensionMismatchError,
)

from refvec_conformance.inputs.paths import FsPath
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.durability import kept, names_in
from refvec_conformance.probes.fixtures import UNITS

from .helpers import stock


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
    target.open(4, path=kind(Path("grid://host"))).close()
    assert kept(target, place.parent / "grid:" / "host")["dimension"] == 4


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
