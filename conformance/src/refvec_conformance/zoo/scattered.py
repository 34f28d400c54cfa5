"""A backend that is not broken, and promises less: each store numbers and orders in its own way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from random import Random
from typing import ClassVar

from refvec import Capabilities, OpenSpec, Size, State

from .specimen import Specimen


class Scattered(Specimen):
    """Neither ``dense_indices`` nor ``ordered_ids``: no test that meets it may count on either."""

    _seeds = count()  # each store has its own, and the same in every run
    capabilities: ClassVar[Capabilities] = replace(
        Specimen.capabilities, dense_indices=False, ordered_ids=False
    )

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        self._used: set[int] = set()
        self._random = Random(next(Scattered._seeds))
        super()._open(spec, state)
        self._used.update(self._slots)

    def _next_index(self) -> int:
        taken = self._slots.keys() | self._held
        drawn = iter(lambda: self._random.randrange(2 * len(taken) + 8), None)
        index = next(one for one in drawn if one not in taken)
        self._used.add(index)
        return index

    def _size(self) -> Size:
        with self._guard:
            return super()._size()._replace(allocated=len(self._used))

    def _listed(self, ids: Iterable[str]) -> list[str]:
        return list(ids)[::-1]
