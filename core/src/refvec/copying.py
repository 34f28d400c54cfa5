"""Copying and pickling (SAVE-2): a store of the same class, with the content of one moment."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from . import savefile
from .errors import BackendLoadError, StoreClosedError, UnknownBackendError
from .opening import OpenSpec
from .registry import load_backend
from .shelves import Shelf
from .state import State

if TYPE_CHECKING:
    from .contract import VectorStore

Store = TypeVar("Store", bound="VectorStore")
T = TypeVar("T")


def spec_of(spec: OpenSpec, state: State) -> OpenSpec:
    """Return the spec of a store with this content: another thread may have fixed its dimension since."""
    return replace(spec, dimension=state.layout.dimension, location=None)


def copied(store: Store, copy_attributes: Callable[[dict[str, Any]], dict[str, Any]]) -> Store:
    """Return an independent copy; what is not the store's own goes through `copy_attributes`."""
    with _payloads(store) as payloads:
        found = _captured(store, lambda state: type(store)._restore(spec_of(store._spec, state), state))
    found.__dict__.update(copy_attributes(_attributes(store, found)))
    return _given(found, payloads)


def deeply(attributes: dict[str, Any], memo: dict[int, Any]) -> dict[str, Any]:
    """Return a deep copy of a subclass's attributes."""
    return copy.deepcopy(attributes, memo)


def reduced(store: VectorStore) -> tuple[Any, ...]:
    """Return what ``__reduce__`` must."""
    with _payloads(store) as payloads:
        blob = _captured(store, lambda state: savefile.encode(spec_of(store._spec, state), state))
    # A backend goes by its name, so that it is found, or missed, as one; a user's subclass of it by reference.
    kind = type(store)
    target = store.backend if "backend" in vars(kind) else kind
    return _unpickled, (target, blob, payloads), _attributes(store, empty(store)) or None


def _unpickled(target: str | type[VectorStore], blob: bytes, payloads: dict[str, bytes]) -> Any:
    """Return the store that ``pickle`` wrote."""
    if isinstance(target, str):
        try:
            target = load_backend(target)
        except UnknownBackendError as error:
            raise BackendLoadError(f"The pickled store needs the backend {target!r}: {error}") from error
    found = savefile.decode(blob, "the pickled store", target._restore, checked=target.checks_state)
    return _given(found, payloads)


@contextmanager
def _payloads(store: VectorStore) -> Iterator[dict[str, bytes]]:
    """Yield the payloads of a store in memory, which nobody changes meanwhile."""
    shelf: Shelf | None = vars(store).get("_payloads")
    if shelf is None:
        yield {}
        return
    with shelf.lock:
        yield shelf.get(shelf.ids())


def _given(store: Store, payloads: dict[str, bytes]) -> Store:
    if payloads:
        vars(store)["_payloads"] = Shelf(payloads)
    return store


def _captured(store: VectorStore, use: Callable[[State], T]) -> T:
    if store._spec.location is not None:
        raise TypeError("A store with a location cannot be copied or pickled; save() it to a file")
    try:
        return store._scan(use)
    except StoreClosedError as error:
        raise TypeError("A closed store cannot be copied or pickled") from error


def empty(store: VectorStore) -> VectorStore:
    """Return a store of the same class and spec, to which nobody but opening has added anything."""
    found = type(store).__new__(type(store))
    found._begin(store._spec, None)
    return found


def own_names(fresh: VectorStore) -> set[str]:
    """Return which attributes are the store's own; all others are a subclass's or a user's."""
    return vars(fresh).keys() | {"_given", "_payloads"}


def _attributes(store: VectorStore, fresh: VectorStore) -> dict[str, Any]:
    own = own_names(fresh)
    return {name: value for name, value in vars(store).items() if name not in own}
