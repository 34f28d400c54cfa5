"""The contract class: what callers hold, whichever backend is behind it."""

from __future__ import annotations

import os
from typing import Any

from .. import savefile
from .interchange import Interchange
from .meta import StoreMeta
from .primitives import missing_primitives
from .writing import Writing


class VectorStore(Writing, Interchange, metaclass=StoreMeta):
    """A map from ids to float32 vectors that stores identical vectors once.

    ::

        id "a" ─┐
        id "b" ─┼─> index 0 ─> [0.12, 0.98, ...]   3 references
        id "c" ─┘
        id "d" ───> index 1 ─> [0.70, 0.01, ...]   1 reference
                    index 2    freed: reused before the store grows

    Calling this class returns a store of the chosen backend, which is an
    instance of it. Subclassing it makes a backend: see `refvec.contract.primitives`.

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
        The directory of a durable store; None keeps the store in memory.
    mode : {"a", "r+", "x", "r"}
        Open or create; must exist; must not exist; read only.

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

    _front_door = True

    def __init_subclass__(cls, *, abstract: bool = False, **kwargs: Any) -> None:
        """Refuse a backend that lacks a primitive, naming what is missing.

        Parameters
        ----------
        abstract : bool
            True for a base class that leaves primitives to its subclasses.
        """
        super().__init_subclass__(**kwargs)
        missing = [] if abstract else missing_primitives(cls)
        if missing:
            raise TypeError(
                f"{cls.__name__} lacks {', '.join(missing)}; a backend defines every primitive of "
                "refvec.contract.primitives, a base class passes abstract=True"
            )

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
        target = cls._target(backend)
        return savefile.read(path, target._restore)

    @classmethod
    def _target(cls, backend: str) -> type[VectorStore]:
        from ..registry import select_backend

        if cls is not VectorStore and backend in ("auto", cls.backend):
            return cls
        return select_backend(backend, (), os.environ)
