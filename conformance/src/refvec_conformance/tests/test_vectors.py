"""VEC: what a vector is, how it is rounded, and that it comes back."""

from __future__ import annotations

import struct
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refvec import DimensionMismatchError, VectorStore

from refvec_conformance.inputs import strategies as draw
from refvec_conformance.judging.marks import clause
from refvec_conformance.oracle.rounding import nearest_float32
from refvec_conformance.probes.atomicity import refused
from refvec_conformance.probes.fixtures import Explore, Make, label
from refvec_conformance.probes.outcomes import bits
from refvec_conformance.tests.helpers import every_way_in, stored

DTYPES = [*"bhilqBHILQ", "e", "f", "d", "g", ">f4", ">f8", ">f2", ">i4", ">u8"]


@clause("VEC-5", tier="smoke")
@every_way_in
def test_what_was_stored_comes_back_bit_for_bit(store: VectorStore, put: Any) -> None:
    row = np.array([0.1, -0.0, 1e-45, 3.4028235e38], np.float32)
    put(store, "a", row)
    assert stored(store) == bits(row)


@clause("VEC-5", "VEC-3")
@every_way_in
@pytest.mark.parametrize("pattern", draw.SPECIAL, ids=hex)
def test_every_special_pattern_comes_back(make: Make, put: Any, pattern: int) -> None:
    store = make(1)
    put(store, "a", np.array([pattern], np.uint32).view(np.float32))
    assert stored(store) == struct.pack("=I", pattern)


@clause("VEC-1")
@every_way_in
@pytest.mark.parametrize("dtype", DTYPES)
def test_integers_and_floats_of_every_size_are_taken(store: VectorStore, put: Any, dtype: str) -> None:
    put(store, "a", np.array([0, 1, 2, 100], dtype))
    assert stored(store) == bits(np.array([0, 1, 2, 100], np.float32))


@clause("VEC-1")
@every_way_in
@pytest.mark.parametrize(
    "values",
    [[1, 2, 3, 4], (1.0, 2, 3, 4), range(1, 5), pytest.param(memoryview(b"\1\2\3\4"), id="memoryview")],
    ids=label,
)
def test_sequences_and_buffers_of_numbers_are_taken(store: VectorStore, put: Any, values: Any) -> None:
    put(store, "a", values)
    assert stored(store) == bits(np.array([1, 2, 3, 4], np.float32))


@clause("VEC-1", tier="standard")
def test_float64_is_rounded_once_to_the_nearest(make: Make, explore: Explore) -> None:
    store = make(1, precision="exact")

    @given(st.floats(width=64, allow_nan=False).filter(lambda x: abs(x) < 3.4e38 or x in (np.inf, -np.inf)))
    def check(value: float) -> None:
        store.upsert_vector("a", np.array([value]))
        assert stored(store) == nearest_float32(value)

    explore(check, 300)


@clause("VEC-1", tier="standard")
@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_integers_are_rounded_once_to_the_nearest(make: Make, explore: Explore, dtype: Any) -> None:
    store = make(1, precision="exact")
    info = np.iinfo(dtype)

    @given(st.integers(int(info.min), int(info.max)))
    def check(value: int) -> None:
        store.upsert_vector("a", np.array([value], dtype))
        assert stored(store) == nearest_float32(value)

    explore(check, 200)


@clause("VEC-1")
@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (2**53 + 2**29 + 1, np.int64),  # through float64 it would tie and go to even
        (2**62 + 2**38 + 1, np.int64),
        (1 + 2.0**-24 + 2.0**-50, np.float64),
        (1 + 2.0**-24, np.float64),
        (1 + 3 * 2.0**-24, np.float64),
        (2.0**-150, np.float64),
        (1.5 * 2.0**-149, np.float64),
    ],
)
def test_ties_and_near_ties_are_rounded_once(make: Make, value: Any, dtype: Any) -> None:
    store = make(1, precision="exact")
    store.add_vector("a", np.array([value], dtype))
    assert stored(store) == nearest_float32(value)


@clause("VEC-1")
def test_a_long_double_is_rounded_once(make: Make) -> None:
    store = make(1, precision="exact")
    value = np.longdouble(1) + np.longdouble(2) ** -24 + np.longdouble(2) ** -60
    store.add_vector("a", np.array([value]))
    assert stored(store) == nearest_float32(value)


