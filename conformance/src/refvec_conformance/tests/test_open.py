"""OPEN and INT: the arguments of the front door."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refvec import (
    BackendPlugin,
    OpenSpec,
    Option,
    UnknownBackendError,
    UnsupportedError,
    VectorStore,
    backends,
)
from refvec.registry import provided

from refvec_conformance.inputs.hostile import Index, OwnError, fail
from refvec_conformance.inputs.paths import FsPath
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import observe, refused
from refvec_conformance.probes.distributions import variant
from refvec_conformance.probes.fixtures import UNITS, Make, label


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes an address for a path leaves nothing where the suite was started."""
    monkeypatch.chdir(tmp_path)


def traces(error: BaseException | None) -> str:
    """Return what an error and all errors in its chain say."""
    return "" if error is None else f"{error!r} {traces(error.__cause__ or error.__context__)}"


PARAMETERS = ["dimension", "initial_capacity", "use_mmap", "mmap_path", "backend", "precision", "path", "mode"]


@clause("OPEN-1", tier="smoke")
def test_the_front_door_returns_a_vector_store(store: VectorStore) -> None:
    assert isinstance(store, VectorStore)


@clause("OPEN-1", tier="smoke")
def test_the_front_door_returns_the_backends_own_object(target: Target, store: VectorStore) -> None:
    assert type(store) is target.store


@clause("OPEN-1")
def test_the_store_is_initialised_once(target: Target) -> None:
    calls: list[str] = []

    class Counting(target.store):  # type: ignore[name-defined, misc]
        backend = f"{target.name}-counting"

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            calls.append("initialised")
            super().__init__(*args, **kwargs)

    with provided(Counting.backend, BackendPlugin(Counting)):
        VectorStore(4, backend=Counting.backend)
    assert calls == ["initialised"]


@clause("OPEN-1")
def test_the_order_and_the_kinds_of_the_parameters() -> None:
    found = inspect.signature(VectorStore.__init__).parameters
    kinds = {name: found[name].kind.name for name in found if name != "self"}
    first = dict.fromkeys(PARAMETERS[:4], "POSITIONAL_OR_KEYWORD")
    rest = dict.fromkeys(PARAMETERS[4:], "KEYWORD_ONLY")
    assert kinds == first | rest | {"options": "VAR_KEYWORD"}


@clause("OPEN-1")
def test_the_defaults_of_the_parameters() -> None:
    found = inspect.signature(VectorStore.__init__).parameters
    defaults = [None, 1000, False, None, "auto", None, None, "a"]
    assert [found[name].default for name in PARAMETERS] == defaults


@clause("OPEN-1")
@pytest.mark.parametrize("args", [(3,), (3, 10), (3, 10, False), (3, 10, False, None)], ids=len)
def test_the_first_four_may_be_given_by_position(make: Make, args: tuple[Any, ...]) -> None:
    assert make(*args).dimension == 3


@clause("OPEN-1")
def test_everything_may_be_given_by_keyword(make: Make) -> None:
    given: dict[str, Any] = {"initial_capacity": 7, "use_mmap": False, "mmap_path": None, "precision": 2}
    store = make(dimension=3, path=None, mode="a", **given)
    assert (store.dimension, store.precision) == (3, 2)


@clause("OPEN-1")
@pytest.mark.parametrize("more", [{"metric": "dot"}, {"dim": 3}, {"capacity": 3}], ids=str)
def test_an_unknown_parameter_is_a_type_error(make: Make, more: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        make(4, **more)


@clause("OPEN-1")
@pytest.mark.parametrize(
    ("name", "near"), [("dimensions", "dimension"), ("capacity", "initial_capacity"), ("precison", "precision")]
)
def test_an_unknown_parameter_names_the_nearest(make: Make, name: str, near: str) -> None:
    with pytest.raises(TypeError, match=f"{name}.*mean.*{near}"):
        make(**{name: 4})


OPTIONS = (Option("timeout", float, 5.0), Option("token", secret=True))


@contextmanager
def with_options(target: Target, **declared: Any) -> Iterator[str]:
    """Yield the name of a backend that is the target with options, and remembers what it was opened with."""

    def remember(self: Any, spec: OpenSpec, state: Any) -> None:
        self.opened = spec
        target.store._open(self, replace(spec, location=None), state)

    others = [option for option in target.store.options if option.name not in ("timeout", "token")]
    body = {"options": (*others, *OPTIONS), "_open": remember, **declared}
    chosen = variant(target.store, "options", **body)
    with provided(chosen.backend, BackendPlugin(chosen)):
        yield chosen.backend


@clause("OPEN-1", requires="!networked", since="1.1")
@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, {"timeout": 5.0, "token": None}),
        ({"timeout": 2}, {"timeout": 2.0, "token": None}),
        ({"token": "t"}, {"timeout": 5.0, "token": "t"}),
    ],
    ids=str,
)
def test_a_backend_gets_its_options(target: Target, given: dict[str, Any], found: dict[str, Any]) -> None:
    with with_options(target) as name:
        store: Any = VectorStore(4, backend=name, **given)
    assert {name: store.opened.options[name] for name in found} == found


