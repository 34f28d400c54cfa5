"""The outside of a file: lengths first, then the checksum, then the header's own sense."""

from __future__ import annotations

import json
from dataclasses import fields

from ..failures import MAX_DIMENSION
from ..opening import MAX_CAPACITY, MAX_PRECISION
from .format import DIGEST_BYTES, FORMAT, MAGIC, PREFIX_BYTES, Header, digest

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


class DamageError(Exception):
    """What is wrong with a file; the reader adds which file."""


def require(condition: object, text: str) -> None:
    """Raise `DamageError` unless the condition holds."""
    if not condition:
        raise DamageError(text)


def unframe(blob: memoryview) -> tuple[Header, memoryview]:
    """Return the header and the body of a file whose lengths and checksum are right."""
    require(blob[: len(MAGIC)] == MAGIC, "it does not begin as one")
    start = PREFIX_BYTES + int.from_bytes(blob[len(MAGIC) : PREFIX_BYTES], "little")
    end = len(blob) - DIGEST_BYTES
    require(PREFIX_BYTES < start <= end, "it ends before its header does")
    header = _header(bytes(blob[PREFIX_BYTES:start]))
    wanted = start + header.body_length() + DIGEST_BYTES
    require(wanted == len(blob), f"it has {len(blob)} bytes, its header says {wanted}")
    require(digest([blob[:end]]) == blob[end:], "its checksum differs from its content")
    return header, blob[start:end]


def _header(text: bytes) -> Header:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamageError("its header is no JSON") from error
    names = {field.name for field in fields(Header)}
    require(isinstance(found, dict) and found.keys() == names, "its header has other fields")
    header = Header(**found)
    require(
        type(header.format) is int and header.format == FORMAT,
        f"it has format {header.format!r}, this refvec reads {FORMAT}",
    )
    for name, (low, high, other) in _RANGES.items():
        value = getattr(header, name)
        require(value == other or (type(value) is int and low <= value <= high), f"{name} is {value!r}")
    require(header.dimension is not None or header.vectors == 0, "it has vectors without a dimension")
    return header
