"""False claims, both ways (PLUGIN-3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
from refvec import OpenSpec, State, UnsupportedError, selecting

from ..probes.concurrency import give_way
from .catalogue import breaks, mutant, refuse
from .specimen import Specimen

mutant("PLUGIN-3", "ClaimsSearch", "``search`` is declared, and raises UnsupportedError.").does(
    search=lambda: refuse(UnsupportedError("no search"))
)


@breaks("PLUGIN-3")
class DeniesSearch(Specimen):
    """``search`` is not declared, and works."""

    capabilities = replace(Specimen.capabilities, search=False)

    def _require(self, capability: str) -> None:
        if capability != "search":
            super()._require(capability)


@breaks("PLUGIN-3")
class RefusesTooLate(Specimen):
    """What is not declared is refused with another error."""

    capabilities = replace(Specimen.capabilities, search=False)

    def search(self, *args: Any, **kwargs: Any) -> Any:
        raise AttributeError("search")


@breaks("PLUGIN-3")
class ClaimsDurable(Specimen):
    """``durable`` is declared, and the path is ignored."""

    capabilities = replace(Specimen.capabilities, durable=True)

    def _begin(self, spec: OpenSpec, state: State | None) -> None:
        super()._begin(replace(spec, location=None), state)


mutant(
    "PLUGIN-3", "denies_durable", "``durable`` is not declared, and a path is taken for a store in memory."
).patches(
    lambda: mock.patch.object(selecting, "_inability", return_value=None), f"{Specimen.__module__}:Specimen"
)


@breaks("PLUGIN-3")
class ClaimsDense(Specimen):
    """``dense_indices`` is declared, and every second index is left out."""

    def _reference(self, chunk_id: str, row: Any, key: bytes) -> int:
        if key not in self._by_key and not self._free and self._allocated % 2 == 0:
            self._free.append(self._allocated + 1)
            self._allocated += 2
        return super()._reference(chunk_id, row, key)


mutant("PLUGIN-3", "ClaimsOrder", "``ordered_ids`` is declared, and ids are listed backwards.").does(
    ids=lambda found: found[::-1]
)


@breaks("PLUGIN-3")
class ClaimsAtomicBatch(Specimen):
    """``atomic_batch`` is declared, and a batch is added item by item."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = self._batch(chunk_ids, vectors)
        self._check_new(ids)
        for chunk_id, row in zip(ids, rows, strict=True):
            self._put([chunk_id], row[None], "upsert")
            give_way()
        return np.array([self._index[one] for one in ids], np.int64)


@breaks("PLUGIN-3")
class ClaimsThreadSafety(Specimen):
    """``thread_safe`` is declared, and adding looks first and stores later."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        if not self.closed and chunk_id in self:
            return super().add_vector(chunk_id, vector)
        give_way()
        return super().upsert_vector(chunk_id, vector)


@breaks("PLUGIN-3")
class LimitIgnored(Specimen):
    """``max_dimension`` is declared as 64, and 65 is taken."""

    capabilities = replace(Specimen.capabilities, max_dimension=64)

    def _check_width(self, width: int) -> None:
        if self._dimension is not None:
            super()._check_width(width)


@breaks("PLUGIN-3")
class FewerVectors(Specimen):
    """``max_vectors`` is declared as 8, and the ninth is taken."""

    capabilities = replace(Specimen.capabilities, max_vectors=8)
