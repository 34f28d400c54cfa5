"""Writing the content of a store to a file of another program."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import savefile
from ..contract import VectorStore
from ..location import Url, parse_location
from ..savefile.replacing import replacing
from ..state import State
from .content import Content, Progress
from .formats import format_of


def silent(done: int, total: int) -> None:
    """Show nothing."""


def export_store(
    source: VectorStore | str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 - what it is called everywhere
    overwrite: bool = False,
    progress: Progress = silent,
) -> int:
    """Write the ids and vectors of a store to a file, as they are at one moment.

    Rows are read and written in pieces. A durable store is read from its files, by no
    backend, as of its last flush; its writer goes on meanwhile. The target appears when it is
    complete, or not at all. Rows are in the order in which their ids were added.

    Parameters
    ----------
    source : VectorStore, str or os.PathLike
        An open store, the directory of a durable one, or a file that ``save`` wrote.
    target : str or os.PathLike
        The file. An npy file gets one for its ids beside it, ``NAME.ids.jsonl``.
    format : {"npy", "safetensors", "parquet"}, optional
        None: as the target ends.
    overwrite : bool
        Whether files that are there may be replaced.
    progress : callable
        Called with the rows read and written so far, and how many it will be.

    Returns
    -------
    int
        How many ids were written.

    Raises
    ------
    FileExistsError
        If there is a file at the target.
    CorruptStoreError
        If the source is damaged.
    ModuleNotFoundError
        For Parquet without pyarrow.
    """
    path = Path(target)
    chosen = format_of(path, format)
    paths = chosen.files(path)
    if not overwrite:
        _require_free(paths)
    read = _reader(source)
    with ExitStack() as stack:
        files = [stack.enter_context(replacing(one)) for one in paths]

        def write(state: State) -> int:
            for file in files:  # a store that was changed in between is scanned again
                file.seek(0)
                file.truncate()
            content = Content(state, path.parent, progress)
            chosen.write(content, files)
            return len(content.ids)

        return read(write)


def _require_free(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.exists():
            text = "There is a file already; overwrite=True (--overwrite) replaces it"
            raise FileExistsError(errno.EEXIST, text, os.fspath(path))


_Reader: TypeAlias = Callable[[Callable[[State], int]], int]  # hands a state on, and back what becomes of it


def _reader(source: VectorStore | str | os.PathLike[str]) -> _Reader:
    """Return what reads a source that is there."""
    if isinstance(source, VectorStore):
        return source._scan
    path = parse_location(source, "source")
    if isinstance(path, Url):
        raise ValueError(f"{path} is an address; open it, and pass the store")
    if path.is_dir():
        return _reader_of_directory(path)
    path.stat()
    return lambda use: savefile.read(path, lambda _, state: use(_named(state, path)), checked=True)


def _reader_of_directory(path: Path) -> _Reader:
    from ..durable.loading import load  # sqlite is loaded for stores in a directory only
    from ..durable.locks import require_locks
    from ..durable.places import place_of

    require_locks()
    place = place_of(path)
    if place.look() != "store":
        raise FileNotFoundError(errno.ENOENT, "There is no store", os.fspath(path))
    return lambda use: load(place, lambda loaded: use(_named(loaded.state(held=False), path)))


def _named(state: State, path: Path) -> State:
    return state._replace(blocks=_naming(state.blocks, path))


def _naming(blocks: Iterable[NDArray[np.float32]], path: Path) -> Iterator[NDArray[np.float32]]:
    """Let an error of reading name the source, since an unnamed one is taken for the target's."""
    try:
        yield from blocks
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = os.fspath(path)
        raise
