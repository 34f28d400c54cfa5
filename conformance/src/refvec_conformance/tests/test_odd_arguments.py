"""INT, ID: what one method takes or refuses for an index or an id all take or refuse; methods times inputs."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refvec import InvalidIndexError, VectorStore

from refvec_conformance.inputs.hostile import after
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import unchanged
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.probes.likeness import as_of_twin
from refvec_conformance.probes.outcomes import frozen
from refvec_conformance.tests.helpers import THROUGH_IDS, at, frozen_array, not_refused

Take = Callable[[VectorStore, Any], Any]


ONE_INDEX: dict[str, Take] = {
    "get_vector_by_index": lambda store, index: store.get_vector_by_index(index),
    "get_refcount": lambda store, index: store.get_refcount(index),
    "ids_at": lambda store, index: store.ids_at(index),
}
MANY_INDICES: dict[str, Take] = {
    "get_vectors_by_indices": lambda store, indices: store.get_vectors_by_indices(indices),
    "get_vectors_by_indices with out": lambda store, indices: store.get_vectors_by_indices(
        indices, np.zeros((len(indices), 4), np.float32)
    ),
    "get_refcounts": lambda store, indices: store.get_refcounts(indices),
}
one_index = pytest.mark.parametrize("take", ONE_INDEX.values(), ids=ONE_INDEX)
many_indices = pytest.mark.parametrize("take", MANY_INDICES.values(), ids=MANY_INDICES)


@clause("GET-3", "GET-6", "INT-1")
@one_index
def test_every_method_takes_any_integer_for_an_index(stocked: VectorStore, take: Take) -> None:
    (number,) = at(stocked, "a")  # 0 with dense indices
    make_enum: Any = enum.IntEnum
    named = make_enum("Number", {"FIRST": number})
    kinds: list[Any] = [np.uint64, np.min_scalar_type(-1 - number).type, named, type("Own", (int,), {})]
    for kind in kinds:
        assert frozen(take(stocked, kind(number))) == frozen(take(stocked, number)), kind


WRAPPED = [
    2**8,
    2**16,
    2**31,
    2**32,
    2**32 + 1,
    2**33 + 1,
    2**48,
    2**53 + 1,
    2**63,
    2**64 - 1,
    2**64,
    2**64 + 1,
]
INTEGERS: dict[str, Callable[[int], Any]] = {"int": int, "uint64": np.uint64, "negative": lambda value: -value}


@clause("GET-3", "GET-6", "INT-1")
@pytest.mark.parametrize("build", INTEGERS.values(), ids=INTEGERS)
@pytest.mark.parametrize("name", [*ONE_INDEX, *MANY_INDICES])
def test_no_index_wraps_around(stocked: VectorStore, name: str, build: Any) -> None:
    first, *_ = active = at(stocked, "a", "c", "d")
    indices = [build(index) for index in WRAPPED if build is not np.uint64 or index < 2**64]
    given = [(one, one if name in ONE_INDEX else [first, one]) for one in indices if one not in active]
    if name in MANY_INDICES:
        given += [(one, np.array(many, np.uint64)) for one, many in given if 0 < one < 2**64]
    take = (ONE_INDEX | MANY_INDICES)[name]
    with unchanged(stocked):
        for index, argument in given:
            with pytest.raises(InvalidIndexError, match=rf"ector index:? {int(index)}\b"):
                take(stocked, argument)


@clause("GET-3", "GET-6", "INT-1")
@many_indices
def test_no_method_takes_what_is_no_integer(stocked: VectorStore, take: Take) -> None:
    given = [
        [0.0, 1.0],
        [0, 1.0],
        ["0", "1"],
        [b"0"],
        [None],
        [[0]],
        [True, False],
        [np.True_, 0],
        [np.float32(0)],
    ]
    named = {repr(indices): indices for indices in given}
    assert not_refused(stocked, take, named, (TypeError, ValueError)) == []


REPEATS: dict[str, Callable[[list[int]], Any]] = {
    "list": list,
    "tuple": tuple,
    "array": np.array,
    "read-only array": lambda found: frozen_array(found, np.int64),
    "read-only small array": lambda found: frozen_array(found, np.min_scalar_type(max(found))),
    "read-only uint64": lambda found: frozen_array(found, np.uint64),
    "column": lambda found: np.stack([found, found], axis=1)[:, 0],
    "backwards": lambda found: np.array(found)[::-1].copy()[::-1],
    "numpy scalars": lambda found: [np.uint64(one) for one in found],
}


@clause("GET-3", "GET-6", "INT-1")
@many_indices
def test_every_method_answers_each_of_repeated_indices(stocked: VectorStore, take: Take) -> None:
    wanted = at(stocked, *"dadcaa")
    single = [frozen(take(stocked, [one])[0]) for one in wanted]
    for kind, build in REPEATS.items():
        assert [frozen(one) for one in take(stocked, build(wanted))] == single, kind


@clause("GET-3", "GET-6")
@many_indices
@pytest.mark.parametrize("build", [list, np.array], ids=["list", "array"])
def test_no_method_changes_the_callers_indices(stocked: VectorStore, take: Take, build: Any) -> None:
    wanted = at(stocked, *"daca")
    given = build(wanted)
    take(stocked, given)
    assert [*given] == wanted


def with_a_vector(call: Callable[[VectorStore, Any, Any], object]) -> Take:
    return lambda store, ids: call(store, ids, UNITS[:1])


IDS = {name: with_a_vector(call) for name, call in THROUGH_IDS.items()}
every_batch = pytest.mark.parametrize("take", IDS.values(), ids=IDS)
KNOWN = uuid.UUID(int=12)
SINGLE: dict[str, Any] = {
    "text of one": "a",
    "text of ids": "acd",
    "unknown text": "x",
    "empty text": "",
    "numpy text": np.str_("a"),
    "bytes": b"a",
    "bytearray": bytearray(b"a"),
    "uuid": KNOWN,
    "int": 1,
}
NO_IDS = [np.bytes_(b"a"), b"a", ["a"], ("a",), np.array("a"), np.array(["a"]), 0, np.int64(0), None, ...]


@clause("ADD-4", "ID-1", "ATOM-1")
@every_batch
def test_no_batch_method_takes_a_single_id(stocked: VectorStore, take: Take) -> None:
    stocked.upsert_vector(KNOWN, UNITS[3])
    assert not_refused(stocked, take, SINGLE, TypeError) == []


@clause("ID-1", "ATOM-1")
@every_batch
def test_no_batch_method_takes_what_is_no_id(stocked: VectorStore, take: Take) -> None:
    assert not_refused(stocked, take, {repr(bad): [bad] for bad in NO_IDS}, TypeError) == []


@clause("SEARCH-4", "ID-1", requires="search")
@pytest.mark.parametrize("width", [4, None])
def test_within_is_looked_at_where_there_is_nothing_to_search(make: Make, width: int | None) -> None:
    def search(store: VectorStore, within: Any) -> Any:
        return store.search(UNITS[0], within=within)

    given = SINGLE | {repr(bad): ["a", bad] for bad in NO_IDS}
    assert not_refused(make(width), search, given, TypeError) == []


ITERABLES: dict[str, Callable[[list[str]], Any]] = {
    "iterator": iter,
    "generator": lambda ids: after(ids, lambda: None),
    "map": lambda ids: map(str, ids),
    "tuple": tuple,
    "dict": dict.fromkeys,
    "keys": lambda ids: dict.fromkeys(ids).keys(),
    "values": lambda ids: dict(enumerate(ids)).values(),
    "array of texts": np.array,
    "array of objects": lambda ids: np.array(ids, object),
    "read-only array": lambda ids: frozen_array(ids, None),
}


@clause("ADD-4", "GET-2", "GET-8", "REMOVE-1", "SEARCH-4")
@every_batch
def test_every_batch_method_takes_any_iterable(make: Make, take: Take) -> None:
    ids = ["x"] if take in (IDS["add_vectors"], IDS["upsert_vectors"]) else ["d", "a", "c"]
    for kind, build in ({"list": list} | ITERABLES).items():
        store = make(4)
        store.add_vectors(["a", "b", "c", "d"], UNITS[[0, 0, 1, 2]])
        found = frozen([as_of_twin(store, take(store, build(ids))), sorted(store.ids())])
        if kind == "list":
            wanted = found
        assert found == wanted, kind


@clause("GET-2", "GET-8")
@pytest.mark.parametrize("method", ["get_vectors", "get_indices"])
def test_every_look_up_answers_each_of_repeated_ids(stocked: VectorStore, method: str) -> None:
    ids = ["d", "a", "d", "b", "a", "a", "c"]
    call = getattr(stocked, method)
    assert call(ids).tolist() == [call([one])[0].tolist() for one in ids]
