"""The one generator of calls: seeded, with few ids and few vectors, so that they meet.

A call is source text over ``store``, so that a failing sequence is a script
that anyone can run, and it is data, so that a checker can look into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, TypeAlias, TypeVar

T = TypeVar("T")


class Code(str):
    """Source text: its repr is itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Op(NamedTuple):
    """One call on a store.

    Attributes
    ----------
    name : str
        A method of the store, or a function of `vocabulary` that takes it first.
    args : tuple
        Its arguments; the repr of each is its source.
    options : tuple of (str, object)
        Its arguments by keyword.
    """

    name: str
    args: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def call(self) -> str:
        """The call without the store."""
        given = [repr(one) for one in self.args] + [f"{name}={value!r}" for name, value in self.options]
        return f"{self.name}({', '.join(given)})"

    @property
    def source(self) -> str:
        """The whole expression."""
        if self.name in _FUNCTIONS:
            return self.call.replace("(", "(store, ", 1).replace("(store, )", "(store)", 1)
        return f"store.{self.call}"

    def __str__(self) -> str:
        """Return the call as its caller may write it."""
        return _WRITTEN.get(self.name, self.call)


Trace: TypeAlias = list[Op]

_FUNCTIONS = {"copied", "filled", "len", "reopened", "seen"}

_WRITTEN = {"seen": "copy.copy(store).snapshot()", "len": "len(store)"}

# What each call takes: the names of the methods of `Operations` that draw it.
ARGUMENTS: Mapping[str, str] = {
    "add_vector": "item",
    "upsert_vector": "item",
    "add_vectors": "batch",
    "upsert_vectors": "batch",
    "remove_vector": "id",
    "remove_vectors": "ids",
    "clear": "nothing",
    "get_vector": "id",
    "get_index": "id",
    "__contains__": "id",
    "get_vectors": "ids",
    "get_indices": "ids",
    "get_vector_by_index": "index",
    "ids_at": "index",
    "get_refcount": "index",
    "get_vectors_by_indices": "indices",
    "get_refcounts": "indices",
    "filled": "out",
    "iter_batches": "index",
    "find_vector": "vector",
    "search": "query",
    "ids": "nothing",
    "indices": "nothing",
    "len": "nothing",
    "get_statistics": "nothing",
    "snapshot": "nothing",
    "get_all_vectors": "nothing",
    "copied": "way",
    "seen": "nothing",
    "reopened": "nothing",
    "flush": "nothing",
    "close": "nothing",
}
READS = [Op(name) for name in ("ids", "indices", "snapshot", "get_all_vectors", "get_statistics", "flush")]


class Operations:
    """Draws calls with good arguments from small sets.

    Parameters
    ----------
    random : random.Random
        Seeded by the caller.
    ids : sequence
    vectors : sequence
        What the calls are about; the repr of each is its source.
    """

    def __init__(self, random: Random, ids: Sequence[Any], vectors: Sequence[Any]) -> None:
        self._random = random
        self._ids_known, self._vectors_known = ids, vectors

    def draw(self, names: Sequence[str]) -> Op:
        """Return a call of one of the names; repeat a name to weigh it."""
        name = self._random.choice(names)
        arguments = getattr(self, f"_{ARGUMENTS[name]}")()
        return Op(name, arguments, self._options() if name == "search" else ())

    def trace(self, names: Sequence[str], length: int) -> Trace:
        """Return so many calls."""
        return [self.draw(names) for _ in range(length)]

    def _nothing(self) -> tuple[()]:
        return ()

    def _one_id(self) -> Any:
        return self._random.choice(self._ids_known)

    def _some_ids(self) -> list[Any]:
        return self._random.sample(list(self._ids_known), 2)

    def _one_vector(self) -> Any:
        return self._random.choice(self._vectors_known)

    def _matrix(self, count: int) -> Any:
        return tuple(self._one_vector() for _ in range(count))

    def _id(self) -> tuple[Any, ...]:
        return (self._one_id(),)

    def _ids(self) -> tuple[Any, ...]:
        return (tuple(self._some_ids()),)

    def _vector(self) -> tuple[Any, ...]:
        return (self._one_vector(),)

    def _item(self) -> tuple[Any, ...]:
        return self._one_id(), self._one_vector()

    def _batch(self) -> tuple[Any, ...]:
        ids = self._some_ids()
        return tuple(ids), self._matrix(len(ids))

    def _query(self) -> tuple[Any, ...]:
        return (self._one_vector(),)

    def _options(self) -> tuple[tuple[str, Any], ...]:
        return ()

    def _way(self) -> tuple[str]:
        return (self._random.choice(["pickle", "copy", "deepcopy", "file"]),)


def codes(*texts: str) -> list[Code]:
    """Return source texts."""
    return [Code(text) for text in texts]
