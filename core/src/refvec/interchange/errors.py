"""What is wrong with a file of another program, and where in it."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import RefvecError


class InterchangeError(RefvecError, ValueError):
    """A file cannot be exchanged: what is wrong, in which file and row.

    Parameters
    ----------
    path : Path or str
        The file, or what else the rows come from.
    what : str
        What is wrong with it, and what to do.
    row : int, optional
        The first row at fault, counted from 0.
    """

    def __init__(self, path: Path | str, what: str, *, row: int | None = None) -> None:
        place = "" if row is None else f", row {row} (counted from 0)"
        super().__init__(f"{os.fspath(path)}{place}: {what}")
        self.path = path
        self.row = row
