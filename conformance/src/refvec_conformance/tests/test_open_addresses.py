"""OPEN-5, OPEN-8: where a store is said to be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from refvec import (
    UnsupportedError,
    VectorStore,
)

from refvec_conformance.inputs.paths import FsPath
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import Make
from refvec_conformance.probes.options import with_options


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes an address for a path leaves nothing where the suite was started."""
    monkeypatch.chdir(tmp_path)


def traces(error: BaseException | None) -> str:
    """Return what an error and all errors in its chain say."""
    return "" if error is None else f"{error!r} {traces(error.__cause__ or error.__context__)}"


@clause("OPEN-5")
def test_without_a_path_the_store_is_in_memory(store: VectorStore) -> None:
    assert store.get_statistics()["storage_type"] == "in-memory"


@clause("OPEN-5")
def test_mmap_path_is_ignored_without_use_mmap(make: Make, tmp_path: Path) -> None:
    make(4, 10, False, tmp_path / "ignored")
    assert list(tmp_path.iterdir()) == []


@clause("OPEN-5")
@pytest.mark.parametrize("mmap_path", [None], ids=["none"])
def test_use_mmap_without_a_path(make: Make, mmap_path: Any) -> None:
    with pytest.raises(ValueError, match="mmap_path is required"):
        make(4, 10, True, mmap_path)


@clause("OPEN-5")
def test_both_paths_are_a_value_error(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="path"):
        make(4, 10, True, tmp_path / "one", path=tmp_path / "other")


@clause("PLUGIN-3", "OPEN-5", requires="!durable")
@pytest.mark.parametrize("kind", [str, Path, os.fsencode], ids=["str", "Path", "bytes"])
def test_a_path_without_durable_is_refused(make: Make, tmp_path: Path, kind: Any) -> None:
    with pytest.raises(TypeError if kind is os.fsencode else UnsupportedError):
        make(4, path=kind(tmp_path / "store"))


@clause("PLUGIN-3", requires="!durable")
@pytest.mark.parametrize("how", ["path", "mmap"])
def test_a_refused_path_is_left_alone(make: Make, tmp_path: Path, how: str) -> None:
    given: dict[str, Any] = (
        {"path": tmp_path / "s"} if how == "path" else {"use_mmap": True, "mmap_path": tmp_path / "s"}
    )
    with pytest.raises(UnsupportedError):
        make(4, **given)
    assert list(tmp_path.iterdir()) == []


URL = "grid://alice:hunter2@host/0?token=hunter2"


@clause("OPEN-8", "PLUGIN-3", requires="!networked", since="1.1")
@pytest.mark.parametrize("how", ["path", "mmap_path"])
def test_an_address_is_refused_by_who_is_not_networked(make: Make, how: str) -> None:
    given: dict[str, Any] = {"path": URL} if how == "path" else {"use_mmap": True, "mmap_path": URL}
    with pytest.raises(UnsupportedError, match="networked"):
        make(4, **given)


@clause("OPEN-8", requires="!durable", since="1.1")
@pytest.mark.parametrize("kind", [Path, FsPath], ids=["Path", "PathLike"])
def test_a_path_object_has_no_scheme(make: Make, kind: Any) -> None:
    with pytest.raises(UnsupportedError, match="durable"):
        make(4, path=kind("grid://host"))


@clause("OPEN-8", since="1.1")
@pytest.mark.parametrize(
    "given",
    [
        {"path": URL, "mmap_path": URL, "use_mmap": True},
        {"path": URL, "mode": URL},
        {"path": URL + "\0"},
        {"path": URL, "precision": URL},
        {"path": URL, "dimension": 0},
        {"path": "grid://alice:hunter2/@host", "password": "hunter2"},
    ],
    ids=lambda given: " ".join(given),
)
def test_no_error_about_the_arguments_shows_who_logs_in(make: Make, given: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, UnsupportedError)) as caught:
        make(**given)
    assert [secret for secret in ("alice", "hunter2") if secret in traces(caught.value)] == []


@contextmanager
def networked(target: Target) -> Iterator[str]:
    """Yield the name of a backend that is the target with addresses."""
    able = replace(target.capabilities, networked=True, schemes=("grid",))
    with with_options(target, capabilities=able) as name:
        yield name


SHOWN = [repr, str, lambda store: repr(store.opened), lambda store: repr(vars(store))]


@clause("OPEN-8", requires="!networked", since="1.1")
@pytest.mark.parametrize("shown", SHOWN, ids=["repr", "str", "spec", "attributes"])
def test_what_is_open_does_not_show_who_logs_in(target: Target, shown: Any) -> None:
    with networked(target) as name:
        store = VectorStore(4, backend=name, path=URL)
    assert [secret for secret in ("alice", "hunter2") if secret in shown(store)] == []


@clause("OPEN-8", requires="!networked", since="1.1")
@pytest.mark.parametrize(
    "query", ["?tokn=hunter2", "?timeout=soon&token=hunter2", "?token=hunter2&token=1", "?hunter2"]
)
def test_no_error_about_an_address_shows_its_secrets(target: Target, query: str) -> None:
    with networked(target) as name, pytest.raises(ValueError, match=r".") as caught:
        VectorStore(4, backend=name, path=f"grid://alice:hunter2@host{query}")
    assert [secret for secret in ("alice", "hunter2") if secret in traces(caught.value)] == []


@clause("OPEN-8", requires="!networked", since="1.1")
@pytest.mark.parametrize(("query", "found"), [("", 5.0), ("?timeout=2", 2.0)])
def test_the_query_of_an_address_gives_options(target: Target, query: str, found: float) -> None:
    with networked(target) as name:
        store: Any = VectorStore(4, backend=name, path=f"grid://host{query}")
    assert store.opened.options["timeout"] == found


@clause("OPEN-8", requires="!networked", since="1.1")
def test_the_backend_gets_the_whole_address(target: Target) -> None:
    with networked(target) as name:
        store: Any = VectorStore(4, backend=name, path=URL)
    assert store.opened.location.text == URL


@clause("PLUGIN-3", requires="!durable")
@pytest.mark.parametrize("method", ["refresh", "verify", "compact"])
def test_methods_of_durable_stores_are_refused(stocked: VectorStore, method: str) -> None:
    with refused(stocked, UnsupportedError):
        getattr(stocked, method)()


@clause("PLUGIN-3", requires="!networked", since="1.1")
@pytest.mark.parametrize("method", ["drop", "vacuum"])
def test_methods_of_stores_in_servers_are_refused(stocked: VectorStore, method: str) -> None:
    with refused(stocked, UnsupportedError):
        getattr(stocked, method)()
