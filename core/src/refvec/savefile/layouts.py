"""The inside of a file: whether its ids, indices and orders are those of a store."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..state import Layout
from .format import Header, padding, spans
from .stream import DamageError, Stream, require


def read_layout(header: Header, stream: Stream) -> Layout:
    """Return what a file says of its ids and indices, checked."""
    references, allocated = header.references, header.vectors + header.free
    ids = _ids(_int64(stream, references), header.id_bytes, stream)
    indices, order, free = (_int64(stream, size) for size in (references, references, header.free))
    _check_references(indices, order, allocated)
    layout = Layout(ids, indices, order, allocated, header.capacity, header.dimension)
    require(len(layout.indices) == header.vectors, "its vectors are not those that its ids reference")
    require(np.array_equal(layout.free(), free), "its free indices are not those without an id")
    require(header.capacity >= max(allocated, header.initial_capacity), "its capacity is too small")
    return layout


def _int64(stream: Stream, size: int) -> NDArray[np.int64]:
    return stream.array("<i8", size).astype(np.int64, copy=False)


def _ids(lengths: NDArray[np.int64], total: int, stream: Stream) -> list[str]:
    ends = np.cumsum(lengths)
    # No length is above `total`, so the first sum that overflows is negative.
    inside = (lengths >= 0).all() and (lengths <= total).all() and (ends >= 0).all()
    require(inside and ends[-1:].sum() == total, "its ids do not fill their place")
    ids: list[str] = []
    for start, stop in spans(lengths):
        ids += _texts(stream.read(int(lengths[start:stop].sum())), lengths[start:stop].tolist())
    stream.read(padding(total))
    require(len(set(ids)) == len(ids), "an id occurs twice")
    return ids


def _texts(part: bytes, lengths: list[int]) -> list[str]:
    try:
        return [str(part[start:end], "utf-8") for start, end in pairwise(accumulate(lengths, initial=0))]
    except UnicodeDecodeError as error:
        raise DamageError("an id is no UTF-8") from error


def _check_references(indices: NDArray[np.int64], order: NDArray[np.int64], allocated: int) -> None:
    inside = (indices >= 0) & (indices < allocated)
    require(inside.all(), "an id references an index that was never allocated")
    require(np.array_equal(np.sort(order), np.arange(len(order))), "the order of its slots is no permutation")
    grouped: NDArray[Any] = indices[order]
    require((grouped[1:] >= grouped[:-1]).all(), "the order of its slots does not go slot by slot")
