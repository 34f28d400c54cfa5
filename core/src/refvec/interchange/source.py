"""What an import reads: the rows of a file, each with its id, in batches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, NamedTuple, Self

from numpy.typing import NDArray

from ..ids import ChunkId

BATCH_BYTES = 2**22  # of vectors that are in memory at a time
MOST_ROWS = 2**16


class Names(NamedTuple):
    """Where in a file, or beside it, the ids and the vectors are; None is the format's own place."""

    ids: Path | None = None
    id_column: str | None = None
    vector_column: str | None = None


class Batch(NamedTuple):
    """Consecutive rows: ``vectors[j]`` is of ``ids[j]``, neither checked yet, and the payloads of some ids."""

    ids: Sequence[ChunkId]
    vectors: NDArray[Any]
    payloads: Mapping[str, bytes] = MappingProxyType({})


class Rows:
    """Rows that can be put into a store.

    Attributes
    ----------
    name : str
        What they come from, for messages.
    rows : int
        How many rows, and ids, there are.
    dimension : int or None
        Components of every vector; None where that is not known before they are read.
    """

    def __init__(self, name: str, rows: int, dimension: int | None) -> None:
        self.name = name
        self.rows = rows
        self.dimension = dimension

    def batches(self, most: int | None = None) -> Iterator[Batch]:
        """Yield all rows in order, some megabytes at a time, and at most so many rows."""
        raise NotImplementedError


class Source(Rows):
    """An open file that can be imported; use it in a ``with``.

    Attributes
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path, rows: int, dimension: int | None) -> None:
        super().__init__(os.fspath(path), rows, dimension)
        self.path = path
        self._files = ExitStack()

    def _opened(self) -> FileIO:
        return self._files.enter_context(FileIO(self.path))

    def close(self) -> None:
        """Close the file."""
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def batch_rows(row_bytes: int, batch_bytes: int = BATCH_BYTES, most: int | None = None) -> int:
    """Return how many rows of a size make up a batch."""
    return min(most or MOST_ROWS, MOST_ROWS, max(1, batch_bytes // max(1, row_bytes)))
