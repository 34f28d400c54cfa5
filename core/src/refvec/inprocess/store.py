"""The base of backends that keep rows in this process: primitives, made of steps under one lock."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import SupportsIndex, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import failures
from ..metrics import Metric
from ..opening import OpenSpec
from ..primitives import PutMode
from ..ranking import BLOCK_ROWS, rank
from ..reading import one_index
from ..searching import Hits, check_query, members_of
from ..state import Size, State
from .digests import digest_of, digests_of
from .draft import Draft, clearing
from .guarded import OvertakenError
from .ledger import Journal, Ledger, members
from .locking import StoreLock
from .shortcuts import Shortcuts, go_around
from .steps import Call, Plan
from .tokens import Tokens

_HOOKS = ("_empty", "_storing", "_erasing", "_reading")
T = TypeVar("T")


class InProcessVectorStore(Shortcuts, abstract=True):
    """A backend in which only the keeping of rows is left to write.

    Four methods do that; they are called under the lock. The ids, identity,
    reference counts and free indices, the lock, and the journal of a durable
    store are here. Every step is planned first and then made in one call that
    nothing cuts in half (`refvec.inprocess.steps`), so a backend that keeps the
    obligations of `_storing` and `_erasing` may declare ``interrupt_safe``.
    """

    def __init_subclass__(cls, *, abstract: bool = False, **kwargs: bool) -> None:
        """Refuse a backend that does not say how it keeps rows."""
        super().__init_subclass__(abstract=abstract, **kwargs)
        base = InProcessVectorStore
        missing = [name for name in _HOOKS if getattr(cls, name) is getattr(base, name)]
        if missing and not abstract:
            raise TypeError(f"{cls.__name__} lacks {', '.join(missing)} of refvec.InProcessVectorStore")
        go_around(cls)

    # The primitives

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        self._lock = StoreLock()
        journal = Journal() if spec.journaled else None
        self._ledger = Ledger(spec.dimension, spec.initial_capacity, journal)
        self._empty(spec.dimension)
        if state is not None:
            self._ledger.restore(state)
            self._restore_rows(state)

    @property
    def dimension(self) -> int | None:
        """Components of every vector; None until the first vector fixes it."""
        return self._ledger.dimension

    def _put(self, ids: list[str], rows: NDArray[np.float32], mode: PutMode) -> NDArray[np.int64]:
        if not ids:
            return self._look(lambda: np.empty(0, np.int64))
        if len(ids) == 1:
            digests = [digest_of(rows[0], self.precision)]
            index = self._put_one(ids[0], rows[0], digests[0])
            if index is not None:
                return np.array([index], np.int64)
        else:
            digests = digests_of(rows, self.precision)  # the rows are nobody else's: outside the lock
        return self._step(lambda: self._plan_put(ids, rows, digests, mode))

    def _restore_rows(self, state: State) -> None:
        """Keep the rows of a state. Of a durable store, a backend may read them later (`maps_rows`)."""
        indices, start = state.layout.indices, 0
        for rows in state.blocks:
            at = indices[start : start + len(rows)]
            start += len(rows)
            if state.stored is None:
                self._enter(self._ledger, at, rows)
            for function, *arguments in self._storing(at, rows):
                function(*arguments)
        self._ledger.complete = state.stored is None or not start

    def _enter(self, ledger: Ledger, indices: NDArray[np.int64], rows: NDArray[np.float32]) -> None:
        """Let a ledger know rows by their tokens."""
        digests = digests_of(rows, self.precision)
        while True:
            with suppress(OvertakenError):
                tokens = Tokens(ledger, self.precision, self._reading).of(rows, digests)
                return ledger.enter(indices, tokens)

    def _require_tokens(self) -> None:
        """Have the tokens of all rows; a plan that needed them begins anew."""
        if not self._ledger.complete:
            self._step(self._plan_tokens)
            raise OvertakenError

    def _plan_tokens(self) -> Plan[None]:
        ledger, found, start = self._ledger, Ledger(self._ledger.dimension, 1, None), 0
        indices = ledger.active()
        for rows in self._blocks(indices):
            self._enter(found, indices[start : start + len(rows)], rows)
            start += len(rows)
        names = ("by_token", "tokens", "collided", "tied", "complete")
        return None, [(operator.ior, vars(ledger), {name: vars(found)[name] for name in names})], lambda: None

    def _tokens(self) -> Tokens:
        self._require_tokens()
        return Tokens(self._ledger, self.precision, self._reading)

    def _plan_put(
        self, ids: list[str], rows: NDArray[np.float32], digests: list[int], mode: PutMode
    ) -> Plan[NDArray[np.int64]]:
        self._check_width(rows.shape[1])
        draft = Draft(self._ledger, self.capabilities.max_vectors)
        if mode == "add":
            draft.check_new(ids)
        indices = np.array(draft.refer_all(ids, self._tokens().of(rows, digests)), np.int64)
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
        if len(ids) == 1:
            removed = self._drop_one(ids[0])
            if removed is not None:
                return removed
        return self._step(lambda: self._plan_drop(ids))

    def _plan_drop(self, ids: list[str]) -> Plan[int]:
        self._require_tokens()
        known = self._ledger.index
        present = [chunk_id for chunk_id in ids if chunk_id in known]
        draft = Draft(self._ledger)
        for chunk_id in present:
            draft.drop(chunk_id)
        calls = [*draft.calls(self._ledger.dimension), *self._erasing(draft.emptied)] if present else []
        return len(present), calls, draft.undo

    def _plan_clear(self) -> Plan[int]:
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

    def ids_at(self, index: SupportsIndex) -> list[str]:
        """Return the ids that reference an active index, in the order in which they came to it."""
        self._require_open()
        return one_index(lambda at: self._look(lambda: self._ledger.ids_at(at)), index)

    def _size(self) -> Size:
        return self._look(lambda: self._ledger.size())

    def _match(self, row: NDArray[np.float32]) -> int | None:
        digest = digest_of(row[0], self.precision)
        return self._look(lambda: self._found(row, digest))

    def _found(self, row: NDArray[np.float32], digest: int) -> int | None:
        held, width = self._ledger.dimension, row.shape[1]
        if held is not None and held != width:
            raise failures.dimension_mismatch(held, width)
        return self._tokens().find(row, digest)

    def _search(
        self,
        queries: NDArray[np.float32],
        k: int,
        metric: Metric,
        within: list[str] | None,
        with_ids: bool,
    ) -> Hits:
        return self._look(lambda: self._hits(queries, k, metric, within, with_ids))

    def _hits(
        self,
        queries: NDArray[np.float32],
        k: int,
        metric: Metric,
        within: list[str] | None,
        with_ids: bool,
    ) -> Hits:
        ledger = self._ledger
        check_query(queries, ledger.dimension)
        narrowed = None if within is None else ledger.narrowed(within)
        among = None if narrowed is None else sorted(narrowed)
        indices, scores = self._nearest(queries, k, metric, among)
        if not with_ids:
            return indices, scores, None
        hits = set(indices.ravel().tolist())
        slots: Mapping[int, Iterable[str]]
        slots = {index: members(ledger.slots[index]) for index in hits} if narrowed is None else narrowed
        return indices, scores, members_of(indices, slots)

    def _nearest(
        self, queries: NDArray[np.float32], k: int, metric: Metric, among: list[int] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return indices and scores (m, k'), best first, of the active rows, or of some (ascending).

        A backend that need not read the rows block by block overrides it.
        """
        indices = sorted(self._ledger.slots) if among is None else among
        parts = (indices[start : start + BLOCK_ROWS] for start in range(0, len(indices), BLOCK_ROWS))
        arrays = (np.array(part, np.int64) for part in parts)
        return rank(((part, self._reading(part)) for part in arrays), queries, k, metric)

    def _scan(self, use: Callable[[State], T]) -> T:
        return self._look(lambda: use(self._state()))

    def _state(self) -> State:
        layout = self._ledger.layout()
        return State(layout, self._blocks(layout.indices))

    def _close(self) -> None:
        with self._lock.now:
            self._closed = True
            self._ledger = Ledger(self._ledger.dimension, 1, None)
            self._empty(None)
