"""DEDUP: when two vectors are identical."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from refvec import VectorStore

from refvec_conformance.inputs import strategies as draw
from refvec_conformance.judging.marks import clause
from refvec_conformance.oracle.rounding import vector_key
from refvec_conformance.probes.fixtures import UNITS, Explore, Make
from refvec_conformance.probes.outcomes import bits
from refvec_conformance.tests.helpers import shared

PRECISIONS = [0, 1, 2, 3, 4, 5, 6, 7]


every_precision = pytest.mark.parametrize("precision", PRECISIONS)


either = pytest.mark.parametrize("precision", [*PRECISIONS, "exact"])


Float = NDArray[np.float32]


def words(*patterns: int) -> Float:
    return np.array(patterns, np.uint32).view(np.float32)


def step(value: Any, towards: float) -> np.float32:
    return np.float32(np.nextafter(np.float32(value), np.float32(towards)))


@clause("DEDUP-4", tier="smoke")
def test_identical_vectors_share_an_index(store: VectorStore) -> None:
    assert shared(store, UNITS[0], UNITS[0].copy())


@clause("DEDUP-4", tier="smoke")
def test_different_vectors_do_not(store: VectorStore) -> None:
    assert not shared(store, UNITS[0], UNITS[1])


@clause("DEDUP-4")
def test_a_duplicate_stores_nothing(stocked: VectorStore) -> None:
    stocked.add_vector("e", UNITS[0])
    assert stocked.count == 3


@clause("DEDUP-4")
def test_a_duplicate_adds_a_reference(stocked: VectorStore) -> None:
    index = stocked.add_vector("e", UNITS[0])
    assert stocked.get_refcount(index) == 3


@clause("DEDUP-4", "VEC-5")
def test_the_first_member_of_a_class_is_the_one_that_comes_back(store: VectorStore) -> None:
    store.add_vector("one", [0.0, 1, 2, 3])
    store.add_vector("other", [-0.0, 1, 2, 3])
    vector = store.get_vector("other")
    assert vector is not None
    assert not np.signbit(vector[0])


@clause("DEDUP-4", "DEDUP-1")
def test_duplicates_share_however_they_arrive(store: VectorStore) -> None:
    found = {store.add_vector("a", UNITS[1]), *store.add_vectors(["b", "c"], UNITS[[1, 1]]).tolist()}
    found |= {store.upsert_vector("d", UNITS[1]), *store.upsert_vectors(["e", "f"], UNITS[[1, 1]]).tolist()}
    assert len(found) == 1


@clause("DEDUP-1")
@every_precision
def test_components_on_one_side_of_a_half_share(make: Make, precision: int) -> None:
    half = 1.5 * 10.0**-precision
    assert shared(make(1, precision=precision), [step(half * 0.9, 0)], [step(half * 0.99, 0)])


@clause("DEDUP-1")
@every_precision
def test_components_on_both_sides_of_a_half_do_not(make: Make, precision: int) -> None:
    half = np.float32(1.5 * 10.0**-precision)
    assert not shared(make(1, precision=precision), [step(half, 0)], [step(half, 9)])


@clause("DEDUP-1")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (0.5, 0.0, True),
        (1.5, 2.0, True),
        (2.5, 2.0, True),
        (3.5, 4.0, True),
        (2.5, 3.0, False),
        (0.5, 1.0, False),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_ties_go_to_even(make: Make, one: float, other: float, same: bool, sign: int) -> None:
    assert shared(make(1, precision=0), [sign * one], [sign * other]) is same


@clause("DEDUP-1")
def test_the_product_is_exact_and_not_rounded_to_float32(make: Make) -> None:
    # 0.1234565 as float32 is 123456.50047 millionths; a float32 product would be 123456.5, a tie to even
    one, other = np.float32(0.1234565), np.float32(0.123457)
    assert shared(make(1), [one], [other])


@clause("DEDUP-1")
@every_precision
def test_every_border_is_where_exact_arithmetic_puts_it(
    make: Make, rng: np.random.Generator, precision: int
) -> None:
    centres = (rng.integers(-(2**21), 2**21, 300) + 0.5) / 10.0**precision
    for centre in centres.astype(np.float32):
        pair = [bits(step(centre, -math.inf)), bits(centre), bits(step(centre, math.inf))]
        store = make(1, precision=precision)
        found = [store.add_vector(str(i), np.frombuffer(one, np.float32)) for i, one in enumerate(pair)]
        keys = [vector_key(one, precision) for one in pair]
        assert [found[i] == found[0] for i in range(3)] == [keys[i] == keys[0] for i in range(3)], centre
        store.close()


@clause("DEDUP-1", tier="standard")
@either
def test_any_two_vectors_are_identical_exactly_when_the_oracle_says_so(
    make: Make, explore: Explore, precision: int | str
) -> None:
    store = make(2, precision=precision)

    @given(draw.matrices(2, 5, precision))
    def check(rows: Float) -> None:
        store.clear()
        found = store.add_vectors(list("abcde"), rows).tolist()
        keys = [vector_key(bits(row), precision) for row in rows]
        assert [found.index(one) for one in found] == [keys.index(one) for one in keys]

    explore(check, 150)


@clause("DEDUP-1")
@every_precision
@pytest.mark.parametrize("sign", [1, -1])
def test_beyond_the_limit_neighbours_are_different(make: Make, precision: int, sign: int) -> None:
    large = np.float32(sign * 2.0**23 / 10.0**precision)
    assert not shared(make(1, precision=precision), [large], [step(large, sign * math.inf)])


@clause("DEDUP-1")
def test_above_the_limit_halves_are_not_rounded(make: Make) -> None:
    assert not shared(make(1, precision=0), [4194304.0], [4194304.5])


@clause("DEDUP-1")
@pytest.mark.parametrize("below", [4194303.5, 4194303.75])
def test_up_to_the_limit_halves_are_rounded(make: Make, below: float) -> None:
    assert shared(make(1, precision=0), [4194304.0], [below])


@clause("DEDUP-1")
@pytest.mark.parametrize("value", [1e10, 3e38, -1e30])
def test_large_values_are_not_merged(make: Make, value: float) -> None:
    assert not shared(make(1), [value], [step(value, 0)])


@clause("DEDUP-1")
@every_precision
@pytest.mark.parametrize("other", [*draw.NANS])
def test_all_nans_share(make: Make, precision: int, other: int) -> None:
    assert shared(make(1, precision=precision), words(0x7FC00000), words(other))


@clause("DEDUP-1")
@pytest.mark.parametrize("other", [0x7F800000, 0xFF800000, 0, 0x7F7FFFFF])
def test_a_nan_is_like_nothing_else(make: Make, other: int) -> None:
    assert not shared(make(1), words(0x7FC00000), words(other))


@clause("DEDUP-1")
@every_precision
@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_an_infinity_is_like_itself(make: Make, precision: int, value: float) -> None:
    assert shared(make(1, precision=precision), [value], [value])


@clause("DEDUP-1")
@every_precision
@pytest.mark.parametrize("other", [-math.inf, 3.4028235e38])
def test_an_infinity_is_like_nothing_else(make: Make, precision: int, other: float) -> None:
    assert not shared(make(1, precision=precision), [math.inf], [other])


@clause("DEDUP-1")
@every_precision
def test_minus_zero_has_the_key_of_zero(make: Make, precision: int) -> None:
    assert shared(make(1, precision=precision), [0.0], [-0.0])


@clause("DEDUP-1")
@every_precision
def test_subnormals_have_the_key_of_zero(make: Make, precision: int) -> None:
    assert shared(make(1, precision=precision), words(0), words(0x807FFFFF))


@clause("DEDUP-1")
@every_precision
def test_an_integer_key_is_no_pattern_of_bits(make: Make, precision: int) -> None:
    """The integer n as a key must not meet the float whose bits are n."""
    number = 0x7FC00000 if precision == 0 else 2**22
    tiny = words(number)  # subnormal or nan: another kind of key
    value = np.float32(number / 10.0**precision)
    assert not shared(make(1, precision=precision), [value], tiny)


@clause("DEDUP-1")
def test_one_differing_component_is_enough(make: Make, rng: np.random.Generator) -> None:
    base = rng.standard_normal(16).astype(np.float32)
    rows = np.tile(base, (17, 1))
    rows[np.arange(1, 17), np.arange(16)] += 1
    assert len(set(make(16).add_vectors(map(str, range(17)), rows).tolist())) == 17


@clause("DEDUP-1")
def test_the_default_precision_is_six(make: Make) -> None:
    store = make(1)
    assert (shared(store, [1.0], [1.0000001]), store.find_vector([1.00001])) == (True, None)


@clause("DEDUP-2")
@pytest.mark.parametrize(
    ("one", "other"),
    [(0, 0x80000000), (0x7FC00000, 0x7FC00001), (0x7FC00000, 0xFFC00000), (0x3F800000, 0x3F800001), (0, 1)],
    ids=hex,
)
def test_exact_tells_every_pattern_of_bits_apart(make: Make, one: int, other: int) -> None:
    assert not shared(make(1, precision="exact"), words(one), words(other))


@clause("DEDUP-2")
@pytest.mark.parametrize("pattern", draw.SPECIAL, ids=hex)
def test_exact_finds_equal_patterns(make: Make, pattern: int) -> None:
    assert shared(make(1, precision="exact"), words(pattern), words(pattern))


@clause("DEDUP-2", "VEC-5")
@pytest.mark.parametrize("pattern", draw.SPECIAL, ids=hex)
def test_exact_gives_every_pattern_back(make: Make, pattern: int) -> None:
    store = make(1, precision="exact")
    store.add_vector("a", words(pattern))
    assert bits(store.get_vector("a")) == struct.pack("=I", pattern)
