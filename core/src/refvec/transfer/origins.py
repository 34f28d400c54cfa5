"""Where a copy comes from: a saved file, a durable store, or one that servers keep."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from numpy.typing import NDArray

from .. import savefile
from ..contract import VectorStore
from ..errors import UnknownIdError
from ..interchange.content import Content
from ..interchange.exporting import silent
from ..interchange.source import Batch, Rows, batch_rows
from ..location import Url, parse_location
from ..opening import OpenSpec
from ..state import State
from .payloads import NOTHING, Besides, NoPayloads, StoredPayloads

if TYPE_CHECKING:
    from ..durable.loading import Loaded
    from ..durable.records import Meta

T = TypeVar("T")
Use = Callable[[OpenSpec, State, NoPayloads], T]


class OriginRows(Rows):
    """A vector for each id, with its payload."""

    def others(self) -> Besides:
        """Return the payloads of the other ids."""
        return NOTHING


class Origin(Protocol):
    """A store that is only read.

    Attributes
    ----------
    name : str
        As it may be shown.
    spec : OpenSpec
        Its dimension, precision and initial capacity.
    count : int
        The ids in it.
    payloads : int
        How many come along.
    """

    name: str
    spec: OpenSpec
    count: int
    payloads: int

    def whole(self, use: Use[T]) -> T:
        """Call `use` with all of it, as it is at one moment; again, if others change it meanwhile."""

    def rows(self, use: Callable[[OriginRows], T]) -> T:
        """Call `use` with a vector for each id, in the order of the ids."""


@contextmanager
def origin_of(source: str | os.PathLike[str], *, payloads: bool) -> Iterator[Origin]:
    """Yield what is at a place, found to be a store, with its payloads or without."""
    location = parse_location(source, "source")
    if isinstance(location, Url):
        with VectorStore(path=location.text, mode="r") as store:
            yield _Served(str(location), store)
    elif location.is_dir():
        yield _Directory(location, payloads=payloads)
    else:
        location.stat()
        yield _File(location)


class _Stored:
    """What is read from files, by no backend."""

    name: str
    spec: OpenSpec
    count: int
    payloads = 0

    def whole(self, use: Use[T]) -> T:
        raise NotImplementedError

    def rows(self, use: Callable[[OriginRows], T]) -> T:
        """Read the vectors in the order of the ids; where that is another one, through a temporary file."""

        def read(_: OpenSpec, state: State, payloads: NoPayloads) -> T:
            content = Content(state, Path(tempfile.gettempdir()), silent)
            return use(_ContentRows(self.name, content, payloads))

        return self.whole(read)


class _File(_Stored):
    def __init__(self, path: Path) -> None:
        self.name, self._path = os.fspath(path), path
        # Read to its end, so that a damaged file is found before anything is written elsewhere.
        self.spec, self.count = savefile.read(
            path, lambda spec, state: (spec, len(state.layout.ids)), checked=True
        )

    def whole(self, use: Use[T]) -> T:
        return savefile.read(self._path, lambda spec, state: use(spec, state, NoPayloads()), checked=True)


class _Directory(_Stored):
    def __init__(self, path: Path, *, payloads: bool) -> None:
        from ..durable.loading import load  # sqlite is loaded for stores in a directory only
        from ..durable.locks import require_locks
        from ..durable.places import place_of

        require_locks()
        place = place_of(path)
        if place.look() != "store":
            raise FileNotFoundError(errno.ENOENT, "There is no store", os.fspath(path))
        self.name, self._load, self._place = os.fspath(path), load, place
        meta = load(place, lambda loaded: loaded.meta)
        self.spec, self.count = _spec(meta), meta.references
        self._kept, self.payloads = payloads, meta.payloads if payloads else 0

    def whole(self, use: Use[T]) -> T:
        def read(loaded: Loaded) -> T:
            payloads = StoredPayloads(loaded) if self._kept else NoPayloads()
            return use(_spec(loaded.meta), loaded.state(held=False), payloads)

        return self._load(self._place, read)


def _spec(meta: Meta) -> OpenSpec:
    return OpenSpec(meta.dimension, meta.initial_capacity, meta.precision)


class _Served:
    """What servers keep: others may change it meanwhile."""

    payloads = 0

    def __init__(self, name: str, store: VectorStore) -> None:
        self.name, self._store = name, store
        self.spec = OpenSpec(store.dimension, store._spec.initial_capacity, store.precision)
        self.count = store.total_references

    def whole(self, use: Use[T]) -> T:
        return self._store._scan(lambda state: use(self.spec, state, NoPayloads()))

    def rows(self, use: Callable[[OriginRows], T]) -> T:
        return use(_ServedRows(self.name, self._store))


class _ContentRows(OriginRows):
    def __init__(self, name: str, content: Content, payloads: NoPayloads) -> None:
        super().__init__(name, len(content.ids), content.dimension)
        self._content = content
        self._payloads = payloads

    def batches(self, most: int | None = None) -> Iterator[Batch]:
        start, ids = 0, self._content.ids
        for block in self._content.by_id():
            size = min(most or len(block), len(block))
            for rows in (block[at : at + size] for at in range(0, len(block), size)):
                yield from self._with_payloads(ids[start : start + len(rows)], rows)
                start += len(rows)

    def _with_payloads(self, ids: list[str], rows: NDArray[Any]) -> Iterator[Batch]:
        start = 0
        for part, payloads in self._payloads.along(ids):
            yield Batch(part, rows[start : start + len(part)], payloads)
            start += len(part)

    def others(self) -> Besides:
        return self._payloads.besides(self._content.ids)


class _ServedRows(OriginRows):
    """The ids that are there at the beginning; those that go meanwhile are left out."""

    def __init__(self, name: str, store: VectorStore) -> None:
        self._ids, self._store = store.ids(), store
        super().__init__(name, len(self._ids), store.dimension)

    def batches(self, most: int | None = None) -> Iterator[Batch]:
        size = batch_rows(4 * (self.dimension or 1), most=most)
        for start in range(0, len(self._ids), size):
            yield self._batch(self._ids[start : start + size])

    def _batch(self, ids: list[str]) -> Batch:
        while True:
            try:
                return Batch(ids, self._store.get_vectors(ids))
            except UnknownIdError:
                there = self._store.get_indices(ids) >= 0
                ids = [one for one, found in zip(ids, there.tolist(), strict=True) if found]
