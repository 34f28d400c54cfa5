"""Other ideas of when two vectors are identical (DEDUP)."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from refvec import identity_keys

from .catalogue import answer, breaks
from .specimen import Specimen


class Keyed(Specimen):
    """Makes keys of other rows than it stores."""

    def _seen(self, rows: Any) -> Any:
        return rows

    def _keys_of(self, rows: Any) -> list[bytes]:
        return super()._keys_of(self._seen(rows))


def _clipped(store: Specimen, rows: Any) -> Any:
    if store.precision == "exact":
        return rows
    limit = np.float32(2.0**22 / 10.0**store.precision)
    return np.clip(rows, -2 * limit, 2 * limit)


class Scaled(Specimen):
    """Makes keys of the scaled components; large, infinite and NaN ones are left as they are."""

    def _keys_of(self, rows: Any) -> list[bytes]:
        if self.precision == "exact":
            return super()._keys_of(rows)
        with np.errstate(all="ignore"):
            scaled = rows.astype(np.float64) * 10.0**self.precision
            near = np.abs(scaled) <= 2.0**22
            keys = np.where(near, self._nearest_integers(scaled, rows), rows.astype(np.float64))
        keys = np.where(near, keys + 0.0, keys)
        keys[np.isnan(rows)] = np.nan
        return [key.tobytes() + mark.tobytes() for key, mark in zip(keys, near, strict=True)]

    def _nearest_integers(self, scaled: Any, rows: Any) -> Any:
        return np.rint(scaled)


@breaks("DEDUP-1")
class NanUnequal(Specimen):
    """NaNs are compared by their bits."""

    def _keys_of(self, rows: Any) -> list[bytes]:
        keys = super()._keys_of(rows)
        odd = np.isnan(rows).any(axis=1)
        return [key + row.tobytes() if one else key for key, row, one in zip(keys, rows, odd, strict=True)]


@breaks("DEDUP-1")
class NegativeZeroApart(Specimen):
    """-0.0 is not 0.0."""

    def _keys_of(self, rows: Any) -> list[bytes]:
        signs = np.signbit(rows) & (rows == 0)
        return [key + sign.tobytes() for key, sign in zip(super()._keys_of(rows), signs, strict=True)]


answer("DEDUP-1", "LargeMerged", "All components beyond the limit have one key.", base=Keyed, _seen=_clipped)


answer(
    "DEDUP-1",
    "InfinitiesMerged",
    "Both infinities have one key.",
    base=Keyed,
    _seen=lambda rows: np.where(np.isinf(rows), np.float32("inf"), rows),
)
answer(
    "DEDUP-1",
    "NanIsInfinity",
    "NaN has the key of infinity.",
    base=Keyed,
    _seen=lambda rows: np.where(np.isnan(rows), np.float32("inf"), rows),
)


@breaks("DEDUP-1")
class HalfUp(Scaled):
    """Ties are rounded up, not to even."""

    def _nearest_integers(self, scaled: Any, rows: Any) -> Any:
        return np.floor(scaled + 0.5)


@breaks("DEDUP-1")
class SingleProduct(Scaled):
    """The product is rounded to float32 before it is rounded to an integer."""

    def _nearest_integers(self, scaled: Any, rows: Any) -> Any:
        return np.rint(rows * np.float32(10.0**self.precision))  # type: ignore[operator]


@breaks("DEDUP-1")
class CutOff(Scaled):
    """Decimals are cut off, not rounded."""

    def _nearest_integers(self, scaled: Any, rows: Any) -> Any:
        return np.trunc(scaled)


@breaks("DEDUP-1")
class LowerLimit(Specimen):
    """The limit of rounding is 2^21."""

    def _keys_of(self, rows: Any) -> list[bytes]:
        if self.precision == "exact":
            return super()._keys_of(rows)
        large = np.abs(rows.astype(np.float64) * 10.0**self.precision) > 2.0**21
        exact = np.where(large, rows, np.float32(0))
        return [a + b.tobytes() for a, b in zip(super()._keys_of(rows), exact, strict=True)]


@breaks("DEDUP-1")
class WithinTolerance(Specimen):
    """Vectors within 1e-6 of each other are identical, whatever their keys."""

    def _reference(self, chunk_id: str, row: Any, key: bytes) -> int:
        for index, vector in self._vectors.items():
            if np.abs(np.array(vector) - row).max() <= 1e-6:
                return super()._reference(chunk_id, row, self._keys[index])
        return super()._reference(chunk_id, row, key)


@breaks("DEDUP-2")
class ExactIsSeven(Specimen):
    """``"exact"`` means 7 decimals."""

    def _keys_of(self, rows: Any) -> list[bytes]:
        return identity_keys(rows, 7 if self.precision == "exact" else self.precision)


answer(
    "DEDUP-2",
    "ExactByValue",
    '``"exact"`` compares values: 0.0 is -0.0.',
    base=Keyed,
    _seen=lambda store, rows: rows + np.float32(0) if store.precision == "exact" else rows,
)
answer(
    "DEDUP-3",
    "ByHash",
    "Vectors are identical when their CRC-32 is.",
    _keys_of=lambda keys: [zlib.crc32(key).to_bytes(4, "little") for key in keys],
)
answer(
    "DEDUP-3",
    "BySum",
    "Vectors are identical when the sum of their keys is.",
    _keys_of=lambda keys: [np.frombuffer(key, np.int32).sum().tobytes() for key in keys],
)
answer(
    "DEDUP-3",
    "ByShortHash",
    "Vectors are identical when 16 bits of a hash are.",
    _keys_of=lambda keys: [(zlib.crc32(key) & 0xFFFF).to_bytes(2, "little") for key in keys],
)
answer(
    "DEDUP-4",
    "NeverShares",
    "Identical vectors are stored twice.",
    _keys_of=lambda store, keys: [key + bytes([n % 256]) for n, key in enumerate(keys, store._allocated)],
)


@breaks("DEDUP-4")
class BatchApart(Specimen):
    """Identical vectors of one batch are stored twice."""

    def _keys_of(self, rows: Any) -> list[bytes]:
        seen: set[bytes] = set()
        keys = super()._keys_of(rows)
        return [key + b"again" if key in seen or seen.add(key) else key for key in keys]  # type: ignore[func-returns-value]


answer(
    "DEDUP-4",
    "NoReference",
    "A second id of a vector is not counted as a reference.",
    _refcounts=lambda found: np.minimum(found, 1),
)
