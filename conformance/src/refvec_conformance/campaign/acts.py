"""What durable stores do with their files, each act with the states that it may leave."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from refvec import VectorStore

from ..judging.target import Target
from ..probes.compacting import worn
from ..probes.durability import flushes, held, kept
from ..probes.journals import step
from ..probes.seam import Operation, operations

SEED = 5
BEFORE, AFTER = "the flush before", "this flush"
ELSE, STUCK = "something else", "a later try does not succeed"


class Act:
    """One act, which something happens to on its way; it may be tried again.

    Parameters
    ----------
    target : Target
        The backend.
    path : Path
        The directory of the store, which is made.

    Attributes
    ----------
    names : (str, str)
        What is said of a directory that holds the state before the act, or after it.
    """

    names: ClassVar[tuple[str, str]] = (BEFORE, AFTER)
    before: dict[str, Any] | None  # None: there is no store
    after: dict[str, Any]

    def __init__(self, target: Target, path: Path) -> None:
        self.target, self.path = target, path
        self.store: VectorStore | None = None
        self.begin()

    def begin(self) -> None:
        """Have a store to act on."""
        raise NotImplementedError

    def run(self) -> None:
        """Do it, or do it again."""
        raise NotImplementedError

    def found(self, path: Path, *modes: str) -> str:
        """Return which state a directory holds, for all who open it one after the other."""
        found = {self._named(path, mode) for mode in ("r", *modes)}
        return found.pop() if len(found) == 1 else ELSE

    def _named(self, path: Path, mode: str) -> str:
        try:
            state = kept(self.target, path, mode)
        except FileNotFoundError:
            return self.names[0] if self.before is None else ELSE
        return self.names[1] if state == self.after else self.names[0] if state == self.before else ELSE

    def succeeds(self) -> bool:
        """Do it again; return whether all is as it should be then."""
        self.run()
        assert self.store is not None
        return self.found(self.path) == self.names[1] and (self.store.closed or held(self.store) == self.after)

    def end(self) -> None:
        """Close the store, without a flush."""
        if self.store is not None:
            self.store.close(flush=False)


class Flush(Act):
    """A flush of some changes."""

    def begin(self) -> None:
        """Have a store with changes that are not flushed."""
        self.store = store = self.target.open(2, 2, path=self.path)
        *_, self.before = flushes(store, SEED, 3)
        rng = np.random.default_rng(SEED + 1)
        for _ in range(6):
            step(rng, store)
        self.after = held(store)

    def run(self) -> None:
        """Flush."""
        assert self.store is not None
        self.store.flush()


class Close(Flush):
    """A close with changes that are not flushed: a flush, after which sqlite's log is put into its database."""

    def run(self) -> None:
        """Close."""
        assert self.store is not None
        self.store.close()


class Compaction(Act):
    """A compaction with changes that are not flushed."""

    def begin(self) -> None:
        """Have a store with holes."""
        self.store = store = worn(self.target, self.path, SEED)
        self.before, self.after = kept(self.target, self.path), held(store)

    def run(self) -> None:
        """Compact."""
        assert self.store is not None
        self.store.compact()


class Creation(Act):
    """The first opening."""

    names = ("no store", "an empty store")

    def begin(self) -> None:
        """Know what an empty store is."""
        self.before = None
        with self.target.open(2, 2) as empty:
            self.after = held(empty)

    def run(self) -> None:
        """Open, unless it is open."""
        if self.store is None:
            self.store = self.target.open(2, 2, path=self.path)


class Recovery(Act):
    """The opening of a store whose compaction was killed with the new rows in place, and not committed."""

    names = ("the last flush", "the last flush")

    def begin(self) -> None:
        """Have what it left."""
        done: list[str] = []

        def at(operation: Operation) -> None:
            done.append(operation.name)
            if operation.name == "commit" and "rename" in done:
                shutil.copytree(source, self.path, ignore=shutil.ignore_patterns("*-shm"))

        source = self.path.with_name(f"{self.path.name} before")
        with worn(self.target, source, SEED) as store, operations(at):
            store.compact()
        shutil.rmtree(source)
        self.before = self.after = kept(self.target, self.path)

    def run(self) -> None:
        """Open, unless it is open."""
        if self.store is None:
            self.store = self.target.open(path=self.path, mode="r+")


ACTS: tuple[type[Act], ...] = (Flush, Close, Compaction, Creation, Recovery)
