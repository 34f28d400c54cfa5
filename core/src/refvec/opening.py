"""The arguments of the constructor, checked in one place (OPEN-1, OPEN-2, OPEN-5, OPEN-8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, SupportsIndex

from . import failures
from .identity import Precision
from .integers import canonical_int
from .location import Url, discreet, parse_location

DEFAULT_PRECISION = 6
MAX_PRECISION = 7
MAX_CAPACITY = 2**31 - 1
MODES = ("a", "r+", "x", "r")


@dataclass(frozen=True, slots=True, repr=False)
class OpenSpec:
    """What to open: the checked arguments of ``VectorStore(...)``.

    Attributes
    ----------
    dimension : int or None
        Components of every vector; None until the first vector fixes it.
    initial_capacity : int
        The capacity to start with.
    precision : int or "exact"
        The decimals that count for identity.
    location : pathlib.Path, Url or None
        The directory of a durable store, or the address of one that servers
        keep; None keeps the store in memory.
    mode : str
        "a", "r+", "x" or "r".
    options : mapping
        Values by the names of the backend's own options. When a backend is
        opened it holds all that the backend declares, checked.
    journaled : bool
        Whether the store keeps what `_changes` hands over.
    precision_given : bool
        Whether the caller asked for this precision; a durable store that is
        reopened has its own (DUR-4).
    seed : int or None
        Of a durable store: where the secrets of its fingerprints come from
        (docs/format.md). None: a backend that hashes draws one.
    """

    dimension: int | None = None
    initial_capacity: int = 1000
    precision: Precision = DEFAULT_PRECISION
    location: Path | Url | None = None
    mode: str = "a"
    options: Mapping[str, Any] = field(default_factory=dict)
    journaled: bool = False
    precision_given: bool = False
    seed: int | None = None

    def needs(self) -> tuple[str, ...]:
        """Return the capabilities that a backend needs to open this."""
        if self.location is None:
            return ()
        return ("networked",) if isinstance(self.location, Url) else ("durable",)

    def __repr__(self) -> str:
        # Of options only the names: any value may be a password.
        return (
            f"OpenSpec(dimension={self.dimension}, initial_capacity={self.initial_capacity}, "
            f"precision={self.precision!r}, location={self.location!r}, mode={self.mode!r}, "
            f"options={sorted(self.options)}, journaled={self.journaled})"
        )


def parse_spec(
    dimension: SupportsIndex | None,
    initial_capacity: SupportsIndex,
    use_mmap: bool,
    mmap_path: Any,
    *,
    precision: Any,
    path: Any,
    mode: str,
    options: Mapping[str, Any],
) -> OpenSpec:
    """Return the checked arguments of the constructor, or raise for the first that is wrong.

    The caller's own code in them (``__index__``, ``__fspath__``) runs once. The
    options are taken as they are; the chosen backend knows them.
    """
    location = _location(path, use_mmap, mmap_path)
    return OpenSpec(
        None if dimension is None else _dimension(dimension),
        _capacity(initial_capacity),
        DEFAULT_PRECISION if precision is None else _precision(precision),
        location,
        _mode(mode, location),
        options,
        precision_given=precision is not None,
    )


def _integer(value: SupportsIndex, name: str) -> int:
    return value if type(value) is int else canonical_int(value, name)


def _dimension(value: SupportsIndex) -> int:
    if issubclass(type(value), str | PurePath):
        raise TypeError(
            f"dimension must be an integer, got {failures.type_name(type(value))}; a path is given as path="
        )
    dimension = _integer(value, "dimension")
    if not 1 <= dimension <= failures.MAX_DIMENSION:
        raise failures.dimension_out_of_range(dimension)
    return dimension


def _capacity(value: SupportsIndex) -> int:
    capacity = _integer(value, "initial_capacity")
    if capacity < 1:
        raise ValueError(f"Initial capacity must be positive, got {failures.shown(capacity)}")
    if capacity > MAX_CAPACITY:
        raise ValueError(f"Initial capacity must be at most {MAX_CAPACITY}, got {failures.shown(capacity)}")
    return capacity


def _precision(value: Any) -> Precision:
    if isinstance(value, str):
        if value != "exact":
            raise _no_precision(discreet(value))
        return "exact"
    precision = _integer(value, "precision")
    if not 0 <= precision <= MAX_PRECISION:
        raise _no_precision(failures.shown(precision))
    return precision


def _no_precision(shown: str) -> ValueError:
    return ValueError(f"precision must be an integer from 0 to {MAX_PRECISION} or 'exact', got {shown}")


def _location(path: Any, use_mmap: bool, mmap_path: Any) -> Path | Url | None:
    if not use_mmap:
        return None if path is None else parse_location(path, "path")
    if mmap_path is None:
        raise ValueError("mmap_path is required when use_mmap=True; or pass path= alone")
    if path is not None:
        raise ValueError(
            f"path={discreet(path)} and mmap_path={discreet(mmap_path)} both name a store; pass only path"
        )
    return parse_location(mmap_path, "mmap_path")


def _mode(mode: str, location: Path | Url | None) -> str:
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(map(repr, MODES))}, got {discreet(mode)}")
    if mode != "a" and location is None:
        raise ValueError(f"mode={mode!r} needs a path; a store in memory is always new")
    return mode
