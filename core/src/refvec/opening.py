"""The arguments of the constructor, checked in one place (OPEN-1, OPEN-2, OPEN-5)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, SupportsIndex

from . import failures
from .identity import Precision
from .integers import canonical_int

DEFAULT_PRECISION = 6
MAX_PRECISION = 7
MAX_CAPACITY = 2**31 - 1
MODES = ("a", "r+", "x", "r")


@dataclass(frozen=True)
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
    path : pathlib.Path or None
        The directory of a durable store; None keeps the store in memory.
    mode : str
        "a", "r+", "x" or "r".
    """

    dimension: int | None = None
    initial_capacity: int = 1000
    precision: Precision = DEFAULT_PRECISION
    path: Path | None = None
    mode: str = "a"

    def needs(self) -> tuple[str, ...]:
        """Return the capabilities that a backend needs to open this."""
        return () if self.path is None else ("durable",)


def parse_spec(
    dimension: SupportsIndex | None = None,
    initial_capacity: SupportsIndex = 1000,
    use_mmap: bool = False,
    mmap_path: str | os.PathLike[str] | None = None,
    *,
    precision: Any = None,
    path: str | os.PathLike[str] | None = None,
    mode: str = "a",
) -> OpenSpec:
    """Return the checked arguments of the constructor, or raise for the first that is wrong."""
    chosen = _path(path, use_mmap, mmap_path)
    return OpenSpec(
        None if dimension is None else _dimension(dimension),
        _capacity(initial_capacity),
        DEFAULT_PRECISION if precision is None else _precision(precision),
        chosen,
        _mode(mode, chosen),
    )


def _dimension(value: SupportsIndex) -> int:
    dimension = canonical_int(value, "dimension")
    if not 1 <= dimension <= failures.MAX_DIMENSION:
        raise failures.dimension_out_of_range(dimension)
    return dimension


def _capacity(value: SupportsIndex) -> int:
    capacity = canonical_int(value, "initial_capacity")
    if capacity < 1:
        raise ValueError(f"Initial capacity must be positive, got {failures.shown(capacity)}")
    if capacity > MAX_CAPACITY:
        raise ValueError(f"Initial capacity must be at most {MAX_CAPACITY}, got {failures.shown(capacity)}")
    return capacity


def _precision(value: Any) -> Precision:
    if isinstance(value, str):
        if value != "exact":
            raise _no_precision(repr(value))
        return "exact"
    precision = canonical_int(value, "precision")
    if not 0 <= precision <= MAX_PRECISION:
        raise _no_precision(failures.shown(precision))
    return precision


def _no_precision(shown: str) -> ValueError:
    return ValueError(f"precision must be an integer from 0 to {MAX_PRECISION} or 'exact', got {shown}")


def _path(path: Any, use_mmap: bool, mmap_path: Any) -> Path | None:
    if not use_mmap:
        return None if path is None else _as_path(path, "path")
    if mmap_path is None:
        raise ValueError("mmap_path is required when use_mmap=True; or pass path= alone")
    if path is not None:
        raise ValueError(f"path={path!r} and mmap_path={mmap_path!r} both name a store; pass only path")
    return _as_path(mmap_path, "mmap_path")


def _as_path(value: Any, name: str) -> Path:
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str or os.PathLike of str, got {type(value).__name__}")
    if not text or "\0" in text:
        raise ValueError(f"{name} must name a directory, got {text!r}")
    return Path(text)


def _mode(mode: str, path: Path | None) -> str:
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}")
    if mode != "a" and path is None:
        raise ValueError(f"mode={mode!r} needs a path; a store in memory is always new")
    return mode
