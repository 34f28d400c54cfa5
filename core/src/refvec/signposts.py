"""What is at a path, where something else was expected, and the call that is for it."""

from __future__ import annotations

import os
from pathlib import Path

_IMPORT = "which `refvec import FILE STORE` takes in"
# How files begin.
_KINDS = {
    b"\x89REFVEC\n": "it is a file of save(), which VectorStore.load(path) reads",
    b"\x93NUMPY": f"it is a file of numpy, {_IMPORT}",
    b"PAR1": f"it is a Parquet file, {_IMPORT}",
    b"SQLite format 3\0": "it is a database; the path of a durable store is the directory that holds it",
}
_LONGEST = 16


def of_bytes(start: bytes) -> str:
    """Return what a file is that begins so, and what reads it; an empty text for anything else."""
    for magic, text in _KINDS.items():
        if start.startswith(magic):
            return text
    if start[8:9] == b"{":  # after the length of the header
        return f"it seems to be a safetensors file, {_IMPORT}"
    return ""


def of_file(path: Path) -> str:
    """Return what `of_bytes` says of a plain file; an empty text where it cannot be read."""
    try:
        if not path.is_file():  # of a FIFO the other end would be waited for
            return ""
        with path.open("rb") as file:
            return of_bytes(file.read(_LONGEST))
    except OSError:
        return ""


def of_directory(path: str | os.PathLike[str]) -> str:
    """Return what opens a directory."""
    if Path(path, "catalog.sqlite").is_file():
        return "VectorStore(path=...) opens the durable store in it"
    return "name a file in it"
