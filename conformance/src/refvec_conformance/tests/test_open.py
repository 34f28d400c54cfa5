"""OPEN and INT: the arguments of the front door."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from refvec import (
    BackendPlugin,
    UnknownBackendError,
    VectorStore,
    backends,
)
from refvec.registry import provided

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.atomicity import observe
from refvec_conformance.probes.fixtures import UNITS, Make, label
from refvec_conformance.probes.options import with_options

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


@clause("OPEN-1")
def test_two_stores_do_not_know_each_other(make: Make) -> None:
    one, other = make(4), make(4)
    before = observe(other)
    one.add_vector("a", UNITS[0])
    assert observe(other) == before
