"""Payloads: bytes under ids, beside the vectors of a store and in the same commit.

What a `VectorStore` is for ends with vectors. Texts and metadata belong to the
same ids, and must neither outlive a crash without them nor be lost in one that
they survive. What is in the bytes is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from . import failures
from .errors import UnsupportedError
from .ids import ChunkId, canonical_id, canonical_ids
from .primitives import Primitives
from .shelves import Shelf

if TYPE_CHECKING:
    from .contract import VectorStore
    from .opening import OpenSpec

MAX_BYTES = 2**29  # of one payload: more than sqlite takes, or a caller means
_BATCH = 256
Content: TypeAlias = bytes | bytearray | memoryview


class Payloads:
    """The payloads of a store, as ``store.payloads`` returns them.

    A payload and a vector under the same id are two things: an id may have
    either, and removing one leaves the other. `together` makes a change of both
    one step. A store in memory keeps payloads in memory; one with a path commits
    them in the transaction of its vectors, when it is flushed.

    Examples
    --------
    >>> from refvec import VectorStore
    >>> store = VectorStore(2, backend="python")
    >>> with store.payloads.together():
    ...     store.payloads.put({"a": b"some text"})
    ...     index = store.add_vector("a", [1, 2])
    >>> store.payloads.get(["a", "b"])
    [b'some text', None]
    """

    def __init__(self, store: VectorStore, shelf: Shelf) -> None:
        self._store = store
        self._shelf = shelf

    # Changing

    def together(self) -> AbstractContextManager[None]:
        """Return a context in which changes of payloads and of the store become one.

        No flush comes in between, and whoever asks for payloads on another
        thread waits. If the body raises, the payloads are as they were before;
        so the call that may raise, that of the store, comes last. A flush
        within raises.
        """
        self._writable()
        return self._shelf.together()

    def put(self, payloads: Mapping[str, Content] | Mapping[ChunkId, Content]) -> None:
        """Keep payloads under ids, in place of those that are there, all or nothing.

        Parameters
        ----------
        payloads : mapping of str or uuid.UUID to bytes
            At most 512 MiB each.

        Raises
        ------
        TypeError, ValueError
            For an id or a payload that cannot be kept; nothing has changed then.
        """
        self._writable()
        pairs = list(payloads.items())
        found = {canonical_id(one, at): _checked(content, at) for at, (one, content) in enumerate(pairs)}
        self._shelf.change(found)

    def remove(self, chunk_ids: Iterable[ChunkId]) -> int:
        """Remove payloads in one step and return how many distinct ids had one."""
        self._writable()
        ids = list(dict.fromkeys(canonical_ids(chunk_ids)))
        with self._shelf.lock:
            there = self._shelf.present(ids)
            self._shelf.change(dict.fromkeys(there))
        return len(there)

    def clear(self) -> None:
        """Remove all payloads; vectors stay."""
        self._writable()
        with self._shelf.lock:
            self._shelf.change(dict.fromkeys(self._shelf.ids()))

    # Looking up

    def get(self, chunk_ids: Iterable[ChunkId]) -> list[bytes | None]:
        """Return the payload of every id, None where there is none."""
        self._store._require_open()
        ids = canonical_ids(chunk_ids)
        found = self._shelf.get(ids)
        return [found.get(one) for one in ids]

    def ids(self) -> list[str]:
        """Return the ids that have a payload, in no order that is promised."""
        self._store._require_open()
        return self._shelf.ids()

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Iterate over the ids that have a payload now, and it; what is removed meanwhile is left out."""
        ids = self.ids()
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            for one, content in zip(batch, self.get(batch), strict=True):
                if content is not None:
                    yield one, content

    def __len__(self) -> int:
        """Return how many ids have a payload."""
        self._store._require_open()
        return self._shelf.count()

    def __contains__(self, chunk_id: object) -> bool:
        """Return whether the id has a payload; False for anything that is no id."""
        self._store._require_open()
        try:
            key = canonical_id(chunk_id)  # type: ignore[arg-type]  # it checks the type itself
        except (TypeError, ValueError):
            return False
        return bool(self._shelf.present([key]))

    def __repr__(self) -> str:
        """Return a summary."""
        return f"Payloads({'closed' if self._store.closed else len(self)})"

    def _writable(self) -> None:
        self._store._require_open()
        if self._shelf.read_only:
            raise failures.read_only()


def _checked(content: Content, position: int) -> bytes:
    if not isinstance(content, bytes | bytearray | memoryview):
        raise TypeError(
            f"a payload must be bytes, got {failures.type_name(type(content))} "
            f"(position {position} of the batch); encode it, as with json.dumps(value).encode()"
        )
    found = bytes(content)
    if len(found) > MAX_BYTES:
        raise ValueError(
            f"a payload may have {MAX_BYTES} bytes, got {len(found)} (position {position} of the batch)"
        )
    return found


def shelf_of(store: VectorStore) -> Shelf:
    """Return where the payloads of an open store are.

    Raises
    ------
    UnsupportedError
        If the store is in servers, or keeps its files itself.
    """
    if store._durable is not None:
        return store._durable.payloads
    require_kept(store, store._spec)
    found: Shelf = vars(store).setdefault("_payloads", Shelf())  # one, whichever thread is first
    return found


def require_kept(store: VectorStore, spec: OpenSpec | None) -> None:
    """Raise `UnsupportedError` unless a store that is opened so keeps payloads."""
    if spec is None or spec.location is None:
        return
    if isinstance(spec.location, Path) and type(store)._changes is not Primitives._changes:
        return
    raise UnsupportedError(
        f"A store of the backend {store.backend!r} at {spec.location} keeps no payloads: those are in "
        "memory, or in the directory of a durable store that refvec itself writes; keep texts and metadata "
        "in a database beside it"
    )


def sample_of(store: VectorStore) -> bytes | None:
    """Return some payload of an open store; None if there is none."""
    return shelf_of(store).sample()


def require_none(store: VectorStore) -> None:
    """Raise if there are payloads, which a file of `save` does not hold."""
    if store._durable is None and "_payloads" not in vars(store):
        return
    count = shelf_of(store).count()
    if count:
        raise UnsupportedError(
            f"The store has {count} payloads, which save() does not keep: `refvec copy` takes those of a "
            "durable store along to another directory, and `refvec export` writes vectors alone"
        )
