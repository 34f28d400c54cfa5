"""The row file: raw little-endian float32, the row of index i at ``FIRST + i * 4 * dimension``.

It is read with ``pread``: a read error or a file that became shorter is then an
error, where through a memory map it would end the process.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import CorruptStoreError
from . import disk
from .damage import damaged
from .fingerprints import Fingerprints
from .locks import open_file
from .native import native_for
from .pen import Pen
from .records import FORMAT, Marks, Meta

MAGIC = b"\x89RVROWS\n"
FIRST = 4096  # bytes of the header: a page, so that rows can be mapped, and are aligned
PIECE_BYTES = 2**20


def header(store: str, generation: int, dimension: int) -> bytes:
    """Return the first bytes of a row file; zeros follow up to `FIRST`."""
    body = MAGIC + FORMAT.to_bytes(4, "little") + dimension.to_bytes(4, "little")
    body += bytes.fromhex(store) + generation.to_bytes(8, "little")
    return body + zlib.crc32(body).to_bytes(4, "little")


def checksums(rows: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Return the CRC-32 of every row, as it is in the file."""
    rows = np.ascontiguousarray(rows, "<f4")
    if (module := native_for(rows.nbytes)) is not None:
        return cast("NDArray[np.uint32]", module.checksums(rows))
    raw = rows.view(np.uint8)
    return np.fromiter(map(_crc32, raw), np.uint32, len(raw))


def fastest_crc32() -> Callable[[bytes], int]:
    """Return ISA-L's function where it is installed: a quarter of the time of zlib's."""
    try:
        found: Callable[[bytes], int] = import_module("isal.isal_zlib").crc32
    except ImportError:
        return zlib.crc32
    return found


_crc32 = fastest_crc32()