@clause("OPEN-1", requires="!networked", since="1.1")
@pytest.mark.parametrize(
    ("given", "words"),
    [({"timout": 1}, "mean.*timeout"), ({"timeout": "soon"}, "float"), ({"other": 1}, "timeout")],
)
def test_what_is_no_option_of_the_backend_is_a_type_error(
    target: Target, given: dict[str, Any], words: str
) -> None:
    with with_options(target) as name, pytest.raises(TypeError, match=words):
        VectorStore(4, backend=name, **given)


@clause("OPEN-1")
@pytest.mark.parametrize(("given", "found"), [(None, 6), (0, 0), (7, 7), ("exact", "exact"), (np.int8(3), 3)])
def test_precision_is_six_unless_given(make: Make, given: Any, found: Any) -> None:
    assert make(4, precision=given).precision == found


@clause("OPEN-1")
@pytest.mark.parametrize("mode", ["r+", "x", "r"])
def test_a_mode_other_than_a_needs_a_path(make: Make, mode: str) -> None:
    with pytest.raises(ValueError, match="path"):
        make(4, mode=mode)


@clause("OPEN-1")
@pytest.mark.parametrize("mode", ["w", "", "A", "rb", None, 1], ids=label)
def test_an_unknown_mode_is_refused(make: Make, mode: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        make(4, mode=mode)


@clause("OPEN-2")
@pytest.mark.parametrize("dimension", [1, 2, 3, 65_535, 65_536])
def test_dimensions_up_to_the_limit_are_taken(target: Target, dimension: int) -> None:
    wanted = min(dimension, target.capabilities.max_dimension)
    assert target.open(wanted).dimension == wanted


@clause("OPEN-2")
@pytest.mark.parametrize("dimension", [0, -1, -384, -(2**70)])
def test_a_dimension_below_one(make: Make, dimension: int) -> None:
    with pytest.raises(ValueError, match=f"Dimension must be positive, got {dimension}"):
        make(dimension)


@clause("OPEN-2", "INT-1")
@pytest.mark.parametrize("dimension", [65_537, 2**31, 2**32 + 1, 2**63, 2**64 + 1, 10**30])
def test_a_dimension_above_the_limit(target: Target, dimension: int) -> None:
    with pytest.raises(ValueError, match="65[_,]?536|" + str(target.capabilities.max_dimension)):
        target.open(dimension)


@clause("OPEN-2", "PLUGIN-3")
def test_the_limit_of_the_backend_is_named(target: Target) -> None:
    limit = target.capabilities.max_dimension
    with pytest.raises(ValueError, match=str(limit)):
        target.open(limit + 1)


@clause("OPEN-2", "OPEN-7", "PLUGIN-3")
def test_the_first_vector_is_held_to_the_limit_too(target: Target) -> None:
    store = target.open()
    with refused(store, ValueError):
        store.add_vector("a", np.zeros(target.capabilities.max_dimension + 1, np.float32))


@clause("OPEN-2")
@pytest.mark.parametrize("capacity", [0, -1, -(2**70)])
def test_a_capacity_below_one(make: Make, capacity: int) -> None:
    with pytest.raises(ValueError, match=f"Initial capacity must be positive, got {capacity}"):
        make(4, capacity)


@clause("OPEN-2", "INT-1")
@pytest.mark.parametrize("capacity", [2**31, 2**32, 2**63, 2**64, 10**30])
def test_a_capacity_above_the_limit_names_it(make: Make, capacity: int) -> None:
    with pytest.raises(ValueError, match=r"2147483647|2,147,483,647"):
        make(4, capacity)


@clause("OPEN-2", "INT-1")
@pytest.mark.parametrize("name", ["dimension", "initial_capacity", "precision"])
@pytest.mark.parametrize("value", [10**5000, -(10**5000)], ids=["huge", "minus huge"])
def test_thousands_of_digits_are_a_plain_value_error(make: Make, name: str, value: int) -> None:
    with pytest.raises(ValueError, match=r"(?i)must be") as caught:
        make(**{name: value})
    assert "set_int_max_str_digits" not in str(caught.value)


@clause("OPEN-2")
@pytest.mark.parametrize("precision", [*range(8), "exact"])
def test_precisions_from_zero_to_seven_and_exact(make: Make, precision: Any) -> None:
    assert make(4, precision=precision).precision == precision


@clause("OPEN-2")
@pytest.mark.parametrize("precision", [-1, 8, 99, 2**70, "EXACT", "", "6", "exactly"], ids=label)
def test_any_other_precision_is_a_value_error(make: Make, precision: Any) -> None:
    with pytest.raises(ValueError, match="precision"):
        make(4, precision=precision)


NO_INTEGERS = [True, False, np.True_, 4.0, np.float64(4), "4", b"4", [4], (4,), 4j, np.array([4]), object()]


@clause("INT-1", "OPEN-2")
@pytest.mark.parametrize("name", ["dimension", "initial_capacity"])
@pytest.mark.parametrize("value", NO_INTEGERS, ids=label)
def test_what_is_no_integer_is_a_type_error(make: Make, name: str, value: Any) -> None:
    with pytest.raises(TypeError):
        make(**{"dimension": 4, name: value})


@clause("INT-1")
@pytest.mark.parametrize("value", [1.5, [6], object(), b"exact"], ids=label)
def test_a_precision_of_another_type_is_refused(make: Make, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        make(4, precision=value)


@clause("INT-1", "OPEN-2")
@pytest.mark.parametrize(
    "kind", [np.int8, np.uint64, np.int32, lambda one: np.array(one), lambda one: Index(lambda: one)]
)
def test_anything_with_index_is_an_integer(make: Make, kind: Any) -> None:
    assert make(kind(5)).dimension == 5


@clause("INT-1", "COUNT-3")
def test_the_dimension_is_an_exact_int(make: Make) -> None:
    assert type(make(np.int8(5)).get_statistics()["dimension"]) is int


@clause("INT-1", "ERR-1")
def test_what_index_raises_passes_through(make: Make) -> None:
    with pytest.raises(OwnError):
        make(Index(fail))


@clause("INT-1", "OPEN-1", since="1.1")
@pytest.mark.parametrize("name", ["dimension", "initial_capacity", "precision"])
def test_index_is_called_once(make: Make, name: str) -> None:
    calls: list[str] = []

    def answer() -> int:
        calls.append(name)
        return 5

    make(**{"dimension": 4, name: Index(answer)})
    assert calls == [name]


@clause("OPEN-4")
@pytest.mark.parametrize("name", ["nonesuch", "", "numpi", "AUTO"])
def test_an_unknown_backend(name: str) -> None:
    with pytest.raises(UnknownBackendError):
        VectorStore(4, backend=name)


@clause("OPEN-4")
def test_an_unknown_backend_lists_the_installed_ones() -> None:
    with pytest.raises(UnknownBackendError) as caught:
        VectorStore(4, backend="zzz")
    assert [row.name for row in backends() if row.name not in str(caught.value)] == []


@clause("OPEN-4")
@pytest.mark.parametrize("row", [row.name for row in backends()])
def test_a_misspelt_backend_names_the_nearest(row: str) -> None:
    with pytest.raises(UnknownBackendError, match=f"mean.*{row}"):
        VectorStore(4, backend=row[:-1] + "#")


@clause("OPEN-4")
@pytest.mark.parametrize("name", [None, 1, b"auto", ["auto"]], ids=label)
def test_the_name_of_a_backend_is_a_str(name: Any) -> None:
    with pytest.raises(TypeError):
        VectorStore(4, backend=name)


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


@clause("OPEN-1")
def test_two_stores_do_not_know_each_other(make: Make) -> None:
    one, other = make(4), make(4)
    before = observe(other)
    one.add_vector("a", UNITS[0])
    assert observe(other) == before
