"""The text and vectors that the demo works on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNKS, VECTORS = "chunks.jsonl", "embeddings.npy"


@dataclass(frozen=True)
class Corpus:
    """Chunks of text and their embeddings, row for row."""

    label: str
    ids: list[str]
    sources: list[str]
    texts: list[str]
    vectors: NDArray[np.float32]

    @property
    def dimension(self) -> int:
        """Components of every vector."""
        return int(self.vectors.shape[1])

    def rows(self) -> dict[str, int]:
        """Return the row of every id."""
        return {chunk_id: row for row, chunk_id in enumerate(self.ids)}


def load_corpus(directory: Path | None) -> Corpus:
    """Read a folder with chunks.jsonl and embeddings.npy; None is the built-in sample.

    Raises
    ------
    ValueError
        If a file is missing or the two do not fit together; the message says which and how.
    """
    if directory is None:
        with resources.as_file(resources.files(__package__) / "sample") as sample:
            return _read(sample, "the built-in sample")
    return _read(directory, str(directory))


def _read(directory: Path, label: str) -> Corpus:
    for name in (CHUNKS, VECTORS):
        if not (directory / name).is_file():
            raise ValueError(f"{directory} has no {name}; the demo reads {CHUNKS} and {VECTORS} from it")
    chunks = [_chunk(line, row) for row, line in enumerate(_lines(directory / CHUNKS), start=1)]
    vectors = _vectors(directory / VECTORS)
    if vectors.ndim != 2 or len(vectors) != len(chunks) or not len(chunks):
        raise ValueError(
            f"{CHUNKS} has {len(chunks)} lines, {VECTORS} the shape {vectors.shape}: one row a line"
        )
    ids, sources, texts = ([chunk[name] for chunk in chunks] for name in ("id", "source", "text"))
    if len(set(ids)) < len(ids):
        twice = next(chunk_id for chunk_id in ids if ids.count(chunk_id) > 1)
        raise ValueError(f"{CHUNKS} has the id {twice!r} more than once")
    return Corpus(label, ids, sources, texts, vectors.astype(np.float32, copy=False))


def _vectors(path: Path) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (EOFError, OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as an array: {error}") from error


def _lines(path: Path) -> list[str]:
    # Not splitlines(): texts may hold separators that it breaks at.
    return path.read_text("utf-8").rstrip("\n").split("\n")


def _chunk(line: str, number: int) -> dict[str, str]:
    try:
        chunk: Any = json.loads(line)
        return {"id": str(chunk["id"]), "source": str(chunk.get("source", "")), "text": str(chunk["text"])}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'{CHUNKS}, line {number}: wants {{"id": ..., "text": ...}}, {error!r}') from error
