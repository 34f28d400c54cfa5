"""Paths as callers may spell them."""

from __future__ import annotations

from pathlib import Path


class FsPath:
    """A path that is no `Path`."""

    def __init__(self, path: str | Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)
