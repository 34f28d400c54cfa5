"""The outside of a file: its first bytes, its header and its length."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from io import BufferedIOBase
from reprlib import repr as short
from typing import Any

from ..failures import MAX_DIMENSION, shown
from ..opening import MAX_CAPACITY, MAX_PRECISION
from ..signposts import of_bytes
from .format import DIGEST_BYTES, DTYPE, FORMAT, MAGIC, MAX_HEADER_BYTES, PREFIX_BYTES, Header
from .stream import DamageError, Stream, require

_INT64_MAX = 2**63 - 1
_RANGES = {
    "dimension": (1, MAX_DIMENSION, None),
    "precision": (0, MAX_PRECISION, "exact"),
    "initial_capacity": (1, MAX_CAPACITY, ...),
    "capacity": (1, _INT64_MAX, ...),
    "references": (0, _INT64_MAX, ...),
    "id_bytes": (0, _INT64_MAX, ...),
    "free": (0, _INT64_MAX, ...),
    "vectors": (0, _INT64_MAX, ...),
}
_NAMES = frozenset(field.name for field in fields(Header))


class NewerError(Exception):
    """What a file has that this version does not know."""

    def __str__(self) -> str:
        return f"written by a newer refvec ({self.args[0]})"


def unframe(file: BufferedIOBase, length: int) -> tuple[Header, Stream]:
    """Return the header of a file that has the right length, and the bytes that follow it."""
    stream = Stream(file, length)
    require(length >= PREFIX_BYTES + DIGEST_BYTES, "it is too short")
    prefix = stream.read(PREFIX_BYTES)
    if not prefix.startswith(MAGIC):
        known = of_bytes(prefix)
        raise DamageError(f"it does not begin as one{known and f'; {known}'}")
    size = int.from_bytes(prefix[len(MAGIC) :], "little")
    require(size <= stream.left, "it ends before its header does")
    require(size <= MAX_HEADER_BYTES, f"its header would have {size} bytes")
    header = _header(stream, size)
    wanted = PREFIX_BYTES + size + header.body_bytes() + DIGEST_BYTES
    require(wanted == length, f"it has {length} bytes, its header says {wanted}")
    return header, stream


def _header(stream: Stream, size: int) -> Header:
    try:
        found = json.loads(stream.read(size))
    except (ValueError, RecursionError) as error:
        raise DamageError("its header is no JSON") from error
    require(isinstance(found, dict), "its header is no JSON object")
    try:
        _require_version(found)
    except NewerError as newer:
        _require_intact(stream, newer)
        raise
    header = Header(**{name: found[name] for name in _NAMES})
    for name, (low, high, other) in _RANGES.items():
        value = getattr(header, name)
        inside = type(value) is int and low <= value <= high
        require(inside or value == other, f"{name} is {short(value)}")
    require(header.dimension is not None or header.vectors == 0, "it has vectors without a dimension")
    return header


def _require_version(found: Mapping[str, Any]) -> None:
    version: Any = found.get("format")
    require(type(version) is int and version >= FORMAT, f"its format is {short(version)}")
    if version > FORMAT:
        raise NewerError(f"format {shown(version)}; this one reads {FORMAT}")
    require(found.keys() >= _NAMES, "its header lacks a field")
    unknown = [name for name in found if name not in _NAMES and not name.startswith("_")]
    if unknown:
        raise NewerError(f"its header has the field {short(unknown[0])}; this one does not know it")
    dtype = found["dtype"]
    require(isinstance(dtype, str), f"dtype is {short(dtype)}")
    if dtype != DTYPE:
        raise NewerError(f"its vectors are of dtype {short(dtype)}; this one reads {DTYPE!r}")


def _require_intact(stream: Stream, newer: NewerError) -> None:
    # One flipped bit makes format 1 format 3: nobody should upgrade for that.
    try:
        stream.verify()
    except DamageError as damage:
        raise DamageError(f"it says that it was {newer}; but {damage}") from None
