"""Ids (ID-1, ID-2): one place decides what an id is and when two are the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, cast
from uuid import UUID

from .errors import IdEncodingError, IdTypeError
from .failures import of_pyarrow, quoted, type_name
from .nulls import is_missing

ChunkId: TypeAlias = str | UUID

# The slot itself: subclasses of UUID may override `int`, and are not asked.
_uuid_int = UUID.__dict__["int"].__get__


def canonical_id(chunk_id: ChunkId, position: int | None = None) -> str:
    """Return the id as an exact ``str``; a UUID as its canonical text.

    Raises
    ------
    IdTypeError
        If it is neither a ``str`` nor a ``uuid.UUID``.
    IdEncodingError
        If it holds a lone surrogate.
    """
    kind = type(chunk_id)
    if issubclass(kind, str):
        # Also a copy of a subclass is an exact str, and no method of its own is asked.
        text = str.__str__(cast(str, chunk_id))
        if not str.isascii(text):
            _check_encodable(text, position)
        return text
    if issubclass(kind, UUID):
        return _uuid_text(chunk_id, position)
    raise IdTypeError(
        f"chunk_id must be a str or uuid.UUID, got {type_name(kind)}{_way_out(chunk_id, position)}",
        chunk_id=chunk_id,
        position=position,
    )


def _way_out(chunk_id: object, position: int | None) -> str:
    kind = type(chunk_id)
    if is_missing(chunk_id):
        return "" if position is None else "; leave it out, and its vector"
    if hasattr(kind, "__index__"):
        return "; ids are text, pass str() of it"
    return of_pyarrow(kind)


def canonical_ids(chunk_ids: Iterable[ChunkId]) -> list[str]:
    """Return the ids of a batch as exact ``str``, in order, repeats kept.

    Raises
    ------
    TypeError
        If `chunk_ids` is a single id, or no iterable.
    IdTypeError, IdEncodingError
        For the lowest position that holds no id.
    """
    if issubclass(type(chunk_ids), str | bytes):
        raise TypeError(
            f"chunk_ids must be an iterable of ids, got a single {type_name(type(chunk_ids))}; put it in a list"
        )
    try:
        iterator = iter(chunk_ids)
    except TypeError as error:
        if hasattr(type(chunk_ids), "__iter__") and type(chunk_ids).__iter__ is not None:
            raise  # the caller's own __iter__ raised
        raise TypeError(f"chunk_ids must be an iterable of ids, got {type_name(type(chunk_ids))}") from error
    items = list(iterator)
    if set(map(type, items)) == {str} and all(map(str.isascii, cast(list[str], items))):
        return cast(list[str], items)
    return [canonical_id(chunk_id, position) for position, chunk_id in enumerate(items)]


def _check_encodable(text: str, position: int | None) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise IdEncodingError(
            f"chunk_id {quoted(text)} has a lone surrogate at {error.start}; ids must be encodable as UTF-8",
            chunk_id=text,
            position=position,
        ) from None


def _uuid_text(chunk_id: object, position: int | None) -> str:
    try:
        bits = _uuid_int(chunk_id)
    except AttributeError:
        bits = None
    if type(bits) is not int or not 0 <= bits < 1 << 128:
        raise IdTypeError("chunk_id is a UUID without 128 bits", chunk_id=chunk_id, position=position)
    digits = f"{bits:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
