"""What the catalog records: the meta page, snapshots of who references what, and logs of flushes."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..failures import MAX_DIMENSION
from ..identity import Precision
from ..opening import MAX_CAPACITY, MAX_PRECISION
from ..state import Layout
from .packing import PackingError, Unpacker, numbers, texts

FORMAT = 1
_MOST = 2**63 - 1
_RANGES: dict[str, tuple[int, int, Any]] = {
    "flush": (0, _MOST, ...),
    "snapshot": (0, _MOST, ...),
    "logged": (0, _MOST, ...),
    "generation": (0, _MOST, ...),
    "dimension": (1, MAX_DIMENSION, None),
    "precision": (0, MAX_PRECISION, "exact"),
    "initial_capacity": (1, MAX_CAPACITY, ...),
    "capacity": (1, _MOST, ...),
    "allocated": (0, _MOST, ...),
    "references": (0, _MOST, ...),
    "vectors": (0, _MOST, ...),
}
CLEARED, DROPPED, FIRST = 0, 1, 2  # codes of events; an index i is i + FIRST


class NewerFormatError(Exception):
    """The format that a newer refvec has written."""


@dataclass(frozen=True)
class Meta:
    """The meta page: what a flush says of the whole store.

    Attributes
    ----------
    store : str
        32 hexadecimal digits, drawn when the store was created.
    flush : int
        How many flushes there have been.
    snapshot : int
        The flush of which the catalog has a snapshot; later ones are in the log.
    logged : int
        Events in the log.
    generation : int
        The number in the name of the row file; 0 while there is none.
    dimension, precision, initial_capacity, capacity, allocated, references, vectors
        As in `OpenSpec` and `Size`.
    """

    store: str
    flush: int
    snapshot: int
    logged: int
    generation: int
    dimension: int | None
    precision: Precision
    initial_capacity: int
    capacity: int
    allocated: int
    references: int
    vectors: int
    format: int = FORMAT

    def encode(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, content: bytes) -> Meta:
        """Return what was encoded; anything else raises."""
        try:
            found = json.loads(content)
            version = found["format"]
        except (ValueError, RecursionError, TypeError, KeyError) as error:
            raise PackingError("it is no JSON object with a format") from error
        if type(version) is int and version > FORMAT:
            raise NewerFormatError(version)
        if found.keys() != {field.name for field in fields(cls)} or version != FORMAT:
            raise PackingError("its fields are not those of format 1")
        meta = cls(**found)
        _check(meta)
        return meta


def _check(meta: Meta) -> None:
    for name, (low, high, other) in _RANGES.items():
        value = getattr(meta, name)
        if not ((type(value) is int and low <= value <= high) or value == other):
            raise PackingError(f"its {name} is {value!r:.50}")
    if re.fullmatch("[0-9a-f]{32}", str(meta.store)) is None:
        raise PackingError("its store is no 32 digits")
    if meta.vectors and (meta.dimension is None or not meta.generation):
        raise PackingError("it has vectors without a dimension or a row file")
    if meta.snapshot > meta.flush or meta.capacity < meta.allocated or meta.vectors > meta.references:
        raise PackingError("its counts contradict each other")


class Log(NamedTuple):
    """One flush: the events of `Changes`, and the checksums of the rows that it wrote."""

    ids: list[str]
    codes: NDArray[np.int64]
    written: NDArray[np.int64]
    sums: NDArray[np.int64]


class Snapshot(NamedTuple):
    """Who references what, and the checksum of the row at every active index, ascending."""

    ids: list[str]
    indices: NDArray[np.int64]
    slot_order: NDArray[np.int64]  # empty where it is the natural one
    sums: NDArray[np.int64]


def encode_log(
    events: list[tuple[str | None, int]], written: NDArray[np.int64], sums: NDArray[np.int64]
) -> bytes:
    """Pack one flush."""
    codes = (CLEARED if one is None else index + FIRST for one, index in events)
    return (
        texts([one or "" for one, _ in events])
        + numbers(np.fromiter(codes, np.int64, len(events)))
        + numbers(written)
        + numbers(sums)
    )


def decode_log(content: bytes) -> Log:
    """Return what was encoded; anything else raises."""
    source = Unpacker(content)
    log = Log(source.texts(), source.numbers(), source.numbers(), source.numbers())
    source.end()
    if len(log.ids) != len(log.codes) or len(log.written) != len(log.sums):
        raise PackingError("its numbers are not those of its ids")
    return log


def encode_snapshot(layout: Layout, sums: NDArray[np.int64]) -> bytes:
    """Pack a whole layout, with the checksum of every active row."""
    natural = np.argsort(layout.id_indices, kind="stable")
    order = layout.slot_order
    kept = order[:0] if np.array_equal(order, natural) else order
    return texts(layout.ids) + numbers(layout.id_indices) + numbers(kept) + numbers(sums)


def decode_snapshot(content: bytes) -> Snapshot:
    """Return what was encoded; anything else raises."""
    source = Unpacker(content)
    found = Snapshot(source.texts(), source.numbers(), source.numbers(), source.numbers())
    source.end()
    if len(found.ids) != len(found.indices):
        raise PackingError("its numbers are not those of its ids")
    return found
