"""VEC-1, VEC-2 and ERR-1 for the inputs that users have: columns, nulls, ragged batches, long ids."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from refvec import DimensionMismatchError, VectorStore

from refvec_conformance.inputs.columns import COLUMNS, Arrow, Pandas, objects
from refvec_conformance.judging.marks import clause
from refvec_conformance.oracle.rounding import nearest_float32
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import Make, label
from refvec_conformance.probes.outcomes import bits

ROWS = np.array([[1.5, -2, 3, 1e-40], [0, 1, 0, -1], [9, 8, 7, 6]], np.float32)
IDS = ["x", "y", "z"]
LONG = "a common prefix of all ids/" * 40_000

every_column = pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
batch = pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
single = pytest.mark.parametrize("method", ["add_vector", "upsert_vector"])
every_position = pytest.mark.parametrize("position", [0, 1, 2])
nullable = pytest.mark.parametrize("kind", [Arrow, Pandas])


def nulls(shape: tuple[int, ...], *where: int) -> Any:
    """Return a mask with one place that is null."""
    found = np.zeros(shape, bool)
    found[where] = True
    return found


@clause("VEC-1", "VEC-5")
@every_column
@batch
def test_a_column_of_vectors_is_a_batch(store: VectorStore, column: Any, method: str) -> None:
    getattr(store, method)(IDS, column(list(ROWS)))
    assert bits(store.get_vectors(IDS)) == bits(ROWS)


@clause("VEC-1")
@every_column
def test_the_first_column_fixes_the_dimension(make: Make, column: Any) -> None:
    store = make(None)
    store.add_vectors(IDS, column(list(ROWS)))
    assert (store.dimension, bits(store.get_vectors(IDS))) == (4, bits(ROWS))


@clause("SEARCH-2", "VEC-1", requires="search")
@every_column
def test_a_column_of_queries_is_a_batch(store: VectorStore, column: Any) -> None:
    store.add_vectors(IDS, ROWS)
    found = store.search(column(list(ROWS[:2])), 1, metric="euclidean")
    assert found.indices[:, 0].tolist() == store.get_indices(IDS[:2]).tolist()


@clause("VEC-1")
@pytest.mark.parametrize("make_column", [list, objects], ids=["list", "object array"])
@batch
def test_each_row_of_a_column_is_rounded_once(make: Make, make_column: Any, method: str) -> None:
    store = make(1, precision="exact")
    number = 2**53 + 2**29 + 1  # through float64 it would tie and go to even
    getattr(store, method)(["a", "b"], make_column([np.array([number]), np.array([0.5])]))
    assert bits(store.get_vector("a")) == nearest_float32(number)


@clause("VEC-1")
@batch
def test_an_empty_column_is_the_empty_batch(stocked: VectorStore, method: str) -> None:
    assert getattr(stocked, method)([], objects([])).tolist() == []


@clause("VEC-4")
@pytest.mark.parametrize("make_column", [list, objects], ids=["list", "object array"])
@batch
def test_no_row_of_a_column_is_aliased(store: VectorStore, make_column: Any, method: str) -> None:
    rows = [row.copy() for row in ROWS]
    getattr(store, method)(IDS, make_column(rows))
    for row in rows:
        row[:] = 9
    assert bits(store.get_vectors(IDS)) == bits(ROWS)


@clause("VEC-2", "ERR-1", "ATOM-1")
@every_column
@every_position
@batch
def test_a_row_of_another_length_is_named(
    stocked: VectorStore, column: Any, position: int, method: str
) -> None:
    rows = list(ROWS)
    rows[position] = rows[position][:3]
    with refused(stocked, DimensionMismatchError, "expected 4, got 3") as caught:
        getattr(stocked, method)(IDS, column(rows))
    assert caught.value.position == position


@clause("VEC-2", "OPEN-7", "ATOM-1")
@every_column
def test_without_a_dimension_the_first_row_has_it(make: Make, column: Any) -> None:
    store = make(None)
    with refused(store, DimensionMismatchError, "expected 4, got 2") as caught:
        store.add_vectors(IDS, column([ROWS[0], ROWS[1], ROWS[2][:2]]))
    assert caught.value.position == 2


@clause("VEC-2", "ERR-1", "ATOM-1")
@pytest.mark.parametrize("make_column", [list, objects], ids=["list", "object array"])
@every_position
def test_a_row_of_two_axes_is_named(stocked: VectorStore, make_column: Any, position: int) -> None:
    rows = list(ROWS)
    rows[position] = rows[position][None]
    with refused(stocked, ValueError, r"Expected 1D vector, got shape \(1, 4\)") as caught:
        stocked.add_vectors(IDS, make_column(rows))
    assert caught.value.position == position


NO_ROWS = [
    None,
    "vector",
    b"vect",
    5,
    1.5,
    True,
    {1.0},
    np.ones(4, bool),
    np.ones(4, complex),
    ["1", "2", "3", "4"],
]


@clause("VEC-1", "ERR-1", "ATOM-1")
@pytest.mark.parametrize("row", NO_ROWS, ids=label)
@pytest.mark.parametrize("make_column", [list, objects], ids=["list", "object array"])
@every_position
def test_a_row_that_is_no_vector_is_named(
    stocked: VectorStore, make_column: Any, row: Any, position: int
) -> None:
    rows: list[Any] = list(ROWS)
    rows[position] = row
    with refused(stocked, TypeError) as caught:
        stocked.add_vectors(IDS, make_column(rows))
    assert caught.value.position == position


@clause("VEC-1", "ERR-1", "ATOM-1")
@every_position
@batch
def test_a_none_in_a_row_is_named(stocked: VectorStore, position: int, method: str) -> None:
    rows: list[Any] = ROWS.tolist()
    rows[position][2] = None
    with refused(stocked, TypeError) as caught:
        getattr(stocked, method)(IDS, rows)
    assert caught.value.position == position


@clause("ERR-1", "ATOM-1")
@pytest.mark.parametrize("make_column", [list, objects], ids=["list", "object array"])
@batch
def test_a_wrong_kind_of_row_comes_before_a_short_one(
    stocked: VectorStore, make_column: Any, method: str
) -> None:
    with refused(stocked, TypeError) as caught:
        getattr(stocked, method)(IDS, make_column([ROWS[0][:2], ROWS[1], None]))
    assert caught.value.position == 2


@clause("ERR-1", "VEC-3", "ATOM-1")
@pytest.mark.parametrize("make_column", [list, objects], ids=["list", "object array"])
@every_position
def test_an_overflow_in_a_column_says_where(stocked: VectorStore, make_column: Any, position: int) -> None:
    rows: list[Any] = list(ROWS)
    rows[position] = np.array([0, 0, 1e39, 0])
    with refused(stocked, ValueError, "1e\\+39") as caught:
        stocked.add_vectors(IDS, make_column(rows))
    assert caught.value.position == position


@clause("VEC-1", "ATOM-1")
@nullable
@pytest.mark.parametrize("method", ["add_vector", "upsert_vector"])
def test_a_null_is_no_nan(stocked: VectorStore, kind: Any, method: str) -> None:
    with refused(stocked, TypeError):
        getattr(stocked, method)("new", kind(ROWS[0], nulls((4,), 2)))


@clause("VEC-1")
@nullable
def test_a_null_is_nothing_to_find(stocked: VectorStore, kind: Any) -> None:
    with refused(stocked, TypeError):
        stocked.find_vector(kind(ROWS[0], nulls((4,), 2)))


@clause("VEC-1", "ERR-1", "ATOM-1")
@nullable
@every_position
@batch
def test_a_null_in_a_batch_is_named(stocked: VectorStore, kind: Any, position: int, method: str) -> None:
    rows = [kind(row, nulls((4,), 1) & (at == position)) for at, row in enumerate(ROWS)]
    with refused(stocked, TypeError) as caught:
        getattr(stocked, method)(IDS, rows)
    assert caught.value.position == position


@clause("VEC-1", "ERR-1", "ATOM-1")
@nullable
@every_position
def test_a_null_row_of_two_axes_is_named(stocked: VectorStore, kind: Any, position: int) -> None:
    mask = nulls((3, 4), position).any(axis=1)
    with refused(stocked, TypeError) as caught:
        stocked.add_vectors(IDS, kind(ROWS, mask))
    assert caught.value.position == position


@clause("VEC-1", "VEC-3")
@pytest.mark.parametrize(
    "given",
    [Arrow([1, np.nan, 3, 4], [False] * 4), Pandas([1, 0, 3, 4], nulls((4,), 1), na_value=np.nan)],
    ids=["no null", "NaN is what is missing"],
)
@single
def test_a_nan_is_not_missing(store: VectorStore, given: Any, method: str) -> None:
    getattr(store, method)("a", given)
    np.testing.assert_array_equal(store.get_vector("a"), [1, np.nan, 3, 4])


@clause("VEC-1", "ERR-1", "ATOM-1")
@every_position
def test_a_masked_row_is_named(stocked: VectorStore, position: int) -> None:
    rows: list[Any] = list(ROWS)
    rows[position] = np.ma.masked_equal(rows[position], rows[position][1])
    with refused(stocked, TypeError) as caught:
        stocked.add_vectors(IDS, rows)
    assert caught.value.position == position


ERRORS: dict[str, Any] = {
    "add_vectors": lambda store, one: store.add_vectors(["x", one], np.ones((2, 4))),
    "upsert_vectors": lambda store, one: store.upsert_vectors(["x", one + "\ud800"], np.ones((2, 4))),
    "get_vectors": lambda store, one: store.get_vectors(["a", one + "!"]),
    "get_indices": lambda store, one: store.get_indices(["a", one + "\ud800"]),
}


@clause("ERR-1", "ATOM-1")
@pytest.mark.parametrize("call", ERRORS.values(), ids=ERRORS)
def test_a_text_quotes_little_of_a_long_id(stocked: VectorStore, call: Any) -> None:
    stocked.add_vector(LONG, np.ones(4))
    with refused(stocked, (ValueError, KeyError)) as caught:
        call(stocked, LONG)
    assert len(str(caught.value)) < 500
    assert caught.value.chunk_id.startswith(LONG)


@clause("ERR-1")
@pytest.mark.parametrize("call", ERRORS.values(), ids=ERRORS)
def test_a_text_names_the_position(stocked: VectorStore, call: Any) -> None:
    stocked.add_vector("an id", np.ones(4))
    with refused(stocked, (ValueError, KeyError), "position 1") as caught:
        call(stocked, "an id")
    assert caught.value.position == 1


@clause("ERR-1")
def test_a_single_item_has_no_position(stocked: VectorStore) -> None:
    with refused(stocked, ValueError) as caught:
        stocked.add_vector("a", np.ones(4))
    assert (caught.value.position, "position" in str(caught.value)) == (None, False)
