"""Reading a file that may be damaged, or forged: what it holds must be a store."""

from __future__ import annotations

import os
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import CorruptStoreError
from ..identity import identity_keys
from ..opening import OpenSpec
from ..state import Layout, State
from .format import Header
from .framing import DamageError, require, unframe


def read(path: str | os.PathLike[str]) -> tuple[OpenSpec, State]:
    """Return what a file holds, checked."""
    return decode(Path(os.fspath(path)).read_bytes(), os.fspath(path))


def decode(blob: bytes, source: str) -> tuple[OpenSpec, State]:
    """Return what the bytes of a file hold.

    Raises
    ------
    CorruptStoreError
        Naming `source` and what is wrong with it.
    """
    try:
        header, body = unframe(memoryview(blob))
        spec = OpenSpec(header.dimension, header.initial_capacity, header.precision)
        return spec, _state(header, _cut(header, body))
    except DamageError as damage:
        raise CorruptStoreError(f"{source} is no intact refvec file: {damage}") from damage.__cause__


class _Sections(NamedTuple):
    lengths: NDArray[np.int64]
    blob: memoryview
    id_indices: NDArray[np.int64]
    slot_order: NDArray[np.int64]
    free: NDArray[np.int64]
    vectors: NDArray[np.float32]


def _cut(header: Header, body: memoryview) -> _Sections:
    n, dimension = header.references, header.dimension or 0
    padded = header.id_bytes + -header.id_bytes % 8
    ends = list(accumulate((8 * n, padded, 8 * n, 8 * n, 8 * header.free, 4 * header.vectors * dimension)))
    parts = [body[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return _Sections(
        _int64(parts[0]),
        parts[1][: header.id_bytes],
        _int64(parts[2]),
        _int64(parts[3]),
        _int64(parts[4]),
        np.frombuffer(parts[5], "<f4").astype(np.float32, copy=False).reshape(header.vectors, dimension),
    )


def _int64(part: memoryview) -> NDArray[np.int64]:
    return np.frombuffer(part, "<i8").astype(np.int64, copy=False)


def _state(header: Header, sections: _Sections) -> State:
    ids = _ids(sections.lengths, sections.blob)
    allocated = header.vectors + header.free
    _check_references(sections, allocated)
    layout = Layout(ids, sections.id_indices, sections.slot_order, allocated, header.capacity)
    require(len(layout.indices) == header.vectors, "its vectors are not those that its ids reference")
    require(np.array_equal(layout.free(), sections.free), "its free indices are not those without an id")
    require(header.capacity >= max(allocated, header.initial_capacity), "its capacity is too small")
    keys = identity_keys(sections.vectors, header.precision)
    require(len(set(keys)) == len(keys), "it stores a vector twice")
    return State(layout, sections.vectors)


def _ids(lengths: NDArray[np.int64], blob: memoryview) -> list[str]:
    require(not (lengths < 0).any() and sum(lengths.tolist()) == len(blob), "its ids do not fill their place")
    ends = list(accumulate(lengths.tolist()))
    try:
        ids = [str(blob[start:end], "utf-8") for start, end in zip([0, *ends], ends, strict=False)]
    except UnicodeDecodeError as error:
        raise DamageError("an id is no UTF-8") from error
    require(len(set(ids)) == len(ids), "an id occurs twice")
    return ids


def _check_references(sections: _Sections, allocated: int) -> None:
    indices, order = sections.id_indices, sections.slot_order
    inside = (indices >= 0) & (indices < allocated)
    require(inside.all(), "an id references an index that was never allocated")
    require(np.array_equal(np.sort(order), np.arange(len(order))), "the order of its slots is no permutation")
    grouped: NDArray[Any] = indices[order]
    require((grouped[1:] >= grouped[:-1]).all(), "the order of its slots does not go slot by slot")
