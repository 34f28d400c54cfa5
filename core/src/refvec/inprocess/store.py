"""The base of backends that keep rows in this process: primitives, made of steps under one lock."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from heapq import heappush
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import failures
from ..contract import VectorStore
from ..errors import RefvecError
from ..identity import identity_keys
from ..opening import OpenSpec
from ..primitives import PutMode
from ..state import Changes, Size, State
from .draft import Draft, clearing
from .ledger import Journal, Ledger
from .locking import StoreLock
from .singles import drop_one, put_new, reference
from .steps import Call, commit

BLOCK_BYTES = 2**18
_HOOKS = ("_empty", "_storing", "_erasing", "_reading")
T = TypeVar("T")


class _OvertakenError(Exception):
    """The store changed between two blocks of a scan: by a finaliser or signal handler of the same thread."""


class InProcessVectorStore(VectorStore, abstract=True):
    """A backend in which only the keeping of rows is left to write.

    Four methods do that; they are called under the lock. The ids, identity,
    reference counts and free indices, the lock, and the journal of a durable
    store are here. Every step is planned first and then made in one call that
    nothing cuts in half (`refvec.inprocess.steps`), so a backend that keeps the
    obligations of `_storing` and `_erasing` may declare ``interrupt_safe``.
    """

    _lock: StoreLock
    _ledger: Ledger

    def __init_subclass__(cls, *, abstract: bool = False, **kwargs: bool) -> None:
        """Refuse a backend that does not say how it keeps rows."""
        super().__init_subclass__(abstract=abstract, **kwargs)
        base = InProcessVectorStore
        missing = [name for name in _HOOKS if getattr(cls, name) is getattr(base, name)]
        if missing and not abstract:
            raise TypeError(f"{cls.__name__} lacks {', '.join(missing)} of refvec.InProcessVectorStore")

    # How rows are kept: the obligations of a backend

    def _empty(self, dimension: int | None) -> None:
        """Hold no rows: at the beginning, and after `clear` and `close`."""
        self._missing("_empty")

    def _storing(self, indices: NDArray[np.int64], rows: NDArray[np.float32]) -> Iterable[Call]:
        """Return the calls that will keep ``rows[j]`` at ``indices[j]`` (distinct).

        A call is a tuple of a function and its arguments. Whatever may fail,
        fails now and changes nothing that `_reading` sees; the calls run later,
        all in one go, and must be of functions that call no Python code, such
        as ``(operator.ior, self.rows, new_rows)``. An index may hold a row
        already, which is then replaced.
        """
        self._missing("_storing")

    def _erasing(self, indices: list[int] | None) -> Iterable[Call]:
        """Return the calls that forget the rows at these indices, or all: none, or ones that cannot fail."""
        self._missing("_erasing")

    def _reading(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the rows at active indices as a fresh array, (n, d)."""
        self._missing("_reading")

    # The lock and the steps

    def _look(self, look: Callable[[], T]) -> T:
        """Return what `look` returns, from one moment.

        The lock is re-entrant: a finaliser or a signal handler may run in the
        middle of `look` and change the store. Then what was seen does not count.
        """
        with self._lock.now:
            while True:
                self._check_whole()
                turns = self._ledger.turns
                turn = turns[-1]
                try:
                    found = look()
                except _OvertakenError:
                    continue
                except Exception:
                    if turns is self._ledger.turns and turn == turns[-1]:
                        raise
                    continue
                if turns is self._ledger.turns and turn == turns[-1]:
                    return found

    def _step(self, plan: Callable[[], tuple[T, list[Call], Callable[[], None]]]) -> T:
        """Plan and make a step; plan again if a step of a finaliser or signal handler came in between."""
        with self._lock.now:
            while True:
                ledger = self._ledger
                turn = ledger.turns[-1]
                result, calls, undo = self._look(plan)
                if not calls or commit(ledger.turns, turn, calls, undo):
                    return result

    def _check_whole(self) -> None:
        if self._closed:
            raise failures.store_closed()
        if len(self._ledger.turns) == 1:
            raise RefvecError(
                "The process was forked while another thread changed this store; its content is unknown here. "
                "Open it anew"
            )

    # The primitives

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        self._lock = StoreLock()
        journal = Journal() if spec.journaled else None
        self._ledger = Ledger(spec.dimension, spec.initial_capacity, journal)
        self._empty(spec.dimension)
        if state is not None:
            for indices, rows in self._ledger.restore(state, spec.precision):
                for function, *arguments in self._storing(indices, rows):
                    function(*arguments)

    @property
    def dimension(self) -> int | None:
        """Components of every vector; None until the first vector fixes it."""
        return self._ledger.dimension

    def _put(self, ids: list[str], rows: NDArray[np.float32], mode: PutMode) -> NDArray[np.int64]:
        if not ids:
            return self._look(lambda: np.empty(0, np.int64))
        keys = identity_keys(rows, self.precision)  # the rows are nobody else's: outside the lock
        if len(ids) == 1:
            index = self._put_one(ids[0], rows, keys[0], mode)
            if index is not None:
                return np.array([index], np.int64)
        return self._step(lambda: self._plan_put(ids, rows, keys, mode))

    def _put_one(self, chunk_id: str, rows: NDArray[np.float32], key: bytes, mode: PutMode) -> int | None:
        """Put a new id; None leaves it to `_plan_put`, as what moves a present one."""
        with self._lock.now:
            self._check_whole()
            ledger, width = self._ledger, rows.shape[1]
            self._check_width(width)
            turn = ledger.turns[-1]
            if chunk_id in ledger.index or ledger.journal is not None:
                return None
            index = ledger.by_key.get(key)
            if ledger.turns[-1] != turn:
                return None
            if index is not None:
                return index if reference(ledger, turn, chunk_id, index) else None
            limit = self.capabilities.max_vectors
            return put_new(
                ledger, turn, chunk_id, key, width, limit, lambda at: self._storing(np.array([at]), rows)
            )

    def _plan_put(
        self, ids: list[str], rows: NDArray[np.float32], keys: list[bytes], mode: PutMode
    ) -> tuple[NDArray[np.int64], list[Call], Callable[[], None]]:
        self._check_width(rows.shape[1])
        draft = Draft(self._ledger, self.capabilities.max_vectors)
        if mode == "add":
            draft.check_new(ids)
        indices = np.array(list(map(draft.refer, ids, keys, range(len(ids)))), np.int64)
        stores = self._stores(draft, rows)
        replaced = draft.retaken
        # After the calls that store the new rows: those may have made room elsewhere, for these too.
        before = list(self._storing(*self._kept(replaced))) if replaced else []
        calls = [*stores, *draft.calls(rows.shape[1]), *self._erasing(draft.emptied)]

        def undo() -> None:
            for function, *arguments in before:
                function(*arguments)
            draft.undo()

        return indices, calls, undo

    def _kept(self, indices: list[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        at = np.array(indices, np.int64)
        return at, self._reading(at)

    def _stores(self, draft: Draft, rows: NDArray[np.float32]) -> Iterable[Call]:
        written = draft.written
        if not written:
            return ()
        positions = list(written.values())
        chosen = rows if len(positions) == len(rows) else rows[positions]
        return self._storing(np.array(list(written), np.int64), chosen)

    def _check_width(self, width: int) -> None:
        held, limit = self._ledger.dimension, self.capabilities.max_dimension
        if held is None:
            if width > limit:
                raise failures.dimension_out_of_range(width, limit)
        elif width != held:
            raise failures.dimension_mismatch(held, width)

    def _drop(self, ids: list[str] | None) -> int:
        if ids is None:
            return self._step(self._plan_clear)
        if len(ids) == 1 and self._ledger.journal is None:
            removed = self._drop_one(ids[0])
            if removed is not None:
                return removed
        return self._step(lambda: self._plan_drop(ids))

    def _drop_one(self, chunk_id: str) -> int | None:
        with self._lock.now:
            self._check_whole()
            return drop_one(self._ledger, chunk_id, self._erasing)

    def _plan_drop(self, ids: list[str]) -> tuple[int, list[Call], Callable[[], None]]:
        known = self._ledger.index
        present = [chunk_id for chunk_id in ids if chunk_id in known]
        draft = Draft(self._ledger)
        for chunk_id in present:
            draft.drop(chunk_id)
        calls = [*draft.calls(self._ledger.dimension), *self._erasing(draft.emptied)] if present else []
        return len(present), calls, draft.undo

    def _plan_clear(self) -> tuple[int, list[Call], Callable[[], None]]:
        count = len(self._ledger.index)
        calls, undo = clearing(self._ledger)
        return count, [*calls, *self._erasing(None)], undo

    def _find(self, ids: list[str]) -> NDArray[np.int64]:
        return self._look(lambda: self._ledger.find(ids))

    def _rows(self, at: list[str] | NDArray[np.int64] | None) -> NDArray[np.float32]:
        return self._look(lambda: self._read(self._ledger.resolve(at)))

    def _read(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        if not len(indices):
            return np.empty((0, self._ledger.dimension or 0), np.float32)
        return self._reading(indices)

    def _refcounts(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        return self._look(lambda: self._ledger.refcounts(indices))

    def _size(self) -> Size:
        return self._look(lambda: self._ledger.size())

    def _match(self, row: NDArray[np.float32]) -> int | None:
        (key,) = identity_keys(row, self.precision)
        return self._look(lambda: self._find_key(key, row.shape[1]))

    def _find_key(self, key: bytes, width: int) -> int | None:
        held = self._ledger.dimension
        if held is not None and held != width:
            raise failures.dimension_mismatch(held, width)
        return self._ledger.by_key.get(key)

    def _scan(self, use: Callable[[State], T]) -> T:
        return self._look(lambda: use(self._state()))

    def _state(self) -> State:
        layout = self._ledger.layout()
        return State(layout, self._blocks(layout.indices))

    def _blocks(self, indices: NDArray[np.int64]) -> Iterator[NDArray[np.float32]]:
        """Yield the rows at the indices, piece by piece; raise if a step comes in between."""
        turn = self._ledger.turns[-1]
        size = max(1, BLOCK_BYTES // (4 * (self._ledger.dimension or 1)))
        for start in range(0, len(indices), size):
            rows = self._reading(indices[start : start + size])
            if self._ledger.turns[-1] != turn:
                raise _OvertakenError
            yield rows

    def _close(self) -> None:
        with self._lock.now:
            self._closed = True
            self._ledger = Ledger(self._ledger.dimension, 1, None)
            self._empty(None)

    # Durable stores

    def _changes(self, use: Callable[[Changes], T]) -> T:
        with self._lock.now:
            while True:
                changes, (events, written) = self._look(self._since_then)
                try:
                    result = use(changes)
                except _OvertakenError:
                    continue
                # What came since stays.
                journal = self._journal()
                del journal.events[:events], journal.written[:written]
                return result

    def _journal(self) -> Journal:
        journal = self._ledger.journal
        if journal is None:
            raise RefvecError("The store keeps no journal; it was opened without `journaled`")
        return journal

    def _since_then(self) -> tuple[Changes, tuple[int, int]]:
        journal = self._journal()
        written = np.array(sorted(set(journal.written)), np.int64)
        written = written[self._ledger.counts[written] > 0]
        freed = np.array(sorted(journal.held), np.int64)
        changes = Changes(list(journal.events), written, self._blocks(written), freed, self._ledger.size())
        return changes, (len(journal.events), len(journal.written))

    def _reclaim(self, indices: NDArray[np.int64]) -> None:
        self._step(lambda: self._plan_reclaim(indices.tolist()))

    def _plan_reclaim(self, indices: list[int]) -> tuple[None, list[Call], Callable[[], None]]:
        held = self._journal().held
        again = [index for index in dict.fromkeys(indices) if index in held]
        calls: list[Call] = [(heappush, self._ledger.free, index) for index in again]
        # A free index that is also held back would do no harm: the heap may hold stale ones.
        return None, [*calls, *((operator.delitem, held, index) for index in again)], lambda: None