@clause("VEC-1")
@every_way_in
@pytest.mark.parametrize(
    "values", [[1e-300, 1e-46, -1e-46, 0.1], [2**63, 1, 2, 3], [np.nan, np.inf, -np.inf, 1e-40]]
)
def test_no_warning_whatever_numpy_is_set_to(store: VectorStore, put: Any, values: list[Any]) -> None:
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        put(store, "a", np.array(values))
    assert store.count == 1


@clause("VEC-3")
@every_way_in
def test_underflow_is_no_error(store: VectorStore, put: Any) -> None:
    put(store, "a", [1e-300, -1e-300, 0, 0])
    assert stored(store) == struct.pack("=4f", 0.0, -0.0, 0, 0)


@clause("VEC-3", "ATOM-1")
@every_way_in
@pytest.mark.parametrize("value", [3.4028236e38, -3.4028236e38, 1e39, 1e308, 3.4028235677973366e38])
def test_a_finite_component_beyond_float32_is_a_value_error(
    stocked: VectorStore, put: Any, value: float
) -> None:
    with refused(stocked, ValueError):
        put(stocked, "new", [0, 0, 0, value])


@clause("VEC-3")
@every_way_in
def test_what_rounds_down_to_the_largest_float32_is_taken(make: Make, put: Any) -> None:
    store = make(1)
    put(store, "a", [3.4028235677973362e38])
    assert stored(store) == bits(np.array([3.4028235e38], np.float32))


@clause("VEC-3")
def test_a_long_double_beyond_float64_is_a_value_error(stocked: VectorStore) -> None:
    with refused(stocked, ValueError):
        stocked.add_vector("new", np.array([np.longdouble("1e400"), 0, 0, 0]))


@clause("VEC-3", "ERR-1")
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_an_overflow_in_a_batch_says_where(stocked: VectorStore, method: str, position: int) -> None:
    rows = np.zeros((3, 4))
    rows[position, 2] = 1e39
    with refused(stocked, ValueError) as caught:
        getattr(stocked, method)(["x", "y", "z"], rows)
    assert caught.value.position == position


@clause("VEC-3")
@every_way_in
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_nan_and_infinities_given_as_such_are_stored(make: Make, put: Any, value: float) -> None:
    store = make(1)
    put(store, "a", np.array([value], np.float64))
    np.testing.assert_array_equal(store.get_vector("a"), np.array([value], np.float32))


SHAPES = [(), (1, 4), (4, 1), (2, 2), (1, 1, 4), (0, 4)]


@clause("VEC-2", "ATOM-1")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("method", ["add_vector", "upsert_vector"])
def test_a_wrong_number_of_axes_is_a_value_error(
    stocked: VectorStore, method: str, shape: tuple[int, ...]
) -> None:
    with refused(stocked, ValueError, r"Expected 1D vector, got shape \(") as caught:
        getattr(stocked, method)("new", np.zeros(shape))
    assert not isinstance(caught.value, DimensionMismatchError)


@clause("VEC-2", "ATOM-1")
@pytest.mark.parametrize("shape", [(), (4,), (1, 4, 1), (2, 2, 1)], ids=str)
@pytest.mark.parametrize("method", ["add_vectors", "upsert_vectors"])
def test_a_batch_has_two_axes(stocked: VectorStore, method: str, shape: tuple[int, ...]) -> None:
    with refused(stocked, ValueError):
        getattr(stocked, method)(["new"], np.zeros(shape))


@clause("VEC-2", "ATOM-1")
@every_way_in
@pytest.mark.parametrize("length", [1, 3, 5, 128])
def test_a_wrong_length_is_a_mismatch(stocked: VectorStore, put: Any, length: int) -> None:
    with refused(
        stocked, DimensionMismatchError, f"Vector dimension mismatch: expected 4, got {length}"
    ) as caught:
        put(stocked, "new", np.zeros(length))
    assert isinstance(caught.value, ValueError)


@clause("VEC-2", "ATOM-1")
@every_way_in
def test_an_empty_vector_is_a_mismatch(stocked: VectorStore, put: Any) -> None:
    with refused(stocked, DimensionMismatchError):
        put(stocked, "new", np.zeros(0))


@clause("VEC-2")
@pytest.mark.parametrize("vector", [np.zeros(5), np.zeros(3)], ids=len)
def test_find_vector_refuses_what_add_refuses(stocked: VectorStore, vector: Any) -> None:
    with refused(stocked, DimensionMismatchError):
        stocked.find_vector(vector)