class RowFile:
    """An open row file.

    Parameters
    ----------
    path : Path
        The file.
    dimension : int
        Components of every row.
    handle : int
        Of the file.
    """

    def __init__(self, path: Path, dimension: int, handle: int) -> None:
        self.path = path
        self.handle = handle
        self.dimension = dimension
        self._pen: Pen | None = None
        self._space = 0  # bytes that are known to be allocated
        self.row_bytes = 4 * dimension

    @classmethod
    def draft(cls, path: Path, store: str, generation: int, dimension: int) -> RowFile:
        """Make a file without rows, which nobody looks for before it is synced and has its name."""
        handle = open_file(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        try:
            start = header(store, generation, dimension)
            disk.write(handle, start + bytes(FIRST - len(start)), 0)
        except BaseException:
            os.close(handle)
            raise
        return cls(path, dimension, handle)

    @classmethod
    def create(cls, path: Path, store: str, generation: int, dimension: int) -> RowFile:
        """Make a file without rows, and sync it; one of that name belongs to a flush that never was."""
        made = cls.draft(path, store, generation, dimension)
        try:
            disk.sync(made.handle)
            disk.sync_directory(path.parent)
        except BaseException:
            made.close()
            raise
        return made

    @classmethod
    def open(cls, path: Path, meta: Meta, *, write: bool) -> RowFile:
        """Open the file of a catalog, and check that it is that."""
        assert meta.dimension is not None
        handle = open_file(path, os.O_RDWR if write else os.O_RDONLY)
        try:
            wanted = header(meta.store, meta.generation, meta.dimension)
            if os.pread(handle, len(wanted), 0) != wanted:
                raise damaged(path, "its header is not that of this store")
        except BaseException:
            os.close(handle)
            raise
        return cls(path, meta.dimension, handle)

    def through(self, handle: int) -> RowFile:
        """Return the same file by another handle."""
        return RowFile(self.path, self.dimension, handle)

    def close(self) -> None:
        """Close the file."""
        self.wait()
        os.close(self.handle)

    # Writing

    def writing(self, indices: NDArray[np.int64]) -> Pen:
        """Return what writes rows at ascending indices, on space that was allocated for them."""
        self.wait()
        if len(indices) and (end := self._offset(int(indices[-1]) + 1)) > self._space:
            self._space = disk.allocate(self.handle, end)
        self._pen = Pen(self, indices)
        return self._pen

    def wait(self) -> None:
        """Return when nothing is being written any more, whatever an interrupt has cut short."""
        if self._pen is not None:
            self._pen.behind.wait()

    def copy(self, source: RowFile, indices: NDArray[np.int64], sums: NDArray[np.uint32]) -> Iterator[int]:
        """Write the rows of another file at ascending indices, each checked first; yield how many it has."""
        done = 0
        for block in source.blocks(indices, sums):
            self.put(indices[done : done + len(block)], np.ascontiguousarray(block, "<f4"))
            done += len(block)
            yield done

    def rename(self, path: Path) -> None:
        """Have another name, which is on the disk when this returns."""
        disk.rename(self.path, path)
        self.path = path
        disk.sync_directory(path.parent)

    def put(self, indices: NDArray[np.int64], rows: NDArray[Any]) -> None:
        """Write rows at ascending indices, on space that was allocated."""
        whole = len(indices) and int(indices[-1]) - int(indices[0]) == len(indices) - 1
        breaks = [] if whole else (np.flatnonzero(np.diff(indices) != 1) + 1).tolist()
        start = 0
        for end in [*breaks, len(indices)]:
            if start < end:
                disk.write(self.handle, rows[start:end].data, self._offset(int(indices[start])))
            start = end

    def put_soon(self, first: int, last: int) -> None:
        """Have the disk begin with the rows from one index to another."""
        start = self._offset(first)
        disk.write_soon(self.handle, start, self._offset(last + 1) - start)

    def _offset(self, index: int) -> int:
        return FIRST + index * self.row_bytes

    # Reading

    def blocks(self, indices: NDArray[np.int64], sums: NDArray[np.uint32]) -> Iterator[NDArray[np.float32]]:
        """Yield the rows at ascending indices, each checked before it is handed on."""
        for start, stop in self._pieces(indices):
            rows = self._read(indices[start:stop])
            for index in self._wrong(rows, indices[start:stop], sums[start:stop]):
                raise self.damaged_row(index)
            yield rows

    def damages(
        self, indices: NDArray[np.int64], marks: Marks, fingerprints: Fingerprints
    ) -> Iterator[tuple[int, CorruptStoreError | None]]:
        """Yield how many rows have been looked at, and what is wrong with one, if anything."""
        for start, stop in self._pieces(indices):
            rows, at = self._read(indices[start:stop]), indices[start:stop]
            wrong = self._wrong(rows, at, marks.sums[start:stop])
            for index in wrong:
                yield stop, self.damaged_row(index)
            for index in self._unlike(fingerprints.of(rows), at, marks.fingerprints[start:stop]):
                if index not in wrong:
                    yield stop, damaged(self.path, f"{self._place(index)} has not the fingerprint that is kept")
            yield stop, None

    def _pieces(self, indices: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Yield (start, stop) of indices whose rows are within one piece of the file."""
        per = max(1, PIECE_BYTES // self.row_bytes)
        start = 0
        for stop in [*(np.flatnonzero(np.diff(indices // per)) + 1).tolist(), len(indices)]:
            if start < stop:
                yield start, stop
            start = stop

    def _wrong(
        self, rows: NDArray[np.float32], indices: NDArray[np.int64], sums: NDArray[np.uint32]
    ) -> list[int]:
        wrong: list[int] = indices[checksums(rows) != sums].tolist()
        return wrong

    def _unlike(
        self, found: NDArray[np.uint32], indices: NDArray[np.int64], kept: NDArray[np.uint32]
    ) -> list[int]:
        unlike: list[int] = indices[found != kept].tolist()
        return unlike

    def _place(self, index: int) -> str:
        return f"the row at index {index} (offset {self._offset(index)})"

    def damaged_row(self, index: int) -> CorruptStoreError:
        """Return the error for a row that differs from its checksum."""
        return damaged(self.path, f"{self._place(index)} differs from its checksum")

    def count(self) -> int:
        """Return how many rows the file is long enough for."""
        return max(0, os.fstat(self.handle).st_size - FIRST) // self.row_bytes

    def _read(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the rows at ascending indices that are not far from each other."""
        first, last = int(indices[0]), int(indices[-1])
        span = np.empty((last - first + 1, self.dimension), "<f4")
        raw, done, at = span.reshape(-1).view(np.uint8).data, 0, self._offset(first)
        while done < raw.nbytes:
            got = os.preadv(self.handle, [raw[done:]], at + done)
            if not got:
                raise damaged(self.path, f"it ends before the row at index {first + done // self.row_bytes}")
            done += got
        whole = len(span) == len(indices)
        return (span if whole else span[indices - first]).astype(np.float32, copy=False)

    def check_length(self, indices: NDArray[np.int64]) -> None:
        """Raise unless the file is long enough for rows at these indices."""
        wanted = self._offset(int(indices[-1]) + 1) if len(indices) else FIRST
        held = os.fstat(self.handle).st_size
        if held < wanted:
            raise damaged(self.path, f"it has {held} bytes, and its rows need {wanted}")
