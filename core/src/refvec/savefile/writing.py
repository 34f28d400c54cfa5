"""Writing a store piece by piece: the file is never in memory, and neither are all rows."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..opening import OpenSpec
from ..state import State
from .digest import Digest
from .format import DTYPE, FORMAT, Header, padding, spans
from .replacing import replace


def write(path: str | os.PathLike[str], spec: OpenSpec, state: State) -> None:
    """Write the store to `path`; see `replace` for what becomes of a file that is there.

    Raises
    ------
    OSError
        If it cannot be written, or `path` is something else than a plain file.
    RuntimeError
        If the blocks of the state are not the rows that its layout announces.
    """
    replace(path, _parts(spec, state))


def encode(spec: OpenSpec, state: State) -> bytes:
    """Return what `write` would write."""
    buffer = io.BytesIO()
    buffer.writelines(_parts(spec, state))
    return buffer.getvalue()


def _parts(spec: OpenSpec, state: State) -> Iterator[bytes]:
    digest = Digest()
    for part in _content(spec, state):
        own = bytes(part)  # a backend may make its next block in the memory of this one
        digest.update(own)
        yield own
    yield digest.digest()


def _content(spec: OpenSpec, state: State) -> Iterator[bytes | memoryview]:
    layout = state.layout
    ids, free = layout.ids, layout.free()
    lengths = np.fromiter(map(len, map(str.encode, ids)), np.int64, len(ids))
    header = Header(
        format=FORMAT,
        dtype=DTYPE,
        dimension=spec.dimension,
        precision=spec.precision,
        initial_capacity=spec.initial_capacity,
        capacity=layout.capacity,
        references=len(ids),
        id_bytes=int(lengths.sum()),
        free=len(free),
        vectors=len(layout.indices),
    )
    yield header.encode()
    yield _raw(lengths, "<i8")
    for start, stop in spans(lengths):
        yield "".join(ids[start:stop]).encode()
    yield bytes(padding(header.id_bytes))
    for numbers in (layout.id_indices, layout.slot_order, free):
        yield _raw(numbers, "<i8")
    yield from _rows(header, state.blocks)


def _rows(header: Header, blocks: Iterable[NDArray[np.float32]]) -> Iterator[memoryview]:
    # The header has promised them: with others nobody could load the file.
    done = 0
    for block in blocks:
        done += len(block)
        if done > header.vectors or block.shape[1:] != (header.dimension or 0,):
            raise _broken_promise(header, f"a block of shape {block.shape}, {done} rows so far")
        yield _raw(block, "<f4")
    if done < header.vectors:
        raise _broken_promise(header, f"{done} rows")


def _broken_promise(header: Header, got: str) -> RuntimeError:
    wanted = f"{header.vectors} rows of {header.dimension} components"
    return RuntimeError(f"The backend announced {wanted} and handed over {got}; nothing was saved")


def _raw(values: NDArray[Any], dtype: str) -> memoryview:
    return np.ascontiguousarray(values, dtype).reshape(-1).view(np.uint8).data
