"""DUR-5: one writer, by whatever spelling of the path; readers do not write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from refvec import (
    ReadOnlyError,
    StoreClosedError,
    StoreLockedError,
)

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.children import output_of
from refvec_conformance.probes.durability import held
from refvec_conformance.probes.fixtures import UNITS

from .helpers import stock


@clause("DUR-2", requires="durable")
def test_refresh_of_the_writer_is_false(target: Target, place: Path) -> None:
    with stock(target, place) as store:
        store.add_vector("d", UNITS[2])
        assert store.refresh() is False


@clause("DUR-5", requires="durable")
@pytest.mark.parametrize("mode", ["a", "r+", "x"])
@pytest.mark.parametrize("spelling", ["same", "relative", "dots", "link", "parent", "hard", "mmap"])
def test_a_second_writer_is_refused_at_once(
    target: Target, place: Path, spelling: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stock(target, place)
    place.with_name("link").symlink_to(place)
    place.with_name("parent").symlink_to(place.parent)
    place.with_name("hard").mkdir()
    for file in place.iterdir():
        os.link(file, place.with_name("hard") / file.name)
    monkeypatch.chdir(place.parent)
    path = {
        "same": place,
        "relative": Path("store"),
        "dots": place / ".." / "store",
        "link": place.with_name("link"),
        "parent": place.with_name("parent") / "store",
        "hard": place.with_name("hard"),  # not the directory is locked, its files are
        "mmap": place,
    }[spelling]
    given: dict[str, Any] = {"use_mmap": True, "mmap_path": path} if spelling == "mmap" else {"path": path}
    with pytest.raises(FileExistsError if mode == "x" else StoreLockedError, match=str(path.resolve())):
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
