"""Opening, closing and describing a store (OPEN, DUR-2, COUNT, NAME-2)."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, ClassVar, Self, SupportsIndex

from .. import failures
from ..errors import UnsupportedError
from ..identity import Precision
from ..opening import OpenSpec, parse_spec
from ..options import check_options
from ..primitives import Primitives
from ..selecting import require_able
from ..state import Size, State


class Lifecycle(Primitives):
    """How a store begins, ends and tells about itself."""

    _spec: OpenSpec
    _dimension: int | None
    _closed: bool
    _guard: AbstractContextManager[object]

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
        if backend not in ("auto", self.backend):
            raise ValueError(
                f"{type(self).__name__} is the backend {self.backend!r}, not {backend!r}; "
                f"call refvec.VectorStore(backend={backend!r})"
            )
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
        require_able(type(self), spec)
        self._start(check_options(type(self), spec), None)

    def _start(self, spec: OpenSpec, state: State | None) -> None:
        if spec.dimension is not None:
            self._check_dimension(spec.dimension)
        self._spec = spec
        self._dimension = spec.dimension
        self._guard = type(self)._guard_factory()
        self._open(spec, state)
        self._closed = False

    def _check_dimension(self, dimension: int) -> None:
        limit = self.capabilities.max_dimension
        if dimension > limit:
            raise failures.dimension_out_of_range(dimension, limit)

    def _require(self, capability: str) -> None:
        if not getattr(self.capabilities, capability):
            raise UnsupportedError(
                f"The backend {self.backend!r} does not declare the capability {capability!r}; "
                "refvec.backends() lists what each backend can do"
            )

    def _require_open(self) -> None:
        if self.closed:
            raise failures.store_closed()

    @property
    def dimension(self) -> int | None:
        """Components of every vector; None until the first vector fixes it."""
        return self._dimension

    @property
    def precision(self) -> Precision:
        """Decimals that count for identity, or ``"exact"`` for all bits."""
        return self._spec.precision

    @property
    def count(self) -> int:
        """Unique vectors stored; the same as ``len(store)``. O(1)."""
        return self._sizes().unique

    @property
    def total_references(self) -> int:
        """Ids in the store. O(1)."""
        return self._sizes().references

    def __len__(self) -> int:
        """Return the number of unique vectors stored. O(1)."""
        return self._sizes().unique

    # The length counts vectors and membership asks for ids: iterating would
    # have to mean one of them, so it means neither.
    __iter__: ClassVar[None] = None

    def _sizes(self) -> Size:
        with self._guard:
            self._require_open()
            return Size._make(self._size())

    def get_statistics(self) -> dict[str, Any]:
        """Return the counts of the store.

        Returns
        -------
        dict
            ``type`` (the backend's name), ``unique_vectors``, ``total_references``,
            ``capacity``, ``utilization`` (per cent of the capacity that is in use,
            two decimals), ``free_indices`` (allocated without a reference),
            ``dimension``, ``storage_type`` ("in-memory" or "memory-mapped").
        """
        with self._guard:
            size, dimension = self._sizes(), self.dimension
        return {
            "type": self.backend,
            "unique_vectors": size.unique,
            "total_references": size.references,
            "capacity": size.capacity,
            "utilization": round(100 * size.unique / size.capacity, 2),
            "free_indices": size.allocated - size.unique,
            "dimension": dimension,
            "storage_type": self._storage_type,
        }

    @property
    def _storage_type(self) -> str:
        return "in-memory" if self._spec.location is None else "memory-mapped"

    def __repr__(self) -> str:
        """Return a summary; a closed store says so."""
        head = f"VectorStore(backend={self.backend!r}"
        if self.closed:
            return f"{head}, closed)"
        size = self._sizes()
        return (
            f"{head}, dimension={self.dimension}, vectors={size.unique}, "
            f"references={size.references}, storage={self._storage_type!r})"
        )

    def flush(self) -> None:
        """Make every change so far survive a crash (DUR-1); in memory there is nothing to do."""
        self._require_open()

    def refresh(self) -> bool:
        """See the last flush of the writer (DUR-5); readers of durable stores only."""
        self._require_open()
        self._require("durable")
        return False

    def verify(self) -> None:
        """Check every byte of a durable store (DUR-6)."""
        self._require_open()
        self._require("durable")

    def close(self, *, flush: bool = True) -> None:
        """Flush and release the store; closing twice does nothing.

        Parameters
        ----------
        flush : bool
            False abandons the changes since the last flush of a durable store.
        """
        with self._guard:
            if self._closed:
                return
            if flush:
                self.flush()
            self._drop(None)
            self._closed = True

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
