"""``.npy``: an array of one row for each id, and the ids as JSON lines beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO

from numpy.lib import format as npyformat

from .arrayfile import ArrayFile
from .content import Content
from .errors import InterchangeError
from .idlines import ID_FIELD, IdLines, write_ids
from .source import Batch, Names, Source, batch_rows

SUFFIX = ".npy"
_MOST_HEADER = 2**16
# What numpy's reader, which evaluates literals of Python, raises for a damaged header.
_UNREADABLE = (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError)
_HEADERS = {(1, 0): npyformat.read_array_header_1_0, (2, 0): npyformat.read_array_header_2_0}


def files(target: Path) -> list[Path]:
    """Return what an export writes: the array, and its ids."""
    return [target, target.with_suffix(".ids.jsonl")]


def write(content: Content, files: Sequence[BinaryIO]) -> None:
    """Write a row for each id, in the order of the ids."""
    vectors, ids = files
    shape = (len(content.ids), content.dimension or 0)
    npyformat.write_array_header_1_0(vectors, {"descr": "<f4", "fortran_order": False, "shape": shape})
    for rows in content.by_id():
        vectors.write(rows.data)
    write_ids(ids, content.ids)


def open_file(path: Path, names: Names) -> Source:
    """Open an array and the ids beside it."""
    return _NpySource(path, names.ids or files(path)[1], names.id_column or ID_FIELD)


class _NpySource(Source):
    def __init__(self, path: Path, ids: Path, field: str) -> None:
        super().__init__(path, 0, None)
        with self._files:
            self._array = _array(path, self._opened())
            self.rows, self.dimension = self._array.shape[0], self._array.shape[1] or None
            if not ids.is_file():
                raise InterchangeError(
                    path, f"there are no ids at {os.fspath(ids)}; name a file of JSON lines (--ids FILE)"
                )
            self._ids = IdLines(ids, field)
            if self._ids.count != self.rows:
                raise InterchangeError(ids, f"it has {self._ids.count} ids, and {path} has {self.rows} rows")
            self._files = self._files.pop_all()

    def batches(self, most: int | None = None) -> Iterator[Batch]:
        start = 0
        for ids in self._ids.batches(batch_rows(self._array.row_bytes, most=most)):
            yield Batch(ids, self._array.rows(start, start + len(ids)))
            start += len(ids)


def _array(path: Path, file: Any) -> ArrayFile:
    """Return the array of a file whose length is what its header says; nothing is unpickled."""
    head = BytesIO(file.read(_MOST_HEADER))
    try:
        version = npyformat.read_magic(head)
        shape, by_columns, dtype = _HEADERS[version](head)
    except KeyError:
        raise InterchangeError(path, f"it has version {version} of npy; save it with numpy.save") from None
    except _UNREADABLE as error:
        raise InterchangeError(path, f"it is no npy file: {error!s:.200}") from error
    if dtype.kind not in "iuf":
        raise InterchangeError(path, f"it holds {dtype}; vectors are integers or floats: convert it first")
    if len(shape) != 2:
        raise InterchangeError(path, f"expected a 2D array, a row for each id, got shape {shape}")
    array = ArrayFile(file, path, head.tell(), dtype, shape, by_columns=by_columns)
    _check_size(path, array, head.tell(), os.fstat(file.fileno()).st_size)
    return array


def _check_size(path: Path, array: ArrayFile, start: int, length: int) -> None:
    count, width = array.shape
    if count < 0 or width < 0 or (count and not width):
        raise InterchangeError(path, f"its shape is {array.shape}")
    wanted = start + count * array.row_bytes
    if wanted != length:
        raise InterchangeError(path, f"it has {length} bytes, and its header says {wanted}; it may be cut off")
