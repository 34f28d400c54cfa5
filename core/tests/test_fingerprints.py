"""Fingerprints of rows against docs/format.md, computed with Python's integers."""

import numpy as np
import pytest
from refvec.durable.fingerprints import Fingerprints
from refvec.durable.native import MANY_BYTES
from refvec.durable.rows import checksums
from refvec.identity import component_keys, surely_near

PRECISIONS = [*range(8), "exact"]
SEED = 0x0123456789ABCDEF
MASK = 2**64 - 1


def mixed(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def by_the_format(row, seed, precision):
    """Return what the specification of the format says."""
    (keys,) = component_keys(row[None], precision).astype(np.int64) & 0xFFFFFFFF
    positions = -(-len(row) // 8) * 8
    masked = [
        (key + mixed((seed + (at + 1) * 0x9E3779B97F4A7C15) & MASK)) & 0xFFFFFFFF
        for at, key in enumerate([*keys.tolist(), *[0] * (positions - len(row))])
    ]
    hashed = mixed(sum(a * b for a, b in zip(masked[::2], masked[1::2], strict=True)) & MASK)
    return (hashed ^ (hashed >> 32)) & 0xFFFFFFFF


def tricky(dimension):
    """Return rows of this dimension with floats of every class."""
    rng = np.random.default_rng(dimension)
    rows = rng.standard_normal((40, dimension), np.float32) * np.float32(10) ** rng.integers(-3, 9, (40, 1))
    some = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 2.0**22, 3.4e38, -0.5, 1.5e-6], np.float32)
    rows = rows.astype(np.float32)
    rows[:20] = some[rng.integers(0, len(some), (20, dimension))]
    rows[20:25] = rng.integers(0, 2**32, (5, dimension), np.uint32).view(np.float32)
    return rows


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("dimension", [1, 2, 7, 8, 9, 15, 384])
@pytest.mark.filterwarnings("error")
def test_they_are_those_of_the_format(dimension, precision):
    rows = tricky(dimension)
    for seed in (0, SEED, MASK):
        found = Fingerprints(seed, dimension, precision).of(rows)
        assert found.dtype == np.uint32
        assert found.tolist() == [by_the_format(row, seed, precision) for row in rows]


# The same answers stand in the tests of rust_ext/src/fingerprint.rs.
@pytest.mark.parametrize(
    ("dimension", "precision", "expected"), [(1, 6, 0xCA80C4B8), (9, 3, 0x92DFE5A3), (384, "exact", 0xDC9C8797)]
)
def test_known_answers(dimension, precision, expected):
    row = (np.arange(dimension, dtype=np.float32) - 3) / np.float32(7)
    assert Fingerprints(SEED, dimension, precision).of(row[None]).tolist() == [expected]


def test_many_rows_and_none():
    rows = np.random.default_rng(1).standard_normal((3000, 100), np.float32)
    of = Fingerprints(SEED, 100, 6).of
    assert of(rows).tolist() == [int(of(row[None])[0]) for row in rows]
    assert of(rows[:0]).tolist() == []
    assert of(rows[::2]).tolist() == of(rows).tolist()[::2]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_those_of_many_rows_are_those_of_few(precision):
    """Many go through the native backend, where that is installed."""
    few = tricky(384)
    few[30:] /= np.abs(few[30:]).max()  # whose keys are all rounded
    many = np.tile(few, (12, 1))
    assert many.nbytes > MANY_BYTES > few.nbytes
    fingerprints = Fingerprints(SEED, 384, precision)
    assert fingerprints.of(many).tolist() == 12 * fingerprints.of(few).tolist()
    assert checksums(many).tolist() == 12 * checksums(few).tolist()


@pytest.mark.parametrize("precision", range(8))
@pytest.mark.parametrize("beyond", [False, True])
def test_the_largest_key_that_is_rounded(precision, beyond):
    """A row of one component other than zero is surely within the range, or not."""
    rows = np.zeros((3, 1_000), np.float32)
    limit = np.float32(2**22 / 10**precision)
    rows[1, 7] = np.nextafter(limit, np.float32(np.inf)) if beyond else limit * np.float32(0.98)
    assert surely_near(rows, precision) is not beyond
    found = Fingerprints(SEED, 1_000, precision).of(rows)
    assert found.tolist() == [by_the_format(row, SEED, precision) for row in rows]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_what_is_no_number_is_not_near(value):
    rows = np.zeros((3, 1_000), np.float32)
    rows[2, 999] = value
    assert not surely_near(rows, 0)
