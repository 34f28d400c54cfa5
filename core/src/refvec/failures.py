"""The errors that several backends raise, worded once.

Each function returns the error; the caller raises it. Native backends call
these too, so that the texts and attributes cannot differ. A position is for
batches only, and is appended to the text by the error itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

from .errors import (
    DimensionMismatchError,
    DuplicateIdError,
    InvalidIndexError,
    ReadOnlyError,
    StoreClosedError,
    StoreFullError,
    UnknownIdError,
    VectorError,
)

MAX_DIMENSION = 65_536
_name_of: Callable[[type], str] = type.__dict__["__name__"].__get__
_SHOWN = 60  # characters of the caller's text
_NAMES = 8  # of a caller's names


def shortened(text: str, show: Callable[[str], str] = str) -> str:
    """Return a caller's text for a message, however long it is."""
    if len(text) <= _SHOWN:
        return show(text)
    # Both ends: such texts often have a prefix in common.
    return f"{show(text[: _SHOWN - 20])}...{show(text[-16:])} ({len(text)} characters)"


def quoted(text: str) -> str:
    """Return the repr of a caller's text for a message, however long it is."""
    return shortened(text, repr)


def some_of(names: Sequence[str]) -> str:
    """Return names for a message, the first of them where they are many."""
    shown = ", ".join(map(quoted, names[:_NAMES]))
    return shown if len(names) <= _NAMES else f"{shown} and {len(names) - _NAMES} more"


def type_name(kind: type) -> str:
    """Return the name of a type, which a metaclass may have overridden."""
    return shortened(_name_of(kind))


def of_pyarrow(kind: type) -> str:
    """Return the way out for scalars of pyarrow, which are no Python objects; else an empty text."""
    # Looked up without a call of the type's own code.
    found = inspect.getattr_static(kind, "as_py", None)
    return "" if found is None else "; pass the Python objects, for instance column.to_pylist()"


def shown(number: int) -> str:
    """Return an integer for a message; Python refuses to print those of very many digits."""
    return str(number) if number.bit_length() <= 256 else f"an integer of {number.bit_length()} bits"


def duplicate_id(chunk_id: str, position: int | None, repeated: bool = False) -> DuplicateIdError:
    """Return the error for an id that is present, or repeated in its batch."""
    if repeated:
        text = f"Chunk {quoted(chunk_id)} occurs more than once in the batch; pass each id once"
    else:
        text = (
            f"Chunk {quoted(chunk_id)} already has an associated vector; "
            "use upsert to replace it, or remove it first"
        )
    return DuplicateIdError(text, chunk_id=chunk_id, position=position)


def unknown_id(chunk_id: str, position: int | None) -> UnknownIdError:
    """Return the error for an id that is not in the store."""
    text = f"Chunk {quoted(chunk_id)} is not in the store; get_indices() gives -1 for unknown ids"
    return UnknownIdError(text, chunk_id=chunk_id, position=position)


def invalid_index(index: int, allocated: int, position: int | None) -> InvalidIndexError:
    """Return the error for an index that is not active; `allocated` tells freed from never used."""
    if 0 <= index < allocated:
        text = f"Vector index {index} has been freed"
    else:
        text = f"Invalid vector index: {shown(index)}"
    return InvalidIndexError(text, index=index, position=position)


def dimension_mismatch(expected: int, got: int, position: int | None = None) -> DimensionMismatchError:
    """Return the error for a vector of the wrong length."""
    return DimensionMismatchError(
        f"Vector dimension mismatch: expected {expected}, got {got}", position=position
    )


def length_mismatch(ids: int, vectors: int) -> VectorError:
    """Return the error for a batch with more ids than vectors, or fewer."""
    return VectorError(f"Got {ids} chunk_ids and {vectors} vectors; pass one vector for each id")


def store_full(limit: int, needed: int) -> StoreFullError:
    """Return the error for a batch that needs more slots than the backend can number."""
    return StoreFullError(
        f"The store holds at most {limit} vectors and the call needs {needed} slots; nothing was added"
    )


def read_only() -> ReadOnlyError:
    """Return the error for a change of a store that was opened for reading."""
    return ReadOnlyError('The store was opened with mode="r"; open it with mode="r+" to change it')


def store_closed() -> StoreClosedError:
    """Return the error for any use of a closed store."""
    return StoreClosedError("The store is closed; open a new one")


def dimension_out_of_range(got: int, limit: int = MAX_DIMENSION) -> VectorError:
    """Return the error for a dimension below 1 or above `limit`."""
    if got < 1:
        return VectorError(f"Dimension must be positive, got {shown(got)}")
    return VectorError(f"Dimension must be at most {limit}, got {shown(got)}")
