"""Backends whose primitives, steps or journal are not what the contract's methods rest on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import RLock
from typing import Any, TypeVar

import numpy as np
from refvec import (
    Changes,
    DuplicateIdError,
    InvalidIndexError,
    RefvecError,
    Size,
    State,
    StoreClosedError,
    failures,
)
from refvec_backends.numpy import NumpyVectorStore
from refvec_backends.python import PythonVectorStore

from .catalogue import breaks, mutant
from .specimen import Specimen

T = TypeVar("T")


class Snug(PythonVectorStore):
    """The python backend under a name of its own: for what its base gives to all backends of a process."""

    backend = "zoo"


# Primitives, seen by whoever calls them alone


@breaks("ERR-1")
class PutNamesRepeatedFirst(Specimen):
    """A repeated id is named before one that is present and stands earlier."""

    def _check_new(self, ids: list[str]) -> None:
        seen: set[str] = set()
        for position, chunk_id in enumerate(ids):
            if chunk_id in seen:
                raise failures.duplicate_id(chunk_id, position, repeated=True)
            seen.add(chunk_id)
        super()._check_new(ids)


@breaks("ADD-2")
class PutTrustsTheBatch(Specimen):
    """``_put`` leaves it to its callers to look for ids repeated within a batch."""

    def add_vectors(self, chunk_ids: Any, vectors: Any) -> Any:
        ids, rows = self._batch(chunk_ids, vectors)
        super()._check_new(ids)
        return self._put(ids, rows, "add")

    def _check_new(self, ids: list[str]) -> None:
        for position, chunk_id in enumerate(ids):
            if chunk_id in self._index:
                raise failures.duplicate_id(chunk_id, position)


@breaks("ADD-1")
class PositionOfOne(Specimen):
    """``add_vector`` tells the position 0 of a batch that nobody passed."""

    def add_vector(self, chunk_id: Any, vector: Any) -> int:
        try:
            return super().add_vector(chunk_id, vector)
        except DuplicateIdError as error:
            error.position = 0
            raise


@breaks("VEC-2")
class TrustsTheWidth(Specimen):
    """The width of the rows is not looked at again in the step that stores them."""

    def _check_width(self, width: int) -> None:
        """Trust."""


@breaks("OPEN-7")
class NothingFixes(Specimen):
    """``_put`` of no rows fixes the dimension, and so does its look at a width."""

    def _put(self, ids: list[str], rows: Any, mode: str) -> Any:
        if not ids:
            self._dimension = rows.shape[1]
        return super()._put(ids, rows, mode)


@breaks("GET-3")
class RowsOfTheActive(Specimen):
    """``_rows`` at indices leaves out those that are not active, and leaves complaints to its callers."""

    def _rows(self, at: Any) -> Any:
        if isinstance(at, np.ndarray):
            at = at[np.isin(at, self.indices())]
        return super()._rows(at)

    def get_vectors_by_indices(self, indices: Any, out: Any = None) -> Any:
        self.get_refcounts(indices)
        return super().get_vectors_by_indices(indices, out)

    def get_vector_by_index(self, index: Any) -> Any:
        self.get_refcount(index)
        return super().get_vector_by_index(index)


@breaks("GET-6")
class LastBadIndex(Specimen):
    """``_refcounts`` names the last index that is not active."""

    def _refcounts(self, indices: Any) -> Any:
        try:
            return super()._refcounts(indices)
        except InvalidIndexError:
            for position in reversed(range(len(indices))):
                if int(indices[position]) not in self._slots:
                    raise failures.invalid_index(int(indices[position]), self._allocated, position) from None
            raise


@breaks("GET-7")
class ScanSwallows(Specimen):
    """``_scan`` returns None where `use` raises."""

    def _scan(self, use: Callable[[State], T]) -> T:
        with self._guard:
            self._require_open()
            try:
                return super()._scan(use)
            except (LookupError, RefvecError):
                raise
            except Exception:
                return None  # type: ignore[return-value]


mutant("GET-7", "BlocksBackwards", "``_scan`` hands over the last block first, where there are several.").does(
    _blocks=lambda call: reversed(list(call()))
)


@breaks("COUNT-3")
class SizeOfTwoMoments(Specimen):
    """``get_statistics`` asks twice, and puts together what it was told."""

    def get_statistics(self) -> dict[str, Any]:
        return {**super().get_statistics(), "unique_vectors": self._size().unique}

    def _size(self) -> Size:
        self._asked = getattr(self, "_asked", 0) + 1
        size = super()._size()
        return size._replace(dimension=None) if self._asked == 1 else size


@breaks("DUR-2")
class ClosedPrimitives(Specimen):
    """Primitives of a closed store answer: only the public methods look whether it is open."""

    def _find(self, ids: list[str]) -> Any:
        try:
            return super()._find(ids)
        except StoreClosedError:
            return np.full(len(ids), -1)


@breaks("DUR-2")
class CloseDrops(Specimen):
    """``close`` removes all that is in the store, wherever that is."""

    def close(self, *, flush: bool = True) -> None:
        if not self.closed:
            self._drop(None)
        super().close(flush=flush)


@breaks("SEARCH-1")
class OwnTuples(Specimen):
    """Every hit gets a tuple of its own: memory grows with queries and references."""

    def _search(self, *args: Any) -> Any:
        indices, scores, members = super()._search(*args)
        return indices, scores, members and [[tuple([*ids]) for ids in row] for row in members]  # noqa: C409 - a copy


mutant("SEARCH-1", "AlwaysIds", "``with_ids=False`` gives the ids all the same.").does(
    _search=lambda call, queries, with_ids: call(with_ids=with_ids or queries.shape[0] > 1)
)


# Copies


@breaks("SAVE-2")
class ForgetsAttributes(Specimen):
    """What a subclass's ``__init__`` set is lost in copies."""

    def __copy__(self) -> Any:
        found = super().__copy__()
        for name in set(vars(found)) - found._own:
            delattr(found, name)
        return found


