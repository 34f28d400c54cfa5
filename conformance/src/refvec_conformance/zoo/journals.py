"""Backends whose journal is not what a durable store is made of, or whose copies lose something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from refvec import (
    Changes,
    State,
)
from refvec.copying import empty, own_names

from .catalogue import breaks, mutant
from .specimen import Specimen

T = TypeVar("T")


@breaks("INDEX-3")
class ForgetsOnError(Specimen):
    """What was handed over is forgotten though `use` raised."""

    def _changes(self, use: Callable[[Changes], T]) -> T:
        kept: list[Changes] = []
        super()._changes(kept.append)
        return use(kept[0])


mutant("INDEX-3", "SortsEvents", "Removals are told before additions.").does(
    _changes=lambda call, use: call(
        use=lambda told: use(told._replace(events=sorted(told.events, key=lambda one: one[1])))
    )
)


@breaks("INDEX-3")
class WrittenOnce(Specimen):
    """A row written at an index that had one before the last flush is not told."""

    def _fill(self, index: int, row: Any, key: bytes) -> None:
        known = index in self._held or index < getattr(self, "_told", 0)
        super()._fill(index, row, key)
        if known:
            self._written.discard(index)

    def _changes(self, use: Callable[[Changes], T]) -> T:
        found = super()._changes(use)
        self._told = self._allocated
        return found


@breaks("INDEX-3")
class LosesWhatCameMeanwhile(Specimen):
    """What happens while `use` runs is neither told then nor later."""

    def _changes(self, use: Callable[[Changes], T]) -> T:
        with self._guard:
            found = super()._changes(use)
            self._journal = []
            return found


@breaks("INDEX-1")
class TakesHeldBack(Specimen):
    """A journaled store takes freed indices at once."""

    def _let_go(self, index: int) -> None:
        super()._let_go(index)
        if index in self._held:
            self._reclaim(np.array([index]))


mutant("INDEX-1", "ReclaimsAll", "``_reclaim`` makes every freed index reusable.").does(
    _reclaim=lambda store, call, indices: call(
        indices=np.array(sorted(store._held)) if len(indices) else indices
    )
)


@breaks("INDEX-1")
class ReclaimsLast(Specimen):
    """Reclaimed indices are taken in the order in which they were given back."""

    def _reclaim(self, indices: Any) -> None:
        with self._guard:
            self._free += [one for one in indices.tolist() if one in self._held]
            self._held -= set(indices.tolist())


@breaks("INDEX-1")
class KeepsAJournal(Specimen):
    """Every store holds freed indices back, journaled or not."""

    def _begin(self, spec: Any, state: State | None) -> None:
        super()._begin(spec, state)
        self._journal = self._journal or []


# Copies


@breaks("SAVE-2")
class ForgetsAttributes(Specimen):
    """What a subclass's ``__init__`` set is lost in copies."""

    def __copy__(self) -> Any:
        found = super().__copy__()
        for name in vars(found).keys() - own_names(empty(self)):
            delattr(found, name)
        return found


@breaks("SAVE-2")
class CopiesToTheBackend(Specimen):
    """A pickled subclass comes back as the backend's own class."""

    def __reduce__(self) -> Any:
        function, (_, *more), *rest = super().__reduce__()
        return function, (self.backend, *more), *rest
