"""What a backend promises beyond the core of the contract."""

from __future__ import annotations

from dataclasses import dataclass, fields

from .failures import MAX_DIMENSION
from .location import is_scheme


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
    networked : bool
        Stores that servers keep, under an address (OPEN-8, NET).
    max_vectors : int or None
        The most slots that the backend can number; None for no limit of its own.
    max_dimension : int
        The largest dimension, at most 65,536.
    schemes : tuple of str
        The schemes of the addresses that a networked backend takes, in lower case.
    """

    search: bool = False
    durable: bool = False
    thread_safe: bool = False
    dense_indices: bool = False
    ordered_ids: bool = False
    atomic_batch: bool = False
    interrupt_safe: bool = False
    networked: bool = False
    max_vectors: int | None = None
    max_dimension: int = MAX_DIMENSION
    schemes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if type(self.schemes) is not tuple or not all(map(is_scheme, self.schemes)):
            raise ValueError(f"schemes must be a tuple such as ('redis', 'rediss'), got {self.schemes!r}")
        if bool(self.schemes) != self.networked:
            raise ValueError("a networked backend declares the schemes that it takes, and no other does")

    def declared(self) -> tuple[str, ...]:
        """Return the names of the declared capabilities, in the order of the contract."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is True)
