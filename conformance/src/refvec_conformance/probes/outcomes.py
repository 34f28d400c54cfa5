"""What a call came to, in a form that compares bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import refvec
from refvec import VectorStore

# The classes that the contract names, the narrower before the wider.
CONTRACT_CLASSES: tuple[type[BaseException], ...] = (
    refvec.DimensionMismatchError,
    refvec.DuplicateIdError,
    refvec.UnknownIdError,
    refvec.InvalidIndexError,
    refvec.StoreFullError,
    refvec.StoreClosedError,
    refvec.ReadOnlyError,
    refvec.StoreLockedError,
    refvec.CorruptStoreError,
    refvec.UnsupportedError,
    refvec.UnknownBackendError,
    refvec.BackendLoadError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class Outcome:
    """The result of a call, or the error that it raised.

    Attributes
    ----------
    value : object
        What `frozen` makes of the result.
    error : type or None
        The class that the contract names for the error.
    position, chunk_id : object
        What the error carries.
    """

    value: object = None
    error: type[BaseException] | None = None
    position: object = None
    chunk_id: object = None


def attempt(call: Callable[[], object]) -> Outcome:
    """Return the outcome of `call`."""
    try:
        return Outcome(frozen(call()))
    except Exception as error:
        chunk_id = getattr(error, "chunk_id", None)
        shown = chunk_id if type(chunk_id) is str else type(chunk_id).__name__
        return Outcome(None, contract_class(error), getattr(error, "position", None), shown)


def contract_class(error: BaseException) -> type[BaseException]:
    """Return the narrowest class of the contract that `error` is an instance of, or its own."""
    return next((kind for kind in CONTRACT_CLASSES if isinstance(error, kind)), type(error))


def frozen(value: Any) -> object:
    """Return `value` such that ``==`` compares types, dtypes, shapes and every bit."""
    if isinstance(value, np.ndarray):
        return type(value).__name__, value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, VectorStore):
        return "VectorStore"
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    if isinstance(value, list | tuple | Iterator):
        kind = "iterator" if isinstance(value, Iterator) else type(value).__name__
        return kind, tuple(frozen(item) for item in value)
    return type(value).__name__, value


def bits(array: Any) -> bytes:
    """Return the bytes of an array, which tell -0.0 from 0.0 and one NaN from another."""
    return np.asarray(array).tobytes()
