"""One run: clients work on a new store, something is done to its servers, and the books are compared."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from ...judging.target import Target
from ...testbed import Bed
from .crew import Crew
from .ledger import INCORRECT, LOST, Found, Ledger
from .ordeals import Ordeal, Stage
from .report import Run
from .rows import DIMENSION, number_of

_PATIENCE = 60.0


def performed(
    plan: str, target: Target, bed: Bed, ordeal: Ordeal, place: Path, seed: int, options: Mapping[str, Any]
) -> Run:
    """Return what an ordeal came to.

    Parameters
    ----------
    plan : str
        What it is a part of.
    target, bed
        The backend and its servers, which are whole before and afterwards.
    ordeal : Ordeal
        What is done.
    place : Path
        An empty directory for what clients write down.
    seed : int
        Of all choices.
    options : mapping
        Of the stores of clients.
    """
    bed.restore()
    address = bed.address(f"campaign-{secrets.token_hex(6)}")
    target.open(DIMENSION, path=address, timeout=_PATIENCE).close()
    crew = Crew(target, address, place, seed, options)
    stage = Stage(bed, crew, Random(seed))
    try:
        for _ in range(ordeal.times):
            stage.work()
            ordeal.act(stage)
            if ordeal.times > 1:
                bed.restore()
                stage.work()
    finally:
        ledger = crew.stop()
    judge = _Judge(target, address, ledger)
    if ordeal.times == 1:
        judge.look("before the servers were mended")
        bed.restore()
    judge.look("at the end")
    judge.sweep()
    return Run(plan, ordeal.name, seed, stage.faults, crew.killed, dict(judge.counts), judge.complaints)


class _Judge:
    """Compares a store with what clients were told of it."""

    def __init__(self, target: Target, address: str, ledger: Ledger) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._store: Any = target.open(path=address, mode="r+", timeout=_PATIENCE)
        self._ledger = ledger
        self.counts, self.complaints = ledger.counts, ledger.complaints

    def look(self, when: str) -> None:
        """Count what is lost and what is wrong."""
        found = self._found()
        for kind, texts in (
            (LOST, self._ledger.lost(found)),
            (INCORRECT, self._ledger.wrong(found)),
        ):
            self.counts[kind] += len(texts)
            self.complaints += [f"{kind}, {when}: {text}" for text in texts]

    def _found(self) -> Found:
        """Return the number of the vector of every id, as two methods agree on them."""
        seen = self._store.snapshot()
        numbers = [number_of(row) for row in seen.vectors]
        at = np.searchsorted(seen.indices, seen.id_indices).tolist()
        found = {one: numbers[place] for one, place in zip(seen.ids, at, strict=True)}
        ids = list(found)
        again = map(number_of, self._store.get_vectors(ids) if ids else ())
        for one, number in zip(ids, again, strict=True):
            if number != found[one]:
                self._complain(INCORRECT, f"{one!r} is {number} by its id, and {found[one]} in a snapshot")
        return found

    def _complain(self, kind: str, text: str, count: int = 1) -> None:
        self.counts[kind] += count
        if count:
            self.complaints.append(f"{kind}: {text}")

    def sweep(self) -> None:
        """Collect what the dead left; then references are ids, and vectors have one index each."""
        before = self._found()
        self.counts["collected"] += self._store.vacuum(0)
        if self._found() != before:
            self._complain(INCORRECT, "sweeping changed what ids have")
        seen = self._store.snapshot()
        places = np.searchsorted(seen.indices, seen.id_indices)
        wanted = np.bincount(places, minlength=len(seen.indices))
        counted = self._store.get_refcounts(seen.indices)
        self._complain("refcount errors", f"{counted} for {wanted}", int(np.count_nonzero(counted != wanted)))
        different = len({row.tobytes() for row in seen.vectors})
        self._complain(
            "two indices", f"{len(seen.indices)} for {different} vectors", len(seen.indices) - different
        )
        sizes, right = (self._store.count, self._store.total_references), (len(seen.indices), len(seen.ids))
        self._complain(
            "refcount errors", f"count and total_references are {sizes}, not {right}", sizes != right
        )
        self._complain("refcount errors", "a second vacuum() finds more", self._store.vacuum(0))
        self._store.drop()
        self._store.close()
