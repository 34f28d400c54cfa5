"""ERR-1: of several things that are wrong, which one is raised, and what it carries."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from refvec import (
    DimensionMismatchError,
    DuplicateIdError,
    InvalidIndexError,
    RefvecError,
    StoreClosedError,
    UnknownIdError,
    VectorStore,
)

from refvec_conformance.inputs.hostile import Converted, Index, OwnError, after, fail
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.outcomes import contract_class

# The order of ERR-1 without the closed store: what is wrong, with the class that it raises.
# "length" is one vector too many; it can be combined with each of the others.
FAULTS: dict[str, type[Exception]] = {
    "id": TypeError,
    "kind": TypeError,
    "axes": ValueError,
    "width": DimensionMismatchError,
    "overflow": ValueError,
    "length": ValueError,
    "present": DuplicateIdError,
}
PAIRS = [pair for pair in combinations(FAULTS, 2) if set(pair) != {"kind", "overflow"}]


def batch(faults: set[str]) -> tuple[list[Any], Any]:
    """Return a batch of two with these things wrong with it."""
    rows: Any = np.ones((3 if "length" in faults else 2, 5 if "width" in faults else 4))
    if "overflow" in faults:
        rows[1, 0] = 1e39
    if "kind" in faults:
        rows = rows.astype(bool)
    if "axes" in faults:
        rows = rows[..., None]
    return ["a" if "present" in faults else "x", None if "id" in faults else "y"], rows


def said(faults: set[str], error: BaseException) -> str | None:
    """Return which of the faults an error is about."""
    about = {
        "id": getattr(error, "position", None) == 1 and isinstance(error, TypeError),
        "kind": isinstance(error, TypeError),
        "axes": "shape" in str(error),
        "width": isinstance(error, DimensionMismatchError),
        "overflow": getattr(error, "position", None) == 1,
        "length": isinstance(error, ValueError) and not isinstance(error, DuplicateIdError),
        "present": isinstance(error, DuplicateIdError),
    }
    return next((fault for fault in FAULTS if fault in faults and about[fault]), None)


@clause("ERR-1", "ATOM-1")
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_alone_raises_its_class(stocked: VectorStore, fault: str) -> None:
    with refused(stocked, FAULTS[fault]) as caught:
        stocked.add_vectors(*batch({fault}))
    assert said({fault}, caught.value) == fault


@clause("ERR-1", "ATOM-1")
@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_of_two_faults_the_first_of_the_list_is_raised(stocked: VectorStore, pair: tuple[str, str]) -> None:
    with refused(stocked, FAULTS[pair[0]]) as caught:
        stocked.add_vectors(*batch(set(pair)))
    assert said(set(pair), caught.value) == pair[0]


@clause("ERR-1", "ATOM-1")
@pytest.mark.parametrize("pair", [pair for pair in PAIRS if "present" not in pair], ids="+".join)
def test_of_two_faults_an_upsert_raises_the_first_too(stocked: VectorStore, pair: tuple[str, str]) -> None:
    with refused(stocked, FAULTS[pair[0]]) as caught:
        stocked.upsert_vectors(*batch(set(pair)))
    assert said(set(pair), caught.value) == pair[0]


SINGLE = {fault: error for fault, error in FAULTS.items() if fault != "length"}


def single(faults: set[str]) -> tuple[Any, Any]:
    """Return one id and vector with these things wrong with it."""
    ids, rows = batch(faults)
    return (None if "id" in faults else ids[0]), rows[1]


@clause("ERR-1", "ATOM-1")
@pytest.mark.parametrize("pair", [pair for pair in PAIRS if "length" not in pair], ids="+".join)
def test_of_two_faults_a_single_add_raises_the_first(stocked: VectorStore, pair: tuple[str, str]) -> None:
    with refused(stocked, SINGLE[pair[0]]) as caught:
        stocked.add_vector(*single(set(pair)))
    assert contract_class(caught.value) is SINGLE[pair[0]]


@clause("ERR-1", "DUR-2")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_closed_store_comes_before_everything(stocked: VectorStore, fault: str) -> None:
    stocked.close()
    with pytest.raises(StoreClosedError):
        stocked.add_vectors(*batch({fault}))


@clause("ERR-1", "DUR-2")
@pytest.mark.parametrize(
    "method", ["get_vector", "get_index", "remove_vector", "get_vectors", "ids_at", "find_vector"]
)
def test_a_closed_store_comes_before_the_argument(stocked: VectorStore, method: str) -> None:
    stocked.close()
    with pytest.raises(StoreClosedError):
        getattr(stocked, method)(None)


@clause("ERR-1")
@pytest.mark.parametrize("bad", [[None, "\ud800"], ["\ud800", None]], ids=["type first", "encoding first"])
def test_of_two_bad_ids_the_lowest_position_is_raised(stocked: VectorStore, bad: list[Any]) -> None:
    with refused(stocked, TypeError if bad[0] is None else ValueError) as caught:
        stocked.add_vectors(["x", *bad], np.ones((3, 4)))
    assert caught.value.position == 1


@clause("ERR-1")
@pytest.mark.parametrize("ids", [["x", "a", "c"], ["x", "a", "x"], ["x", "x", "a"]], ids="".join)
def test_of_two_taken_ids_the_lowest_position_is_raised(stocked: VectorStore, ids: list[str]) -> None:
    with refused(stocked, DuplicateIdError) as caught:
        stocked.add_vectors(ids, np.ones((3, 4)))
    assert (caught.value.position, caught.value.chunk_id) == (1, ids[1])


BATCHES = ["add_vectors", "upsert_vectors", "get_vectors", "get_indices", "remove_vectors"]


def rest(method: str, count: int) -> list[Any]:
    """Return the arguments that a batch method wants after its ids."""
    return [np.ones((count, 4))] if method in ("add_vectors", "upsert_vectors") else []


@clause("ERR-1", "ATOM-1")
@pytest.mark.parametrize("method", BATCHES)
@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("bad", [None, 5, "\ud800"], ids=ascii)
def test_a_bad_id_in_a_batch_carries_its_position(
    stocked: VectorStore, method: str, position: int, bad: Any
) -> None:
    ids: list[Any] = ["a", "c", "d"]
    ids[position] = bad
    with refused(stocked, (TypeError, ValueError)) as caught:
        getattr(stocked, method)(ids, *rest(method, 3))
    assert caught.value.position == position


@clause("ERR-1")
@pytest.mark.parametrize("method", BATCHES)
@pytest.mark.parametrize("bad", [5, "\ud800"], ids=ascii)
def test_a_bad_id_is_carried_by_its_error(stocked: VectorStore, method: str, bad: Any) -> None:
    with refused(stocked, (TypeError, ValueError)) as caught:
        getattr(stocked, method)([bad], *rest(method, 1))
    assert caught.value.chunk_id == bad


@clause("ERR-1")
@pytest.mark.parametrize("method", ["get_vector", "get_index", "remove_vector"])
@pytest.mark.parametrize("bad", [5, "\ud800"], ids=ascii)
def test_a_single_bad_id_is_carried_too(stocked: VectorStore, method: str, bad: Any) -> None:
    with refused(stocked, (TypeError, ValueError)) as caught:
        getattr(stocked, method)(bad)
    assert caught.value.chunk_id == bad


CLASSES: dict[str, tuple[type[Exception], type[Exception]]] = {
    "duplicate": (DuplicateIdError, ValueError),
    "unknown": (UnknownIdError, KeyError),
    "index": (InvalidIndexError, IndexError),
    "width": (DimensionMismatchError, ValueError),
}


@clause("ADD-1", "GET-2", "GET-3", "VEC-2")
@pytest.mark.parametrize("name", CLASSES)
def test_an_error_is_both_ours_and_the_built_in(stocked: VectorStore, name: str) -> None:
    calls: dict[str, Any] = {
        "duplicate": lambda: stocked.add_vector("a", np.ones(4)),
        "unknown": lambda: stocked.get_vectors(["x"]),
        "index": lambda: stocked.get_vector_by_index(99),
        "width": lambda: stocked.add_vector("x", np.ones(5)),
    }
    with refused(stocked, CLASSES[name][0]) as caught:
        calls[name]()
    assert (isinstance(caught.value, RefvecError), isinstance(caught.value, CLASSES[name][1])) == (True, True)


@clause("ERR-1", "ATOM-1")
@pytest.mark.parametrize("method", BATCHES)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_an_iterable_raises_passes_through(stocked: VectorStore, method: str, count: int) -> None:
    with refused(stocked, OwnError, "raised by the caller's own code"):
        getattr(stocked, method)(after(["x", "a"][:count]), *rest(method, 2))


class OwnIterable:
    """An iterable whose ``__iter__`` raises a TypeError of its own."""

    def __iter__(self) -> Any:
        raise TypeError("mine")


@clause("ERR-1")
def test_even_a_type_error_of_an_iterable_passes_through(stocked: VectorStore) -> None:
    with refused(stocked, TypeError, "^mine$"):
        stocked.get_vectors(OwnIterable())


@clause("ERR-1", "ATOM-1")
@pytest.mark.parametrize("method", ["add_vector", "add_vectors", "upsert_vector", "upsert_vectors"])
@pytest.mark.parametrize("error", [OwnError, TypeError, ValueError, KeyError, MemoryError, ZeroDivisionError])
def test_what_array_raises_passes_through(stocked: VectorStore, method: str, error: type[Exception]) -> None:
    def convert() -> Any:
        raise error("mine")

    ids = ["x"] if method.endswith("s") else "x"
    with refused(stocked, error, "mine"):
        getattr(stocked, method)(ids, Converted(convert))


@clause("ERR-1")
@pytest.mark.parametrize("method", ["get_vector_by_index", "get_refcount", "ids_at", "iter_batches"])
@pytest.mark.parametrize("error", [OwnError, TypeError, ValueError, KeyError])
def test_what_index_raises_passes_through(stocked: VectorStore, method: str, error: type[Exception]) -> None:
    def convert() -> Any:
        raise error("mine")

    with refused(stocked, error, "mine"):
        getattr(stocked, method)(Index(convert))


@clause("ERR-1")
@pytest.mark.parametrize("method", ["get_vectors_by_indices", "get_refcounts"])
@pytest.mark.parametrize("indices", [[Index(fail)], after([], fail)], ids=["__index__", "generator"])
def test_what_the_items_of_indices_raise_passes_through(
    stocked: VectorStore, method: str, indices: Any
) -> None:
    given = list(indices) if isinstance(indices, list) else [Index(fail)]
    with refused(stocked, OwnError):
        getattr(stocked, method)(given)
