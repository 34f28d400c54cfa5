"""What a backend promises beyond the core of the contract."""

from __future__ import annotations

from dataclasses import dataclass, fields

from .failures import MAX_DIMENSION


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """The capabilities and limits that a backend declares (PLUGIN-3).

    Declared means that the clauses hold; not declared means that the methods
    concerned raise `UnsupportedError` and change nothing.

    Attributes
    ----------
    search : bool
        Exact nearest neighbours (SEARCH).
    durable : bool
        Stores in a directory (DUR).
    thread_safe : bool
        Every history of calls from any threads is linearizable (THREAD-1).
    dense_indices : bool
        A new vector takes the lowest free index (INDEX-1, COUNT-2).
    ordered_ids : bool
        ``ids()`` and ``ids_at()`` keep the order of arrival (GET-5).
    atomic_batch : bool
        A batch is one operation for other threads (THREAD-1).
    interrupt_safe : bool
        A ``KeyboardInterrupt`` leaves no call half done (ATOM-1).
    max_vectors : int or None
        The most slots that the backend can number; None for no limit of its own.
    max_dimension : int
        The largest dimension, at most 65,536.
    """

    search: bool = False
    durable: bool = False
    thread_safe: bool = False
    dense_indices: bool = False
    ordered_ids: bool = False
    atomic_batch: bool = False
    interrupt_safe: bool = False
    max_vectors: int | None = None
    max_dimension: int = MAX_DIMENSION

    def declared(self) -> tuple[str, ...]:
        """Return the names of the declared capabilities, in the order of the contract."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is True)
