"""The store as a pure function: state and operation in, state and result out."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from .history import ANY, BATCHES, Call, History, Op

_INDEX_RESULTS = frozenset({"add", "add_many", "upsert", "upsert_many", "index", "find"})


class Contents(NamedTuple):
    """The state of a store, hashable.

    Attributes
    ----------
    refs : tuple of (id, index)
        In the order of arrival.
    slots : tuple of label or None
        The vector at every allocated index; None where it is free.
    width : int or None
        The dimension.
    closed : bool
        Whether it was closed.
    """

    refs: tuple[tuple[str, int], ...] = ()
    slots: tuple[str | None, ...] = ()
    width: int | None = None
    closed: bool = False


Step = tuple[Contents, Hashable]


@dataclass(frozen=True)
class Model:
    """The sequential store.

    Parameters
    ----------
    widths : dict
        The dimension of every label.
    dense : bool
        Compare indices (capability ``dense_indices``).
    ordered : bool
        Compare the order of ids (capability ``ordered_ids``).
    atomic : bool
        A batch is one operation (capability ``atomic_batch``); otherwise each of its items is.
    """

    widths: dict[str, int]
    dense: bool = True
    ordered: bool = True
    atomic: bool = True

    def step(self, state: Contents, op: Op) -> Step:
        """Return the state after `op`, and its result."""
        if op.name == "close":
            return state._replace(refs=(), slots=(), closed=True), None
        if state.closed:
            return state, "TypeError" if op.name == "copy" else "StoreClosedError"
        method: Callable[..., Step] = getattr(self, f"_{op.name}")
        return method(state, *op.args)

    def projected(self, op: Op, result: Any) -> Hashable:
        """Return as much of a result as the declared capabilities make comparable."""
        if op.name in _INDEX_RESULTS and not self.dense and result not in (None, ANY):
            return result if isinstance(result, str) else "an index"
        if not self.ordered and isinstance(result, tuple) and op.name in ("ids", "snapshot", "copy"):
            return tuple(sorted(result))
        found: Hashable = result
        return found

    def prepared(self, history: History) -> History:
        """Return the history with batches taken apart where they need not be one operation."""
        if self.atomic:
            return history
        found: History = []
        for call in history:
            if call.op.name not in BATCHES or isinstance(call.result, str):
                found.append(call)
                continue
            name, first = call.op.name.removesuffix("_many"), len(found)
            for position, item in enumerate(call.op.args):
                args = item if isinstance(item, tuple) else (item,)
                result = call.result[position] if isinstance(call.result, tuple) else ANY
                after = len(found) - 1 if len(found) > first else None
                found.append(
                    Call(call.thread, Op(name, args), call.invoked, call.returned, result, True, after)
                )
        return found

    def _add(self, state: Contents, chunk_id: str, label: str) -> Step:
        return self._single(self._add_many(state, (chunk_id, label)))

    def _upsert(self, state: Contents, chunk_id: str, label: str) -> Step:
        return self._single(self._upsert_many(state, (chunk_id, label)))

    @staticmethod
    def _single(step: Step) -> Step:
        state, result = step
        return state, result[0] if isinstance(result, tuple) else result

    def _add_many(self, state: Contents, *items: tuple[str, str]) -> Step:
        if self._misfits(state, items):
            return state, "DimensionMismatchError"
        present = dict(state.refs)
        if any(chunk_id in present for chunk_id, _ in items):
            return state, "DuplicateIdError"
        return self._upsert_many(state, *items)

    def _upsert_many(self, state: Contents, *items: tuple[str, str]) -> Step:
        if self._misfits(state, items):
            return state, "DimensionMismatchError"
        found = []
        for chunk_id, label in items:
            state = _put(state, chunk_id, label)
            found.append(dict(state.refs)[chunk_id])
        return state._replace(width=self.widths[items[0][1]]), tuple(found)

    def _misfits(self, state: Contents, items: tuple[tuple[str, str], ...]) -> bool:
        return state.width is not None and any(self.widths[label] != state.width for _, label in items)

    def _remove(self, state: Contents, chunk_id: str) -> Step:
        return _dropped(state, chunk_id), chunk_id in dict(state.refs)

    def _remove_many(self, state: Contents, *ids: str) -> Step:
        there = len(dict(state.refs).keys() & set(ids))
        for chunk_id in ids:
            state = _dropped(state, chunk_id)
        return state, there

    def _clear(self, state: Contents) -> Step:
        return state._replace(refs=(), slots=(None,) * len(state.slots)), None

    def _get(self, state: Contents, chunk_id: str) -> Step:
        index = dict(state.refs).get(chunk_id)
        return state, None if index is None else state.slots[index]

    def _get_many(self, state: Contents, *ids: str) -> Step:
        refs = dict(state.refs)
        if any(chunk_id not in refs for chunk_id in ids):
            return state, "UnknownIdError"
        return state, tuple(state.slots[refs[chunk_id]] for chunk_id in ids)

    def _index(self, state: Contents, chunk_id: str) -> Step:
        return state, dict(state.refs).get(chunk_id)

    def _find(self, state: Contents, label: str) -> Step:
        return state, state.slots.index(label) if label in state.slots else None

    def _ids(self, state: Contents) -> Step:
        return state, tuple(chunk_id for chunk_id, _ in state.refs)

    def _sizes(self, state: Contents) -> Step:
        return state, sum(label is not None for label in state.slots)

    def _statistics(self, state: Contents) -> Step:
        return state, (sum(label is not None for label in state.slots), len(state.refs), state.width)

    def _snapshot(self, state: Contents) -> Step:
        return state, tuple((chunk_id, state.slots[index]) for chunk_id, index in state.refs)

    _copy = _snapshot

    def _search(self, state: Contents) -> Step:
        return state, tuple(sorted(chunk_id for chunk_id, _ in state.refs))


def _put(state: Contents, chunk_id: str, label: str) -> Contents:
    refs, slots = dict(state.refs), list(state.slots)
    old = refs.get(chunk_id)
    if label not in slots and None not in slots:
        slots.append(None)
    if label not in slots:
        slots[slots.index(None)] = label
    refs[chunk_id] = slots.index(label)
    return _released(state._replace(refs=tuple(refs.items()), slots=tuple(slots)), old)


def _dropped(state: Contents, chunk_id: str) -> Contents:
    refs = dict(state.refs)
    old = refs.pop(chunk_id, None)
    return _released(state._replace(refs=tuple(refs.items())), old)


def _released(state: Contents, index: int | None) -> Contents:
    if index is None or index in dict(state.refs).values():
        return state
    return state._replace(slots=(*state.slots[:index], None, *state.slots[index + 1 :]))
