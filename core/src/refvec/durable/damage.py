"""How damage is told: the file, the place in it, and what is wrong."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import CorruptStoreError


def damaged(path: Path, what: str) -> CorruptStoreError:
    """Return the error for a damaged file of a store."""
    return CorruptStoreError(f"{os.fspath(path)} is damaged: {what}")


def foreign(path: Path, what: str) -> CorruptStoreError:
    """Return the error for a path that holds something else than a store."""
    return CorruptStoreError(f"{os.fspath(path)} is no refvec store: {what}; it was left as it is")


def newer(path: Path, version: object) -> CorruptStoreError:
    """Return the error for a format that this version does not know."""
    return CorruptStoreError(
        f"{os.fspath(path)} says that it has format {version}, and this refvec reads format 1: "
        "it was written by a newer refvec, or is damaged"
    )
