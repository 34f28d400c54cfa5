"""What the catalog records: the meta page, snapshots of who references what, and logs of flushes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..failures import MAX_DIMENSION
from ..identity import Precision
from ..opening import MAX_CAPACITY, MAX_PRECISION
from ..state import Event, EventColumns, Layout, Size
from .packedids import PackedIds
from .packing import Numbers, PackingError, Unpacker, listed, numbers

FORMAT = 1
_MOST = 2**63 - 1
_RANGES: dict[str, tuple[int, int, Any]] = {
    "seed": (0, 2**64 - 1, ...),
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
    "payloads": (0, _MOST, ...),
    "placed": (0, _MOST, ...),
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
    seed : int
        Drawn then, too: what the secrets of `fingerprints` come from.
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
    payloads : int
        How many there are.
    placed : int
        Places of payloads that were ever taken; those below this were.
    """

    store: str
    seed: int = field(repr=False)  # who knows it can make rows whose fingerprints collide
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
    payloads: int
    placed: int
    format: int = FORMAT

    @property
    def size(self) -> Size:
        """The counts."""
        return Size(self.vectors, self.references, self.allocated, self.capacity, self.dimension)

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
    if (
        meta.snapshot > meta.flush
        or meta.capacity < meta.allocated
        or meta.vectors > meta.references
        or meta.payloads > meta.placed
    ):
        raise PackingError("its counts contradict each other")


class Log(NamedTuple):
    """One flush.

    Attributes
    ----------
    ids : PackedIds
        Of the events; one that clears has any id.
    codes : ndarray of int64, or range
        What each event does: `CLEARED`, `DROPPED`, or an index + `FIRST`.
    written : ndarray of int64, or range
        The indices whose rows it wrote, ascending.
    sums, fingerprints : ndarray of uint32
        Of those rows.
    """

    ids: PackedIds
    codes: Numbers
    written: Numbers
    sums: NDArray[np.uint32]
    fingerprints: NDArray[np.uint32]


class Snapshot(NamedTuple):
    """Who references what.

    Attributes
    ----------
    ids : PackedIds
        In the order in which they were added.
    indices : ndarray of int64, or range
        What each references.
    slot_order : ndarray of int64
        As in `Layout`; empty where that is the order of the ids.
    sums, fingerprints : ndarray of uint32
        Of the rows at the active indices, ascending.
    """

    ids: PackedIds
    indices: Numbers
    slot_order: NDArray[np.int64]
    sums: NDArray[np.uint32]
    fingerprints: NDArray[np.uint32]


class Marks(NamedTuple):
    """What is known of rows without reading them: the checksum and the fingerprint of each."""

    sums: NDArray[np.uint32]
    fingerprints: NDArray[np.uint32]

    def encode(self) -> bytes:
        """Pack them."""
        return numbers(self.sums) + numbers(self.fingerprints)


NO_MARKS = Marks(np.empty(0, np.uint32), np.empty(0, np.uint32))


class PayloadLog(NamedTuple):
    """What one flush did with payloads; of a snapshot, what there is.

    Attributes
    ----------
    keys, places : ndarray of int64
        The keys of their ids, see `Directory`, and the places that they took, ascending.
    dropped : ndarray of int64
        The places that became empty, ascending.
    """

    keys: NDArray[np.int64]
    places: NDArray[np.int64]
    dropped: NDArray[np.int64]

    def encode(self) -> bytes:
        """Pack it."""
        return numbers(self.keys) + numbers(self.places) + numbers(self.dropped)

    @classmethod
    def read(cls, source: Unpacker) -> PayloadLog:
        """Return what was encoded."""
        found = cls(*(listed(source.numbers()) for _ in range(3)))
        if len(found.keys) != len(found.places):
            raise PackingError("its places are not those of its payloads")
        return found


_NONE = np.empty(0, np.int64)
NO_PAYLOADS = PayloadLog(_NONE, _NONE, _NONE)


def encode_log(
    events: Sequence[Event], written: NDArray[np.int64], marks: Marks, payloads: PayloadLog = NO_PAYLOADS
) -> bytes:
    """Pack one flush."""
    ids, codes = _columns(events)
    return ids.encode() + numbers(codes) + numbers(written) + marks.encode() + payloads.encode()


def _columns(events: Sequence[Event]) -> tuple[PackedIds, NDArray[np.int64]]:
    if isinstance(events, EventColumns):
        uuids, lengths, text, indices = events.columns()
        return PackedIds(uuids, lengths, text), indices + FIRST  # -1 becomes DROPPED, and -2 CLEARED
    texts = [one for one, _ in events]
    codes = np.fromiter([index for _, index in events], np.int64, len(events)) + FIRST
    if None in texts:
        codes[[one is None for one in texts]] = CLEARED
    return PackedIds.of(texts), codes


def decode_log(content: bytes | memoryview) -> tuple[Log, PayloadLog]:
    """Return what was encoded; anything else raises."""
    source = Unpacker(content)
    log = Log(PackedIds.read(source), source.numbers(), source.numbers(), source.words(), source.words())
    payloads = PayloadLog.read(source)
    source.end()
    if len(log.ids) != len(log.codes) or not len(log.written) == len(log.sums) == len(log.fingerprints):
        raise PackingError("its numbers are not those of its ids")
    return log, payloads


def encode_snapshot(layout: Layout, marks: Marks, payloads: PayloadLog = NO_PAYLOADS) -> bytes:
    """Pack a whole layout, with the marks of every active row, and the places of payloads."""
    natural = np.argsort(layout.id_indices, kind="stable")
    order = layout.slot_order
    kept = order[:0] if np.array_equal(order, natural) else order
    return (
        PackedIds.of(layout.ids).encode()
        + numbers(layout.id_indices)
        + numbers(kept)
        + marks.encode()
        + payloads.encode()
    )


def decode_snapshot(content: bytes | memoryview) -> tuple[Snapshot, PayloadLog]:
    """Return what was encoded; anything else raises."""
    source = Unpacker(content)
    ids, indices, order = PackedIds.read(source), source.numbers(), listed(source.numbers())
    found = Snapshot(ids, indices, order, source.words(), source.words())
    payloads = PayloadLog.read(source)
    source.end()
    if len(found.ids) != len(found.indices) or len(found.sums) != len(found.fingerprints):
        raise PackingError("its numbers are not those of its ids")
    return found, payloads
