"""Reading a file that may be damaged, or forged: what it holds must be a store.

A file is read once, from its beginning to its end. Whatever its header and its
ids say is checked when it comes; a block of rows is handed on as soon as it has
been read, and the checksum decides when all have been, before the store that
was made of them is returned. To check it in a first pass would read everything
twice, and the second pass might see another file than the first.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BytesIO
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import CorruptStoreError
from ..identity import Precision, identity_keys
from ..opening import OpenSpec
from ..state import State
from .digest import AHEAD
from .format import PIECE_BYTES, Header
from .framing import NewerError, unframe
from .layouts import read_layout
from .replacing import require_plain
from .stream import DamageError, Stream, require

T = TypeVar("T")


def read(path: str | os.PathLike[str], use: Callable[[OpenSpec, State], T], *, checked: bool = False) -> T:
    """Call `use` once with what a file holds, and return what it returns.

    Parameters
    ----------
    path : str or os.PathLike
        A plain file.
    use : callable
        Makes a store of the state, whose blocks are valid during the call only,
        and cannot be written to before those that follow are asked for.
    checked : bool
        Whether `use` itself refuses vectors that are identical (`Primitives.checks_state`).

    Raises
    ------
    CorruptStoreError
        Naming `path` and what is wrong with it; perhaps only after `use` has returned.
    """
    source = os.fspath(path)
    require_plain(os.stat(source).st_mode, source)  # noqa: PTH116 - to open a FIFO would wait for a writer
    with open(source, "rb") as file:
        return _decode(file, os.fstat(file.fileno()).st_size, source, use, checked)


def decode(blob: bytes, source: str, use: Callable[[OpenSpec, State], T], *, checked: bool = False) -> T:
    """Do what `read` does with the bytes of a file; errors name `source`."""
    return _decode(BytesIO(blob), len(blob), source, use, checked)


def _decode(
    file: BufferedIOBase, length: int, source: str, use: Callable[[OpenSpec, State], T], checked: bool
) -> T:
    with _naming(source):
        header, stream = unframe(file, length)
        spec = OpenSpec(header.dimension, header.initial_capacity, header.precision)
        try:
            layout, blocks = read_layout(header, stream), _blocks(header, stream)
            made = use(spec, State(layout, blocks if checked else _distinct(blocks, header.precision)))
        except (MemoryError, OSError):
            raise  # what could not be read says nothing about the checksum
        except CorruptStoreError as error:
            stream.verify()
            raise DamageError(str(error)) from error
        except Exception:
            stream.verify()  # damage explains it better than what it led to
            raise
        stream.verify()
        return made


@contextmanager
def _naming(source: str) -> Iterator[None]:
    try:
        yield
    except NewerError as newer:
        raise CorruptStoreError(f"{source} was {newer}; upgrade refvec to load it") from None
    except DamageError as damage:
        raise CorruptStoreError(f"{source} is no intact refvec file: {damage}") from damage.__cause__


def _blocks(header: Header, stream: Stream) -> Iterator[NDArray[np.float32]]:
    dimension = header.dimension or 1
    rows = max(1, PIECE_BYTES // (4 * dimension))
    busy: deque[NDArray[np.float32]] = deque()  # on their way into the checksum
    for start in range(0, header.vectors, rows):
        raw = stream.array("<f4", min(rows, header.vectors - start), dimension)
        raw.flags.writeable = False
        busy.append(raw)
        if len(busy) > AHEAD:
            busy.popleft().flags.writeable = True
        yield raw.astype(np.float32, copy=False)
    stream.settle()
    for raw in busy:
        raw.flags.writeable = True


def _distinct(blocks: Iterator[NDArray[np.float32]], precision: Precision) -> Iterator[NDArray[np.float32]]:
    seen: set[bytes] = set()
    count = 0
    for block in blocks:
        count += len(block)
        seen.update(map(_fingerprint, identity_keys(block, precision)))
        require(len(seen) == count, "it stores a vector twice")
        yield block


def _fingerprint(key: bytes) -> bytes:
    # Of all rows, their keys would be as large as the rows themselves.
    return hashlib.blake2b(key, digest_size=16).digest()
