"""``.safetensors``: every stored vector once, which of them each id has, and the ids.

The header is eight bytes for its length and JSON. The library of that name
writes tensors that are in memory as a whole, so it is written and read here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..savefile.format import spans
from .content import Content
from .errors import InterchangeError
from .idlines import ID_FIELD, IdLines
from .idtensors import IdTensors
from .source import Batch, Names, Source, batch_rows
from .tensors import BFLOAT16, Tensors

SUFFIX = ".safetensors"
VECTORS, ROWS, LENGTHS, TEXT = "vectors", "id_rows", "id_lengths", "id_bytes"


def files(target: Path) -> list[Path]:
    """Return what an export writes."""
    return [target]


def write(content: Content, files: Sequence[BinaryIO]) -> None:
    """Write the tensors ``vectors``, ``id_rows``, ``id_lengths`` and ``id_bytes``."""
    (file,) = files
    lengths = np.fromiter((len(one.encode()) for one in content.ids), np.int64, len(content.ids))
    file.write(_header(content, int(lengths.sum())))
    for numbers in (content.id_rows, lengths):
        file.write(np.ascontiguousarray(numbers, "<i8").data)
    for rows in content.unique():
        file.write(rows.data)
    for start, stop in spans(lengths):
        file.write("".join(content.ids[start:stop]).encode())


def _header(content: Content, text_bytes: int) -> bytes:
    count = len(content.ids)
    tensors: list[tuple[str, str, list[int], int]] = [
        (ROWS, "I64", [count], 8),
        (LENGTHS, "I64", [count], 8),
        (VECTORS, "F32", [content.count, content.dimension or 0], 4),
        (TEXT, "U8", [text_bytes], 1),
    ]
    header, start = {}, 0
    for name, dtype, shape, size in tensors:
        stop = start + size * math.prod(shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}
        start = stop
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def open_file(path: Path, names: Names) -> Source:
    """Open the vectors, and the ids in the same file or beside it."""
    return _SafetensorsSource(path, names)


class _SafetensorsSource(Source):
    def __init__(self, path: Path, names: Names) -> None:
        super().__init__(path, 0, None)
        with self._files:
            tensors = Tensors(path, self._opened())
            self._vectors = tensors.get(names.vector_column or VECTORS, "numbers", axes=2)
            self._bfloat16 = tensors.dtype_of(names.vector_column or VECTORS) == BFLOAT16
            self._id_rows = tensors.get(ROWS, "integers", axes=1) if ROWS in tensors.header else None
            self._ids = self._open_ids(tensors, names)
            self.rows = (self._vectors if self._id_rows is None else self._id_rows).shape[0]
            self.dimension = self._vectors.shape[1] or None
            if self._ids.count != self.rows:
                raise InterchangeError(path, f"it has {self.rows} rows, and there are {self._ids.count} ids")
            self._files = self._files.pop_all()

    def _open_ids(self, tensors: Tensors, names: Names) -> IdLines | IdTensors:
        if names.ids is not None:
            return IdLines(names.ids, names.id_column or ID_FIELD)
        if not {LENGTHS, TEXT} <= tensors.header.keys():
            raise InterchangeError(
                self.path, f"it has no ids ({LENGTHS}, {TEXT}); name a file of JSON lines (--ids FILE)"
            )
        return IdTensors(
            self.path, tensors.get(LENGTHS, "integers", axes=1), tensors.get(TEXT, "bytes", axes=1)
        )

    def batches(self, most: int | None = None) -> Iterator[Batch]:
        start = 0
        for ids in self._ids.batches(batch_rows(self._vectors.row_bytes, most=most)):
            yield Batch(ids, self._read(start, start + len(ids)))
            start += len(ids)

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        if self._id_rows is None:
            return self._as_numbers(self._vectors.rows(start, stop))
        wanted = self._id_rows.rows(start, stop)
        wrong = np.flatnonzero((wanted < 0) | (wanted >= self._vectors.shape[0]))
        if len(wrong):
            row = int(wrong[0])
            raise InterchangeError(
                self.path, f"{ROWS} names vector {wanted[row]} of {self._vectors.shape[0]}", row=start + row
            )
        return self._as_numbers(self._vectors.take(wanted.astype(np.int64)))

    def _as_numbers(self, raw: NDArray[Any]) -> NDArray[Any]:
        # The upper half of a float32.
        return (raw.astype(np.uint32) << 16).view(np.float32) if self._bfloat16 else raw
