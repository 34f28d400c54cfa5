"""``.parquet``, through pyarrow: a row for each id, with the columns ``id`` and ``vector``."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ..failures import some_of
from .content import Content
from .errors import InterchangeError
from .parquetcolumns import check_ids, ids_of, vectors_of
from .source import Batch, Names, Source, batch_rows

SUFFIX = ".parquet"
ID, VECTOR = "id", "vector"
GROUP_BYTES = 2**25  # of vectors in a row group
_READ_AHEAD = 2**20
_UNKNOWN_WIDTH = 4 * 1536


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        text = 'Parquet needs pyarrow: pip install "refvec[parquet]"'
        raise ModuleNotFoundError(text, name=error.name) from error


def files(target: Path) -> list[Path]:
    """Return what an export writes."""
    _library("pyarrow.parquet")
    return [target]


def write(content: Content, files: Sequence[BinaryIO]) -> None:
    """Write a row for each id, in the order of the ids."""
    (file,) = files
    arrow, parquet = _library("pyarrow"), _library("pyarrow.parquet")
    item = arrow.field("element", arrow.float32(), nullable=False)
    kind = arrow.list_(item) if content.dimension is None else arrow.list_(item, content.dimension)
    schema = arrow.schema(
        [arrow.field(ID, arrow.string(), nullable=False), arrow.field(VECTOR, kind, nullable=False)]
    )
    start = 0
    # Floats of embeddings have no values in common that a dictionary could hold.
    with parquet.ParquetWriter(file, schema, use_dictionary=False, write_page_checksum=True) as writer:
        for rows in content.by_id(GROUP_BYTES):
            ids = arrow.array(content.ids[start : start + len(rows)], arrow.string())
            vectors = arrow.FixedSizeListArray.from_arrays(arrow.array(rows.reshape(-1)), type=kind)
            writer.write_batch(arrow.record_batch([ids, vectors], schema=schema), len(rows))
            start += len(rows)


def open_file(path: Path, names: Names) -> Source:
    """Open a file with a column of ids and one of vectors."""
    if names.ids is not None:
        raise InterchangeError(path, "a Parquet file has its ids in a column (--id-column NAME), not beside it")
    return _ParquetSource(path, names.id_column or ID, names.vector_column or VECTOR)


class _ParquetSource(Source):
    def __init__(self, path: Path, id_column: str, vector_column: str) -> None:
        super().__init__(path, 0, None)
        self._columns = (id_column, vector_column)
        parquet = _library("pyarrow.parquet")
        with self._files:
            with _naming(path):
                # Read as a stream: a row group may be larger than memory.
                made = parquet.ParquetFile(
                    path, pre_buffer=False, buffer_size=_READ_AHEAD, page_checksum_verification=True
                )
                self._file = self._files.enter_context(made)
                schema = made.schema_arrow
            for column, option in zip(self._columns, ("--id-column", "--vector-column"), strict=True):
                if schema.names.count(column) != 1:
                    there = some_of(schema.names)
                    raise InterchangeError(path, f"it has no column {column!r} but {there} ({option} NAME)")
            check_ids(path, id_column, schema.field(id_column).type)
            self.rows = made.metadata.num_rows
            self.dimension = getattr(schema.field(vector_column).type, "list_size", None) or None
            self._files = self._files.pop_all()

    def batches(self, most: int | None = None) -> Iterator[Batch]:
        size = batch_rows(4 * self.dimension if self.dimension else _UNKNOWN_WIDTH, most=most)
        start, width = 0, self.dimension
        for batch in self._batches(size):
            ids, vectors = (batch.column(name) for name in self._columns)
            rows = vectors_of(self.path, self._columns[1], vectors, start, width)
            width = rows.shape[1]
            yield Batch(ids_of(self.path, self._columns[0], ids, start), rows)
            start += batch.num_rows

    def _batches(self, size: int) -> Iterator[Any]:
        with _naming(self.path):
            batches = self._file.iter_batches(size, columns=list(self._columns))
        while True:
            with _naming(self.path):
                batch = next(batches, None)
            if batch is None:
                return
            if batch.num_rows:
                yield batch


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let what pyarrow cannot read be told of the file."""
    try:
        yield
    except (_library("pyarrow").ArrowException, ValueError) as error:  # of text that is no UTF-8, for instance
        raise InterchangeError(path, f"pyarrow cannot read it: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise InterchangeError(path, f"it is damaged: {error}") from error
