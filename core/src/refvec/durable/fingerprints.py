"""Fingerprints: 32 bits of every row's identity, which a backend can index without reading the rows.

The hash is NH (UMAC; Black, Halevi, Krawczyk, Krovetz, Rogaway 1999) over the
keys of the components, with secrets that come from the seed of the store, and
then a mixer. Two different rows, chosen without knowledge of the seed, have the
same fingerprint with a probability of about 2**-32 (DEDUP-3).
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..identity import KEYS_AT_ONCE, Precision, fill_keys, fill_near, surely_near
from .native import native_for

GROUP = 8  # positions; a last group that is incomplete is filled up with components 0.0, whose key is 0
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SECOND_FACTOR = np.uint64(0x94D049BB133111EB)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_BLOCK = 65_536  # components whose keys and products stay in the processor's cache


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the mixer of SplitMix64 (Steele, Lea, Flood 2014) of every value."""
    values = (values ^ (values >> np.uint64(30))) * _FIRST_FACTOR
    values = (values ^ (values >> np.uint64(27))) * _SECOND_FACTOR
    return values ^ (values >> np.uint64(31))


def secrets(seed: int, dimension: int) -> NDArray[np.uint32]:
    """Return the secret of every position: the low halves of what SplitMix64 gives out, group by group."""
    count = -(-dimension // GROUP) * GROUP
    states = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN + np.uint64(seed)
    return mixed(states).astype(np.uint32)


class Fingerprints:
    """The fingerprints of one store.

    Parameters
    ----------
    seed : int
        Of the store.
    dimension : int
        Components of every row.
    precision : int or "exact"
        Of the store.
    """

    def __init__(self, seed: int, dimension: int, precision: Precision) -> None:
        self._seed = seed
        self._precision = precision
        self._dimension = dimension
        drawn = secrets(seed, dimension)
        self._even = dimension + dimension % 2
        self._secrets = drawn[: self._even]
        filling = drawn[self._even :].astype(np.uint64)
        self._filling = np.dot(filling[::2], filling[1::2])  # of the pairs without any component
        self._scratch = _Scratch(0, dimension)

    def of(self, rows: NDArray[np.float32]) -> NDArray[np.uint32]:
        """Return the fingerprint of every row of (n, d)."""
        module = native_for(rows.nbytes)
        if module is None:
            return self._of(rows)
        found = module.fingerprints(np.ascontiguousarray(rows), self._seed, self._precision)
        return cast("NDArray[np.uint32]", found)

    def _of(self, rows: NDArray[np.float32]) -> NDArray[np.uint32]:
        at_once = min(len(rows), _BLOCK // self._dimension) or 1
        if at_once > len(self._scratch.sums):
            self._scratch = _Scratch(at_once, self._dimension)
        sums = np.empty(len(rows), np.uint64)
        for start in range(0, len(rows), at_once):
            part = np.ascontiguousarray(rows[start : start + at_once])
            sums[start : start + at_once] = self._sums(part)
        hashes = mixed(sums + self._filling)
        return (hashes ^ (hashes >> _HALF)).astype(np.uint32)

    def _sums(self, rows: NDArray[np.float32]) -> NDArray[np.uint64]:
        scratch, count, dimension = self._scratch, len(rows), self._dimension
        keyed = scratch.keyed[:count]
        np.add(self._keys(rows), self._secrets[:dimension], out=keyed[:, :dimension])
        keyed[:, dimension:] = self._secrets[dimension:]
        pairs, low = keyed.view("<u8"), scratch.low[:count]
        np.bitwise_and(pairs, _LOW, out=low)
        pairs >>= _HALF
        return np.einsum("ij,ij->i", low, pairs, out=scratch.sums[:count])

    def _keys(self, rows: NDArray[np.float32]) -> NDArray[np.uint32]:
        if self._precision == "exact":
            return rows.view(np.uint32)
        keys = self._scratch.keys[: len(rows)]
        if surely_near(rows, self._precision):
            fill_near(keys, rows, self._precision, self._scratch.scaled[: len(rows)])
        else:
            flat = self._scratch.scaled.reshape(-1)[:KEYS_AT_ONCE]
            fill_keys(keys.reshape(-1), rows.reshape(-1), self._precision, flat)
        return keys.view(np.uint32)


class _Scratch:
    """Memory for so many rows at once: fresh pages for each block would cost more than what is done in them."""

    def __init__(self, rows: int, dimension: int) -> None:
        even = dimension + dimension % 2
        self.scaled = np.empty((rows, dimension))
        self.keys = np.empty((rows, dimension), np.int32)
        self.keyed = np.empty((rows, even), "<u4")
        self.low = np.empty((rows, even // 2), np.uint64)
        self.sums = np.empty(rows, np.uint64)
