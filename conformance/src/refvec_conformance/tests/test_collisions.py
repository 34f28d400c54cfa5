"""DEDUP-3: identity is decided on keys, never on a hash alone."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.fixtures import Make
from refvec_conformance.tests.helpers import shared


@clause("DEDUP-3")
def test_vectors_with_one_checksum_are_still_two(make: Make) -> None:
    one, other = checksum_twins()
    assert not shared(
        make(len(one) // 4, precision="exact"), np.frombuffer(one, "f4"), np.frombuffer(other, "f4")
    )


@clause("DEDUP-3")
@pytest.mark.parametrize("shuffle", ["reversed", "rolled", "swapped"])
def test_the_same_components_in_another_order_are_another_vector(
    make: Make, rng: np.random.Generator, shuffle: str
) -> None:
    row = rng.standard_normal(8)
    other = {"reversed": row[::-1], "rolled": np.roll(row, 1), "swapped": row[[1, 0, *range(2, 8)]]}[shuffle]
    assert not shared(make(8), row, other)


@clause("DEDUP-3")
def test_more_vectors_than_a_hash_of_16_bits_can_tell_apart(make: Make, rng: np.random.Generator) -> None:
    _all_distinct(make, rng, 2000)


@clause("DEDUP-3", tier="thorough")
def test_more_vectors_than_a_hash_of_32_bits_can_tell_apart(make: Make, rng: np.random.Generator) -> None:
    _all_distinct(make, rng, 250_000)


def _all_distinct(make: Make, rng: np.random.Generator, count: int) -> None:
    rows = rng.permutation(2**24)[: 2 * count].reshape(count, 2).astype(np.float32)
    store = make(2, precision="exact")
    store.add_vectors(map(str, range(count)), rows)
    assert store.count == count


def checksum_twins() -> tuple[bytes, bytes]:
    """Return two vectors with the same CRC-32, which a birthday search finds."""
    seen: dict[int, bytes] = {}
    for number in range(1 << 20):
        row = np.array([number % 1024, number // 1024, number * 7 % 1021, 1], np.float32).tobytes()
        found = seen.setdefault(zlib.crc32(row), row)
        if found != row:
            return found, row
    raise AssertionError("no two rows have one checksum")
