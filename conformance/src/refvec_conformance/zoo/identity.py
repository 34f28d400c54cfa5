"""Other ideas of when two vectors are identical (DEDUP)."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from refvec import identity_keys

from .catalogue import breaks, mutant
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


mutant("DEDUP-1", "NanUnequal", "NaNs are compared by their bits.").does(
    _keys_of=lambda found, rows: [
        key + row.tobytes() if one else key
        for key, row, one in zip(found, rows, np.isnan(rows).any(axis=1), strict=True)
    ]
)
mutant("DEDUP-1", "NegativeZeroApart", "-0.0 is not 0.0.").does(
    _keys_of=lambda call, rows: [
        key + sign.tobytes() for key, sign in zip(call(), (np.signbit(rows) & (rows == 0)), strict=True)
    ]
)
mutant("DEDUP-1", "LargeMerged", "All components beyond the limit have one key.", Keyed).does(_seen=_clipped)
mutant("DEDUP-1", "InfinitiesMerged", "Both infinities have one key.", Keyed).does(
    _seen=lambda found: np.where(np.isinf(found), np.float32("inf"), found)
)
mutant("DEDUP-1", "NanIsInfinity", "NaN has the key of infinity.", Keyed).does(
    _seen=lambda found: np.where(np.isnan(found), np.float32("inf"), found)
)
mutant("DEDUP-1", "HalfUp", "Ties are rounded up, not to even.", Scaled).does(
    _nearest_integers=lambda scaled: np.floor(scaled + 0.5)
)
mutant(
    "DEDUP-1", "SingleProduct", "The product is rounded to float32 before it is rounded to an integer.", Scaled
).does(_nearest_integers=lambda store, rows: np.rint(rows * np.float32(10.0**store.precision)))
mutant("DEDUP-1", "CutOff", "Decimals are cut off, not rounded.", Scaled).does(
    _nearest_integers=lambda scaled: np.trunc(scaled)
)


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


mutant("DEDUP-2", "ExactIsSeven", '``"exact"`` means 7 decimals.').does(
    _keys_of=lambda store, rows: identity_keys(rows, 7 if store.precision == "exact" else store.precision)
)
mutant("DEDUP-2", "ExactByValue", '``"exact"`` compares values: 0.0 is -0.0.', Keyed).does(
    _seen=lambda store, found: found + np.float32(0) if store.precision == "exact" else found
)
mutant("DEDUP-3", "ByHash", "Vectors are identical when their CRC-32 is.").does(
    _keys_of=lambda found: [zlib.crc32(key).to_bytes(4, "little") for key in found]
)
mutant("DEDUP-3", "BySum", "Vectors are identical when the sum of their keys is.").does(
    _keys_of=lambda found: [np.frombuffer(key, np.int32).sum().tobytes() for key in found]
)
mutant("DEDUP-3", "ByShortHash", "Vectors are identical when 16 bits of a hash are.").does(
    _keys_of=lambda found: [(zlib.crc32(key) & 0xFFFF).to_bytes(2, "little") for key in found]
)
mutant("DEDUP-4", "NeverShares", "Identical vectors are stored twice.").does(
    _keys_of=lambda store, found: [key + bytes([n % 256]) for n, key in enumerate(found, store._allocated)]
)


@breaks("DEDUP-4")
class BatchApart(Specimen):
    """Identical vectors of one batch are stored twice."""

    def _keys_of(self, rows: Any) -> list[bytes]:
        seen: set[bytes] = set()
        keys = super()._keys_of(rows)
        return [key + b"again" if key in seen or seen.add(key) else key for key in keys]  # type: ignore[func-returns-value]


mutant("DEDUP-4", "NoReference", "A second id of a vector is not counted as a reference.").does(
    _refcounts=lambda found: np.minimum(found, 1)
)