@breaks("SAVE-2")
class CopiesToTheBackend(Specimen):
    """A pickled subclass comes back as the backend's own class."""

    def __reduce__(self) -> Any:
        function, (_, *more), *rest = super().__reduce__()
        return function, (self.backend, *more), *rest


# The journal


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


# Steps


@breaks("ATOM-1")
class HalfABatchWithoutMemory(NumpyVectorStore):
    """Rows are gathered after ids and counts have changed, and memory may lack then."""

    backend = "zoo"

    def _storing(self, indices: Any, rows: Any) -> Any:
        super()._storing(indices[:0], rows)  # makes no room
        room = np.empty((0, rows.shape[1]), np.float32)

        def late() -> None:
            nonlocal room
            room = np.array(rows)  # may fail
            for function, *arguments in NumpyVectorStore._storing(self, indices, room):
                function(*arguments)

        return [(late,)]


@breaks("ATOM-2")
class MemoryIsAnInternalError(Snug):
    """What lacks memory says "internal error"."""

    def _scan(self, use: Callable[[State], T]) -> T:
        try:
            return super()._scan(use)
        except MemoryError as error:
            raise RefvecError("internal error") from error


@breaks("ATOM-2")
class DiesWithoutMemory(Snug):
    """A search that gets no memory ends the process."""

    def _search(self, *args: Any) -> Any:
        try:
            return super()._search(*args)
        except MemoryError as error:
            raise SystemExit(134) from error


@breaks("ATOM-3")
class Interruptible(Specimen):
    """A step is made in Python, and whatever runs in the middle of it finds half of it."""


@breaks("THREAD-1")
class OneLockForLife(Snug):
    """The lock is not made anew in a forked child."""

    def _open(self, spec: Any, state: State | None) -> None:
        super()._open(spec, state)
        lock = RLock()

        class Fixed:
            """Gives the lock of the parent."""

            now = lock

        self._lock = Fixed()  # type: ignore[assignment]


@breaks("THREAD-1")
class ThreadsOfTheParent(Snug):
    """Searches run on a thread that a forked child does not have."""

    _helper = ThreadPoolExecutor(1)

    def _search(self, *args: Any) -> Any:
        return self._helper.submit(super()._search, *args).result(timeout=10)


@breaks("THREAD-1")
class ServesHalfAStep(Specimen):
    """A store that a fork cut in half in the middle of a step is served."""


@breaks("ATOM-1")
class StepsInPython(Snug):
    """The calls of a step are made one by one, and an interrupt falls in between."""

    def _step(self, plan: Callable[[], tuple[T, list[Any], Callable[[], None]]]) -> T:
        with self._lock.now:
            result, calls, undo = self._look(plan)
            try:
                for function, *arguments in calls:
                    function(*arguments)
            except MemoryError:
                undo()
                raise
            return result
