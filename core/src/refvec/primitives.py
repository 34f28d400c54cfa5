"""What the author of a backend writes: eight primitives; all else has defaults.

Each public method of `refvec.VectorStore` is one primitive, and each primitive
is one atomic step: it has happened wholly or not at all when it returns or
raises, and no other step is seen half done by it. So the contract never needs
a backend's lock, and the same contract fits dicts, a native core, files and
servers. `refvec.InProcessVectorStore` has these primitives, and a lock, for
backends that only want to say how rows are kept in memory.

Arguments are canonical: ids are exact ``str``, rows are C-contiguous native
float32 of shape (n, d) that nobody else can write to, indices are int64. Only
`_put`, `_drop` and `_reclaim` change anything. After `_close` every primitive
raises `StoreClosedError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal, NoReturn, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from .capabilities import Capabilities
from .opening import OpenSpec
from .options import Option
from .state import Changes, Size, State

if TYPE_CHECKING:
    from .durable.stored import StoredRows

PRIMITIVES = ("_open", "_put", "_drop", "_find", "_rows", "_refcounts", "_scan", "_size")

PutMode: TypeAlias = Literal["add", "upsert"]
T = TypeVar("T")


class Primitives:
    """The obligations of a backend, and the class attributes that declare it.

    The primitives are `_open`, `_put`, `_drop`, `_find`, `_rows`, `_refcounts`, `_scan` and `_size`. As their
    names begin with an underscore, ``help`` shows each when it is asked for it, ``help(Primitives._put)``.
    """

    backend: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    options: ClassVar[tuple[Option, ...]] = ()  # what keywords of the constructor and URL queries may name
    # Whether `_open` refuses a state with identical vectors (CorruptStoreError); if not, `load` looks for them.
    checks_state: ClassVar[bool] = False
    # Whether rows of a durable store are read from its file, ``state.stored.rows``, after `_open` has returned.
    maps_rows: ClassVar[bool] = False

    def _open(self, spec: OpenSpec, state: State | None) -> None:
        """Start empty, or from `state` with its indices, orders and capacity kept.

        ``state.blocks`` is consumed once, block by block, so that a store is
        never in memory twice.
        """
        self._missing("_open")

    def _put(self, ids: list[str], rows: NDArray[np.float32], mode: PutMode) -> NDArray[np.int64]:
        """Reference ``rows[j]`` under ``ids[j]``, item by item in order; return the indices.

        ``"add"``: raise `DuplicateIdError` for the lowest position whose id is
        present, or stands earlier in `ids`. ``"upsert"``: the ids are distinct;
        each item first adds the new reference, then drops the old one, and a
        row identical to the old one changes nothing.

        The first rows fix the dimension; `DimensionMismatchError` if another
        was fixed since they were checked. No ids change nothing.
        """
        self._missing("_put")

    def _drop(self, ids: list[str] | None) -> int:
        """Remove those of the distinct `ids` that are present, or all; return how many were there."""
        self._missing("_drop")

    def _find(self, ids: list[str]) -> NDArray[np.int64]:
        """Return the index of every id, -1 where it is absent."""
        self._missing("_find")

    def _rows(self, at: list[str] | NDArray[np.int64] | None) -> NDArray[np.float32]:
        """Return the rows of ids, or at indices, or all by ascending index, as a fresh (n, d) array.

        It answers all, or raises `UnknownIdError` or `InvalidIndexError` for the
        first bad position. Without a dimension d is 0.
        """
        self._missing("_rows")

    def _refcounts(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the references to every index, or raise `InvalidIndexError` for the first inactive one."""
        self._missing("_refcounts")

    def _scan(self, use: Callable[[State], T]) -> T:
        """Call `use` with one consistent state, and return what it returns.

        ``state.blocks`` may be read lazily, and only during the call. `use` is
        refvec's own code; an implementation may call it again where it noticed
        that the state had changed under it.
        """
        self._missing("_scan")

    def _size(self) -> Size:
        """Return the counts, and the dimension of the same moment; O(1)."""
        self._missing("_size")

    # Optional.

    def _close(self) -> None:
        """Release what the store holds; two threads may do so at once. What lives elsewhere stays there."""

    def _changes(self, use: Callable[[Changes], T]) -> T:
        """Call `use` with all that changed since the last call that returned, and return what it returns.

        One step. If `use` raises, nothing is forgotten. Needed, with
        `_reclaim`, by durable stores only: those opened with ``spec.journaled``.
        """
        self._missing("_changes")

    def _reclaim(self, indices: NDArray[np.int64]) -> None:
        """Let these freed indices be taken again: a journaled store holds them back until then (DUR-8).

        It may go on with some while something still reads their rows from the
        file; `_changes` then tells them again.
        """
        self._missing("_reclaim")

    def _settle(self, rows: StoredRows) -> None:
        """Hear that every row that the last `_changes` told of is in this file, and may be read from there.

        So are the rows told of before. After a compaction it is another file
        than before; a mapping of the old one still holds the same, and its space.
        """

    def _exchange(self, other: Self) -> None:
        """Have the content of another object of the class in place of one's own, in one step.

        For `refresh` of a reader. The default takes over the attributes within
        a call of `_scan`, where nobody else is in the middle of a call if that
        holds a lock.
        """
        self._scan(lambda _: vars(self).update(vars(other)))

    def _missing(self, name: str) -> NoReturn:
        raise NotImplementedError(f"{type(self).__name__} has no {name}")


def missing_primitives(cls: type) -> list[str]:
    """Return the names of the primitives that `cls` does not define."""
    return [name for name in PRIMITIVES if getattr(cls, name, None) is getattr(Primitives, name)]
