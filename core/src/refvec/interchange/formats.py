"""Which module reads and writes which file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from ..spelling import did_you_mean
from . import npy, parquet, safetensors
from .content import Content
from .source import Names, Source


class Format(Protocol):
    """What the module of a format has."""

    SUFFIX: str

    def files(self, target: Path) -> list[Path]:
        """Return the files that an export writes, the one that was asked for first."""

    def write(self, content: Content, files: Sequence[BinaryIO]) -> None:
        """Write them."""

    def open_file(self, path: Path, names: Names) -> Source:
        """Open a file to import."""


FORMATS: dict[str, Format] = {"npy": npy, "safetensors": safetensors, "parquet": parquet}


def format_of(path: Path, name: str | None) -> Format:
    """Return the format of a name, or else of the end of a path.

    Raises
    ------
    ValueError
        If there is none; the message lists them.
    """
    wanted = path.suffix.lower().removeprefix(".") if name is None else name
    if wanted not in FORMATS:
        asked = f"the end of {os.fspath(path)}" if name is None else f"format {name!r}"
        known = ", ".join(FORMATS)
        raise ValueError(f"{asked} is no format: choose of {known}.{did_you_mean(wanted, FORMATS)}")
    return FORMATS[wanted]


def open_source(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - what it is called everywhere
    ids: str | os.PathLike[str] | None = None,
    id_column: str | None = None,
    vector_column: str | None = None,
) -> Source:
    """Open a file to import it; its shape and its ids are checked, its vectors when they are read.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    format : {"npy", "safetensors", "parquet"}, optional
        None: as the path ends.
    ids : str or os.PathLike, optional
        JSON lines with the id of every row: a string, or an object with one under `id_column`.
        None: for npy the file beside it that ends with ``.ids.jsonl``, for safetensors its own.
    id_column : str, optional
        None: ``"id"``.
    vector_column : str, optional
        The column, or the tensor. None: ``"vector"`` in Parquet, ``"vectors"`` in safetensors.

    Returns
    -------
    Source
        To be used in a ``with``; hand it to `import_source`.

    Raises
    ------
    InterchangeError
        If the file is damaged, or its rows and ids do not fit together.
    ModuleNotFoundError
        For Parquet without pyarrow.
    """
    found = Path(path)
    chosen = format_of(found, format)
    for one in (found, *([] if ids is None else [Path(ids)])):
        if not one.is_file():
            one.stat()  # says so, if there is nothing
            raise ValueError(f"{os.fspath(one)} is no plain file")
    return chosen.open_file(found, Names(None if ids is None else Path(ids), id_column, vector_column))
