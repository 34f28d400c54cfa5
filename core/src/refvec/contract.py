"""The contract: ``VectorStore``, what callers hold, whichever backend is behind it.

Each method converts its arguments (no caller's code runs later than that) and
calls one primitive of `refvec.primitives`; what is more than a line stands in
the modules of the same layer: `opening`, `reading`, `searching`, `copying`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, SupportsIndex, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import copying, failures, savefile
from .errors import StoreClosedError, UnknownIdError, UnsupportedError
from .identity import Precision
from .ids import ChunkId, canonical_id, canonical_ids
from .integers import canonical_indices
from .metrics import Metric
from .opening import OpenSpec, parse_spec
from .options import check_options
from .outputs import check_out
from .payloads import Payloads, require_none, shelf_of
from .primitives import Primitives, missing_primitives
from .reading import batches, one_index, pairs, positive_size, rows_at, single
from .searching import Hits, SearchResult, check_k, check_metric, match_state, search_state
from .selecting import require_able, select_backend
from .state import Compaction, Snapshot, State
from .vectors import canonical_query, canonical_row, canonical_rows

if TYPE_CHECKING:
    from .durable import Session

_STORAGE = {(): "in-memory", ("durable",): "memory-mapped", ("networked",): "networked"}


class VectorStore(Primitives):
    """A map from ids to float32 vectors that stores identical vectors once.

    ::

        id "a" ─┐
        id "b" ─┼─> index 0 ─> [0.12, 0.98, ...]   3 references
        id "c" ─┘
        id "d" ───> index 1 ─> [0.70, 0.01, ...]   1 reference
                    index 2    freed: reused before the store grows

    Calling this class returns a store of the chosen backend, which is an
    instance of it. Subclassing it makes a backend: see `refvec.primitives`.

    Parameters
    ----------
    dimension : int, optional
        Components of every vector, 1 to 65,536. None: the first vector fixes it.
    initial_capacity : int
        The capacity to start with: a number for the statistics, no allocation.
    use_mmap, mmap_path
        ``use_mmap=True, mmap_path=P`` means ``path=P``.
    backend : str
        The name of a backend, or "auto": the one that the environment variable
        REFVEC_BACKEND names, else the first of rust, numpy and python that works.
    precision : int or "exact", optional
        Vectors are identical when all their components agree to this many
        decimals, 0 to 7, or in all bits. None means 6.
    path : str or os.PathLike, optional
        The directory of a durable store, or the URL of one that servers keep;
        None keeps the store in memory.
    mode : {"a", "r+", "x", "r"}
        Open or create; must exist; must not exist; read only.
    **options
        What the chosen backend declares.

    Raises
    ------
    ValueError, TypeError
        For an argument out of range, or of the wrong type.
    UnknownBackendError, BackendLoadError
        If the backend is not installed, or does not load.
    UnsupportedError
        If it cannot do what the arguments ask for.

    Examples
    --------
    >>> store = VectorStore(3, backend="python")
    >>> store.add_vectors(["a", "b", "c"], [[1, 0, 0], [0, 1, 0], [1, 0, 0]])
    array([0, 1, 0])
    >>> store
    VectorStore(backend='python', dimension=3, vectors=2, references=3, storage='in-memory')
    """

    _given: OpenSpec | None = None  # what the front door has parsed
    _spec: OpenSpec
    _closed: bool = True  # until it is open
    _dimension: int | None
    _durable: Session | None = None  # of a store in a directory, which core keeps
    _lacking: ClassVar[Sequence[str]] = ()

    # Opening

    def __new__(
        cls,
        dimension: SupportsIndex | None = None,
        initial_capacity: SupportsIndex = 1000,
        use_mmap: bool = False,
        mmap_path: str | os.PathLike[str] | None = None,
        *,
        backend: str = "auto",
        precision: SupportsIndex | str | None = None,
        path: str | os.PathLike[str] | None = None,
        mode: str = "a",
        **options: Any,
    ) -> Self:
        """Make an object of the chosen backend, which Python then initialises, once."""
        if cls is not VectorStore:
            if cls._lacking:
                raise TypeError(f"{cls.__name__} is no backend yet: it lacks {', '.join(cls._lacking)}")
            return object.__new__(cls)
        spec = parse_spec(
            dimension,
            initial_capacity,
            use_mmap,
            mmap_path,
            precision=precision,
            path=path,
            mode=mode,
            options=options,
        )
        target = select_backend(backend, spec, os.environ)
        store = target.__new__(target)
        # `__init__` gets the arguments again, and has no need of them.
        store._given = check_options(target, spec)
        return cast("Self", store)

    def __init__(
        self,
        dimension: SupportsIndex | None = None,
        initial_capacity: SupportsIndex = 1000,
        use_mmap: bool = False,
        mmap_path: str | os.PathLike[str] | None = None,
        *,
        backend: str = "auto",
        precision: SupportsIndex | str | None = None,
        path: str | os.PathLike[str] | None = None,
        mode: str = "a",
        **options: Any,
    ) -> None:
        # Opening never asks for `__dict__`: up to Python 3.12 that makes every call of a method slower.
        spec = self._given
        if spec is None:
            if backend not in ("auto", self.backend):
                raise ValueError(
                    f"{type(self).__name__} is the backend {self.backend!r}, not {backend!r}; "
                    f"call refvec.VectorStore(backend={backend!r})"
                )
            given = parse_spec(
                dimension,
                initial_capacity,
                use_mmap,
                mmap_path,
                precision=precision,
                path=path,
                mode=mode,
                options=options,
            )
            require_able(type(self), given)
            spec = check_options(type(self), given)
        self._begin(spec, None)

    def __init_subclass__(cls, *, abstract: bool = False, **kwargs: Any) -> None:
        """Refuse a backend that lacks a primitive, naming what is missing.

        Parameters
        ----------
        abstract : bool
            True for a base class that leaves primitives to its subclasses.
        """
        super().__init_subclass__(**kwargs)
        cls._lacking = missing_primitives(cls)
        if cls._lacking and not abstract:
            raise TypeError(
                f"{cls.__name__} lacks {', '.join(cls._lacking)}; a backend defines every primitive of "
                "refvec.primitives, a base class passes abstract=True"
            )

    def _begin(self, spec: OpenSpec, state: State | None) -> None:
        """Open the store, empty or from a state."""
        limit = self.capabilities.max_dimension
        if spec.dimension is not None and spec.dimension > limit:
            raise failures.dimension_out_of_range(spec.dimension, limit)
        if isinstance(spec.location, Path) and type(self)._changes is not Primitives._changes:
            from . import durable  # sqlite is loaded for stores in a directory only

            self._durable = durable.begin(self, spec)
        else:
            self._take(spec, state)
        self._closed = False

    def _take(self, spec: OpenSpec, state: State | None) -> None:
        """Have the content of a state, as the backend keeps it."""
        self._spec = spec
        self._dimension = spec.dimension
        self._open(spec, state)

    @classmethod
    def _restore(cls, spec: OpenSpec, state: State) -> Self:
        """Return an open store with the content of `state`; no ``__init__`` of a subclass runs."""
        store = cls.__new__(cls)
        store._begin(check_options(cls, spec), state)
        return store

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, backend: str = "auto") -> VectorStore:
        """Read a saved store into memory.

        Parameters
        ----------
        path : str or os.PathLike
            A file that `save` wrote, with any backend.
        backend : str
            The backend of the new store, as for the constructor. Called on a
            backend's own class, "auto" means that class.

        Raises
        ------
        CorruptStoreError
            If the file is damaged, or no refvec file.
        """
        if cls is not VectorStore and backend in ("auto", cls.backend):
            target: type[VectorStore] = cls
        else:
            target = select_backend(backend, OpenSpec(), os.environ)
        return savefile.read(path, target._restore, checked=target.checks_state)

    # Describing

    @property
    def dimension(self) -> int | None:
        """Components of every vector; None until the first vector fixes it."""
        if self._dimension is None and not self.closed:
            self._dimension = self._size().dimension  # once fixed it stays
        return self._dimension

    @property
    def precision(self) -> Precision:
        """Decimals that count for identity, or ``"exact"`` for all bits."""
        return self._spec.precision

    @property
    def count(self) -> int:
        """Unique vectors stored; the same as ``len(store)``. O(1)."""
        return self._size().unique

    @property
    def total_references(self) -> int:
        """Ids in the store. O(1)."""
        return self._size().references

    def __len__(self) -> int:
        """Return the number of unique vectors stored. O(1)."""
        return self._size().unique

    # The length counts vectors and membership asks for ids: iterating would
    # have to mean one of them, so it means neither.
    __iter__: ClassVar[None] = None

    def get_statistics(self) -> dict[str, Any]:
        """Return the counts of the store at one moment.

        Returns
        -------
        dict
            ``type`` (the backend's name), ``unique_vectors``, ``total_references``,
            ``capacity``, ``utilization`` (per cent of the capacity that is in use,
            two decimals), ``free_indices`` (allocated without a reference),
            ``dimension``, ``storage_type`` ("in-memory", "memory-mapped" or
            "networked").
        """
        size = self._size()
        return {
            "type": self.backend,
            "unique_vectors": size.unique,
            "total_references": size.references,
            "capacity": size.capacity,
            "utilization": round(100 * size.unique / size.capacity, 2),
            "free_indices": size.allocated - size.unique,
            "dimension": size.dimension,
            "storage_type": self._storage_type,
        }

    @property
    def _storage_type(self) -> str:
        """Where the rows are; a backend may have another word for it."""
        return _STORAGE[self._spec.needs()]

    def __repr__(self) -> str:
        """Return a summary; a closed store says so."""
        head = f"VectorStore(backend={self.backend!r}"
        if self.closed:
            return f"{head}, closed)"
        size = self._size()
        return (
            f"{head}, dimension={size.dimension}, vectors={size.unique}, "
            f"references={size.references}, storage={self._storage_type!r})"
        )

    @property
    def payloads(self) -> Payloads:
        """Bytes under ids, such as texts and metadata, that are committed with the vectors.

        Raises
        ------
        UnsupportedError
            If the store is in servers, or keeps its files itself.
        """
        self._require_open()
        return Payloads(self, shelf_of(self))

    # Ending

    def flush(self) -> None:
        """Make every change so far survive a crash (DUR-1); in memory there is nothing to do."""
        self._require_open()
        if self._durable is not None:
            self._durable.flush(self)

    def refresh(self) -> bool:
        """See the last flush of the writer (DUR-5); readers of durable stores only."""
        self._require_open()
        self._require("durable")
        return False if self._durable is None else self._durable.refresh(self)

    def verify(self) -> None:
        """Check all that a durable store holds, as of its last flush (DUR-6).

        Raises
        ------
        CorruptStoreError
            Naming the file, the place and what is wrong there.
        """
        self._require_open()
        self._require("durable")
        if self._durable is not None:
            self._durable.verify()

    def compact(self) -> Compaction:
        """Flush a durable store, and give back the space on the disk that it does not need.

        Freed slots, what was allocated ahead and the history of ids go. Indices
        stay, free ones stay free. The rows are copied, each checked, into a new
        file that then takes the place of the old one in one step: a crash leaves
        the one or the other, and readers go on. Other threads may use the store
        meanwhile. For as long as it takes there must be room for both.

        Returns
        -------
        Compaction
            ``before`` and ``after``: the bytes that the directory takes on the disk.

        Raises
        ------
        CorruptStoreError
            If a row is damaged; nothing has changed then.
        OSError
            If there is no room, or the disk fails; nothing has changed then.
        UnsupportedError, ReadOnlyError
            If the store is in memory, or open for reading.
        """
        self._require_open()
        self._require("durable")
        if self._durable is None:
            raise UnsupportedError("The store is in memory; compact() is for one with a path")
        return self._durable.compact(self)

    def drop(self) -> None:
        """Remove a store that servers keep, for all who have it open, and close this object (NET-1).

        Raises
        ------
        BackendUnavailableError
            If the servers cannot be reached.
        UnsupportedError
            If the backend keeps no stores in servers.
        """
        self._require_open()
        self._require("networked")
        self._missing("drop")

    def vacuum(self, min_age: float = 600.0) -> int:
        """Collect what clients left in the servers that died in the middle of a call (NET-5).

        Live clients go on meanwhile. Until then such references count in
        `get_refcount`, and vectors that nothing else references in `count`.

        Parameters
        ----------
        min_age : float
            What is younger, in seconds, is left alone: its client may be about to
            use it, and would have to begin anew.

        Returns
        -------
        int
            How many references were collected.

        Raises
        ------
        BackendUnavailableError
            If the servers cannot be reached.
        UnsupportedError
            If the backend keeps no stores in servers.
        """
        self._require_open()
        self._require("networked")
        self._missing("vacuum")

    def close(self, *, flush: bool = True) -> None:
        """Flush and release the store; closing twice does nothing.

        Parameters
        ----------
        flush : bool
            False abandons the changes since the last flush of a durable store.
        """
        if self.closed:
            return
        if self._durable is not None:
            self._durable.payloads.require_outside()
        try:
            if flush:
                self.flush()
        except StoreClosedError:
            return  # another thread was faster
        self._close()
        self._closed = True
        if self._durable is not None:
            self._durable.release()

    @property
    def closed(self) -> bool:
        """Whether the store has been closed."""
        return self._closed

    def __enter__(self) -> Self:
        """Return the store itself, which ``with`` closes."""
        self._require_open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the store, also when the body raised."""
        self.close()

    def _require(self, capability: str) -> None:
        if not getattr(self.capabilities, capability):
            raise UnsupportedError(
                f"The backend {self.backend!r} does not declare the capability {capability!r}; "
                "refvec.backends() lists what each backend can do"
            )

    def _require_open(self) -> None:
        """Raise before an argument is looked at (ERR-1); the primitive looks again, in its step."""
        if self.closed:
            raise failures.store_closed()

    # Changing: each method is one step, wholly or not at all.

    def add_vector(self, chunk_id: ChunkId, vector: ArrayLike) -> int:
        """Store a vector under a new id.

        Parameters
        ----------
        chunk_id : str or uuid.UUID
            An id that is not in the store. A UUID is the same id as its canonical text.
        vector : array_like, shape (dimension,)
            Integers or floats, rounded once to the nearest float32.

        Returns
        -------
        int
            The index of the vector: that of the identical vector if one is
            stored (which gains a reference), else the lowest free one.

        Raises
        ------
        DuplicateIdError
            If the id is present; use `upsert_vector` to replace its vector.
        DimensionMismatchError, VectorError, VectorTypeError
            If the vector does not fit; nothing is stored.

        Examples
        --------
        >>> from refvec import VectorStore
        >>> store = VectorStore(3, backend="python")
        >>> store.add_vector("a", [1, 2, 3]), store.add_vector("b", [1, 2, 3])
        (0, 0)
        """
        self._require_open()
        ids = [canonical_id(chunk_id)]
        row = canonical_row(vector, self.dimension)
        return int(single(self._put, ids, row[None], "add")[0])

    def add_vectors(self, chunk_ids: Iterable[ChunkId], vectors: ArrayLike) -> NDArray[np.int64]:
        """Store a batch under new ids: `add_vector` for each pair in order, all or nothing.

        Parameters
        ----------
        chunk_ids : iterable of str or uuid.UUID
            Distinct ids that are not in the store; generators are welcome.
        vectors : array_like, shape (n, dimension)
            One row for each id: a list of vectors; an array, a tensor of torch or jax,
            or whatever else has ``__array__``, ``__dlpack__`` or a buffer; a column of
            vectors (a Series of pandas or polars, pyarrow's lists and fixed-size lists,
            in chunks or not); a DataFrame or table with nothing but columns of numbers.
            Integers or floats of any size, bfloat16 and float8 of ml_dtypes included,
            rounded once, from their own dtype to the nearest float32.

        Returns
        -------
        ndarray of int64, shape (n,)
            The index of every id; equal vectors share one.

        Raises
        ------
        DuplicateIdError
            For the first id that is present or repeated; its ``position`` says where.
        VectorTypeError
            For other dtypes, masked arrays, and what is missing (None, a null); of a
            table with other columns, it says which of them to pass.
        DimensionMismatchError, VectorError
            For another number of components or of axes, and for a finite number that
            is too large for a float32.
        ValueError
            If the lengths differ.

        Notes
        -----
        What the caller's ``__array__`` raises passes through. That of torch refuses a
        tensor that is sparse, on a device or needs a gradient, and bfloat16 and float8,
        which numpy lacks; the error says which of ``tensor.to_dense()``, ``.cpu()``,
        ``.detach()`` and ``.float()`` to call.
        """
        ids, rows = self._batch(chunk_ids, vectors)
        return self._put(ids, rows, "add")

    def upsert_vector(self, chunk_id: ChunkId, vector: ArrayLike) -> int:
        """Store a vector under an id, new or present.

        The new reference is added before the old one is dropped: an identical
        vector changes nothing, and a new vector never takes the slot that the
        id itself frees. The id keeps its place in `ids`. Parameters, result
        and errors are those of `add_vector`, without `DuplicateIdError`.
        """
        self._require_open()
        ids = [canonical_id(chunk_id)]
        row = canonical_row(vector, self.dimension)
        return int(single(self._put, ids, row[None], "upsert")[0])

    def upsert_vectors(self, chunk_ids: Iterable[ChunkId], vectors: ArrayLike) -> NDArray[np.int64]:
        """Store a batch under ids, new or present, all or nothing.

        Equals `upsert_vector` for each item of ``dict(zip(chunk_ids, vectors))``
        in order: of a repeated id, the last vector counts.

        Returns
        -------
        ndarray of int64, shape (n,)
            For every position the index that its id ends with.
        """
        ids, rows = self._batch(chunk_ids, vectors)
        last = {chunk_id: position for position, chunk_id in enumerate(ids)}
        if len(last) == len(ids):
            return self._put(ids, rows, "upsert")
        found = self._put(list(last), rows[list(last.values())], "upsert")
        ends = dict(zip(last, found.tolist(), strict=True))
        return np.array([ends[chunk_id] for chunk_id in ids], np.int64)

    def remove_vector(self, chunk_id: ChunkId) -> bool:
        """Remove an id; the slot of its vector is freed with the last reference.

        Returns
        -------
        bool
            Whether the id was there.
        """
        self._require_open()
        return bool(self._drop([canonical_id(chunk_id)]))

    def remove_vectors(self, chunk_ids: Iterable[ChunkId]) -> int:
        """Remove ids in one step and return how many distinct ones were there."""
        self._require_open()
        return self._drop(list(dict.fromkeys(canonical_ids(chunk_ids))))

    def clear(self) -> None:
        """Remove every id in one step; capacity and dimension stay."""
        self._drop(None)

    def _batch(self, chunk_ids: Iterable[ChunkId], vectors: ArrayLike) -> tuple[list[str], NDArray[np.float32]]:
        self._require_open()
        ids = canonical_ids(chunk_ids)
        rows = canonical_rows(vectors, self.dimension)
        if len(ids) != len(rows):
            raise failures.length_mismatch(len(ids), len(rows))
        return ids, rows

    # Looking up: arrays that are returned are the caller's own.

    def __contains__(self, chunk_id: object) -> bool:
        """Return whether the id is present; False for anything that is no id."""
        self._require_open()
        try:
            key = canonical_id(cast("ChunkId", chunk_id))
        except (TypeError, ValueError):
            return False
        return int(self._find([key])[0]) >= 0

    def get_vector(self, chunk_id: ChunkId) -> NDArray[np.float32] | None:
        """Return the vector of an id, shape (dimension,), or None if the id is unknown."""
        self._require_open()
        key = canonical_id(chunk_id)
        try:
            row: NDArray[np.float32] = self._rows([key])[0]
        except UnknownIdError:
            return None
        return row

    def get_vectors(self, chunk_ids: Iterable[ChunkId]) -> NDArray[np.float32]:
        """Return the vectors of the ids, shape (n, dimension), in their order.

        Raises
        ------
        UnknownIdError
            For the first id that is not in the store; its ``position`` says where.
        """
        self._require_open()
        return self._rows(canonical_ids(chunk_ids))

    def get_index(self, chunk_id: ChunkId) -> int | None:
        """Return the index that an id references, or None if the id is unknown."""
        self._require_open()
        index = int(self._find([canonical_id(chunk_id)])[0])
        return None if index < 0 else index

    def get_indices(self, chunk_ids: Iterable[ChunkId]) -> NDArray[np.int64]:
        """Return the index that every id references, -1 where an id is unknown."""
        self._require_open()
        return self._find(canonical_ids(chunk_ids))

    def get_vector_by_index(self, index: SupportsIndex) -> NDArray[np.float32]:
        """Return the vector at an active index, shape (dimension,).

        Raises
        ------
        InvalidIndexError
            If the index was never allocated, or has been freed.
        """
        self._require_open()
        row: NDArray[np.float32] = one_index(self._rows, index)[0]
        return row

    def get_vectors_by_indices(
        self,
        indices: Sequence[SupportsIndex] | NDArray[np.integer[Any]],
        out: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Return the vectors at active indices, in the order of the indices.

        Parameters
        ----------
        indices : sequence of int or 1-D integer ndarray
            Repeats are allowed.
        out : ndarray of float32, shape (n, dimension), optional
            Writable, aligned and C-contiguous; filled and returned, and
            untouched if the call raises.

        Raises
        ------
        InvalidIndexError
            For the first index that is not active; its ``position`` says where.
        ValueError
            If `out` is anything else.
        """
        self._require_open()
        found, given = canonical_indices(indices)
        filled = None if out is None else check_out(out, (len(found), self.dimension or 0))
        rows = rows_at(self._rows, found, given)
        if filled is None or out is None:
            return rows
        filled[...] = rows
        return out

    def get_all_vectors(self) -> NDArray[np.float32]:
        """Return every stored vector once, shape (count, dimension), by ascending index.

        Row r is the vector at ``indices()[r]``. The rows are neither in the order
        of `ids` nor as many: `items` says which id has which vector.
        """
        return self._rows(None)

    def indices(self) -> NDArray[np.int64]:
        """Return the active indices, ascending."""
        return self._scan(lambda state: state.layout.indices)

    def ids(self) -> list[str]:
        """Return the ids in the order in which they were added; an upsert keeps the place.

        Not the order of `get_all_vectors`, which has each vector once: do not zip
        the two. `items` gives each id with its vector.
        """
        return self._scan(lambda state: state.layout.ids)

    def ids_at(self, index: SupportsIndex) -> list[str]:
        """Return the ids that reference an active index, in the order in which they came to it."""
        self._require_open()
        return one_index(lambda wanted: self._scan(lambda state: state.layout.ids_at(int(wanted[0]))), index)

    def get_refcount(self, index: SupportsIndex) -> int:
        """Return the number of ids that reference an active index."""
        self._require_open()
        return int(one_index(self._refcounts, index)[0])

    def get_refcounts(self, indices: Sequence[SupportsIndex] | NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Return the number of ids that reference each of the active indices."""
        self._require_open()
        return rows_at(self._refcounts, *canonical_indices(indices))

    def find_vector(self, vector: ArrayLike) -> int | None:
        """Return the index of the stored vector that is identical to this one, or None."""
        self._require_open()
        return self._match(canonical_row(vector, self.dimension)[None])

    def snapshot(self) -> Snapshot:
        """Return one consistent state of the whole store."""
        return self._scan(
            lambda state: Snapshot(
                state.layout.ids, state.layout.id_indices, state.layout.indices, state.vectors()
            )
        )

    def items(self, batch_size: SupportsIndex = 1024) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Iterate over the ids that are in the store now, each with its vector.

        In the order of `ids`; ids that share a vector come with a copy each. The
        vectors are read a batch at a time, so beside the ids no more than a batch
        is held. What is removed meanwhile is left out, what is added is not
        visited, and an id whose vector is replaced comes with either.

        Parameters
        ----------
        batch_size : int
            How many vectors are read at once, in one step of the store.

        Yields
        ------
        chunk_id : str
            The id.
        vector : ndarray of float32, shape (dimension,)
            The caller's own.

        Examples
        --------
        >>> store = VectorStore(2, backend="python")
        >>> store.add_vectors(["b", "a", "c"], [[1, 2], [3, 4], [1, 2]])
        array([0, 1, 0])
        >>> [(chunk_id, vector.tolist()) for chunk_id, vector in store.items()]
        [('b', [1.0, 2.0]), ('a', [3.0, 4.0]), ('c', [1.0, 2.0])]
        """
        self._require_open()
        return pairs(self, self.ids(), positive_size(batch_size))

    def iter_batches(
        self, batch_size: SupportsIndex = 1024
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Iterate over the vectors active now, without holding them all at once.

        Parameters
        ----------
        batch_size : int
            The most vectors in one batch.

        Yields
        ------
        indices : ndarray of int64, shape (b,)
            Ascending; those removed meanwhile are left out.
        vectors : ndarray of float32, shape (b, dimension)
            Each batch is consistent in itself.
        """
        self._require_open()
        return batches(self, self.indices(), positive_size(batch_size))

    def search(
        self,
        query: ArrayLike,
        k: SupportsIndex = 10,
        *,
        metric: Metric = "cosine",
        within: Iterable[ChunkId] | None = None,
        with_ids: bool = True,
    ) -> SearchResult:
        """Return the k stored vectors that are nearest to the query, compared one by one.

        Parameters
        ----------
        query : array_like, shape (dimension,) or (m, dimension)
            One query, or several at once.
        k : int
            The most hits for each query; it counts vectors, not ids.
        metric : {"cosine", "dot", "euclidean"}
            The score. The cosine with a zero vector is 0.
        within : iterable of str or uuid.UUID, optional
            Only vectors that one of these ids references compete. Unknown ids
            are ignored.
        with_ids : bool
            False leaves out who shares the hits: ``ids`` is None.

        Returns
        -------
        SearchResult
            ``indices``, ``scores`` and ``ids``; equal scores by lower index, NaN last.

        Raises
        ------
        ValueError
            If k < 1, the metric is unknown or the query has the wrong shape.
        UnsupportedError
            If the backend does not declare ``search``.
        """
        self._require_open()
        self._require("search")
        wanted = check_k(k)
        check_metric(metric)
        ids = None if within is None else self._narrowing(within)
        queries, single_query = canonical_query(query, self.dimension)
        indices, scores, members = self._search(queries, wanted, metric, ids, bool(with_ids))
        if single_query:
            return SearchResult(indices[0], scores[0], None if members is None else members[0])
        return SearchResult(indices, scores, members)

    def _narrowing(self, chunk_ids: Iterable[ChunkId]) -> list[str]:
        """Return the ids of `within` as `_search` takes them; a backend with ids of its own may keep those."""
        return list(dict.fromkeys(canonical_ids(chunk_ids)))

    # Two primitives with a default; a backend that can do better overrides them.

    def _search(
        self,
        queries: NDArray[np.float32],
        k: int,
        metric: Metric,
        within: list[str] | None,
        with_ids: bool,
    ) -> Hits:
        """Return indices (m, k'), scores (m, k') and ids of the hits, in one step.

        The queries are (m, d) float32 and were checked against the dimension
        before; it may have been fixed since.
        """
        return self._scan(lambda state: search_state(state, queries, k, metric, within, with_ids))

    def _match(self, row: NDArray[np.float32]) -> int | None:
        """Return the index of the vector that is identical to `row`, (1, d), or None."""
        return self._scan(lambda state: match_state(state, row, self.precision))

    # Leaving the process, and doubling in it

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the store to one file, replacing an existing one atomically.

        The file holds ids and vectors; a store with `payloads` is not written.

        Parameters
        ----------
        path : str or os.PathLike
            The file. It is synced before the call returns; if the call raises,
            an existing file is as it was.
        """
        self._require_open()
        require_none(self)
        target = os.fspath(path)
        self._scan(lambda state: savefile.write(target, copying.spec_of(self._spec, state), state))

    def __copy__(self) -> Self:
        """Return an independent copy; attributes of a subclass are shared with it, as ``copy.copy`` does."""
        return copying.copied(self, dict)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return an independent copy, attributes of a subclass included."""
        return copying.copied(self, lambda more: copying.deeply(more, memo))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the backend, the bytes that `save` would write, and a subclass's attributes."""
        return copying.reduced(self)
