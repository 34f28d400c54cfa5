"""GET-3 and GET-6: looking up by index."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from refvec import InvalidIndexError, VectorStore

from refvec_conformance.inputs.hostile import HostileArray, Index
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import UNITS, label
from refvec_conformance.probes.outcomes import frozen
from refvec_conformance.tests.helpers import at, freed

ONE_INDEX: dict[str, Callable[[VectorStore, Any], object]] = {
    "get_vector_by_index": lambda store, index: store.get_vector_by_index(index),
    "get_refcount": lambda store, index: store.get_refcount(index),
    "ids_at": lambda store, index: store.ids_at(index),
}


MANY_INDICES: dict[str, Callable[[VectorStore, Any], object]] = {
    "get_vectors_by_indices": lambda store, indices: store.get_vectors_by_indices(indices),
    "get_refcounts": lambda store, indices: store.get_refcounts(indices),
}


def _listed(call: Callable[[VectorStore, Any], object], store: VectorStore, index: Any) -> object:
    return call(store, [index])


ANY_INDEX = ONE_INDEX | {name: partial(_listed, call) for name, call in MANY_INDICES.items()}


one_index = pytest.mark.parametrize("ask", ONE_INDEX.values(), ids=ONE_INDEX)


many_indices = pytest.mark.parametrize("ask", MANY_INDICES.values(), ids=MANY_INDICES)


any_index = pytest.mark.parametrize("ask", ANY_INDEX.values(), ids=ANY_INDEX)


NEVER = [-1, -2, 99, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 2**70]


@clause("GET-3", tier="smoke")
def test_get_vectors_by_indices_keeps_order_and_repeats(stocked: VectorStore) -> None:
    wanted = at(stocked, "d", "a", "d")
    assert stocked.get_vectors_by_indices(wanted).tolist() == UNITS[[2, 0, 2]].tolist()


@clause("GET-3")
def test_get_vector_by_index_has_one_axis(stocked: VectorStore) -> None:
    assert stocked.get_vector_by_index(at(stocked, "a")[0]).shape == (4,)


SEQUENCES: dict[str, Callable[[list[int]], Any]] = {
    "list": list,
    "tuple": tuple,
    "objects with __index__": lambda found: [Index(partial(int, one)) for one in found],
    "numpy integers": lambda found: [np.int16(one) for one in found],
    **{dtype: partial(np.array, dtype=dtype) for dtype in ["u1", "i2", "u4", "i8", "u8", ">i4", ">u8"]},
    "strided": lambda found: np.repeat(np.array(found), 2)[::2],
    "reversed": lambda found: np.array(found[::-1])[::-1],
    "subclass": lambda found: np.array(found).view(HostileArray),
}


@clause("GET-3", "INT-1")
@pytest.mark.parametrize("build", SEQUENCES.values(), ids=SEQUENCES)
def test_any_sequence_of_integers_is_taken(stocked: VectorStore, build: Any) -> None:
    found = stocked.get_vectors_by_indices(build(at(stocked, "d", "a")))
    assert found.tolist() == UNITS[[2, 0]].tolist()


EMPTIES: dict[str, Any] = {
    "list": [],
    "tuple": (),
    **{np.dtype(kind).name: np.empty(0, kind) for kind in (float, int, object, bool, "U1")},
}


@clause("GET-3")
@many_indices
@pytest.mark.parametrize("empty", list(EMPTIES.values()), ids=list(EMPTIES))
def test_no_indices_are_allowed_in_any_dtype(stocked: VectorStore, ask: Any, empty: Any) -> None:
    assert len(ask(stocked, empty)) == 0


@clause("GET-3")
def test_no_indices_give_no_rows(stocked: VectorStore) -> None:
    assert stocked.get_vectors_by_indices([]).shape == (0, 4)


@clause("GET-3", "GET-6", "INT-1")
@any_index
@pytest.mark.parametrize("index", NEVER, ids=str)
def test_an_index_that_was_never_allocated_is_named(stocked: VectorStore, ask: Any, index: int) -> None:
    with refused(stocked, InvalidIndexError, f"Invalid vector index: {index}"):
        ask(stocked, index)


@clause("INT-1", "GET-3")
@any_index
@pytest.mark.parametrize("index", [10**5000, -(10**5000)], ids=["huge", "minus huge"])
def test_an_index_of_thousands_of_digits_is_invalid(stocked: VectorStore, ask: Any, index: int) -> None:
    with refused(stocked, InvalidIndexError):
        ask(stocked, index)


@clause("GET-3", "GET-6", "REMOVE-2")
@any_index
def test_a_freed_index_is_named(stocked: VectorStore, ask: Any) -> None:
    index = freed(stocked)
    with refused(stocked, InvalidIndexError, f"Vector index {index} has been freed"):
        ask(stocked, index)


@clause("GET-3")
@any_index
def test_an_invalid_index_is_an_index_error(stocked: VectorStore, ask: Any) -> None:
    with refused(stocked, IndexError):
        ask(stocked, 99)


@clause("GET-3", "GET-6", "ERR-1")
@many_indices
@pytest.mark.parametrize("position", [0, 1, 2])
def test_the_first_bad_index_is_the_one_reported(stocked: VectorStore, ask: Any, position: int) -> None:
    indices = [*at(stocked, "a", "d", "a"), 98]
    indices[position] = 99
    with refused(stocked, InvalidIndexError, "99") as caught:
        ask(stocked, indices)
    assert caught.value.position == position


@clause("GET-3")
@many_indices
@pytest.mark.parametrize("dtype", ["i1", "i8", ">i8", "u8"])
def test_a_bad_index_in_an_array_is_reported(stocked: VectorStore, ask: Any, dtype: str) -> None:
    with refused(stocked, InvalidIndexError, "Invalid vector index: 99"):
        ask(stocked, np.array([at(stocked, "a")[0], 99], dtype))


@clause("GET-3", "INT-1")
@many_indices
def test_an_unsigned_index_beyond_int64_is_no_negative_one(stocked: VectorStore, ask: Any) -> None:
    with refused(stocked, InvalidIndexError, "Invalid vector index: 18446744073709551615"):
        ask(stocked, np.array([2**64 - 1], np.uint64))


@clause("INT-1", "GET-3")
@any_index
@pytest.mark.parametrize(
    "index", [True, False, np.True_, np.False_, 1.0, np.float64(1), "1", None, [1], 1j], ids=label
)
def test_what_is_no_integer_is_a_type_error(stocked: VectorStore, ask: Any, index: Any) -> None:
    with refused(stocked, TypeError):
        ask(stocked, index)


@clause("INT-1", "GET-3")
@many_indices
@pytest.mark.parametrize("dtype", [bool, float, complex, object, "U1", "M8[s]"], ids=str)
def test_an_array_of_another_kind_is_a_type_error(stocked: VectorStore, ask: Any, dtype: Any) -> None:
    with refused(stocked, TypeError):
        ask(stocked, np.zeros(2, int).astype(dtype))


@clause("GET-3", "GET-6")
@many_indices
@pytest.mark.parametrize("shape", [(), (1, 1), (2, 0)], ids=str)
def test_an_array_of_indices_has_one_axis(stocked: VectorStore, ask: Any, shape: tuple[int, ...]) -> None:
    with refused(stocked, (TypeError, ValueError)):
        ask(stocked, np.zeros(shape, int))


@clause("INT-1")
@one_index
@pytest.mark.parametrize(
    "kind", [np.int8, np.uint64, np.int64, lambda one: np.array(one), lambda one: Index(lambda: one)]
)
def test_anything_with_index_is_an_integer(stocked: VectorStore, ask: Any, kind: Any) -> None:
    index = at(stocked, "c")[0]
    assert frozen(ask(stocked, kind(index))) == frozen(ask(stocked, index))


@clause("GET-6")
@pytest.mark.parametrize(("chunk_id", "count"), [("a", 2), ("c", 1)])
def test_get_refcount_counts_references(stocked: VectorStore, chunk_id: str, count: int) -> None:
    assert stocked.get_refcount(at(stocked, chunk_id)[0]) == count


@clause("GET-6")
def test_get_refcount_gives_an_int(stocked: VectorStore) -> None:
    assert type(stocked.get_refcount(at(stocked, "a")[0])) is int


@clause("GET-6")
def test_get_refcounts_keeps_order_and_repeats(stocked: VectorStore) -> None:
    found = stocked.get_refcounts(at(stocked, "c", "a", "c"))
    assert frozen(found) == frozen(np.array([1, 2, 1], np.int64))


@clause("GET-6", "COUNT-1")
def test_refcounts_add_up_to_the_references(stocked: VectorStore) -> None:
    assert stocked.get_refcounts(stocked.indices()).sum() == stocked.total_references
