"""Saving over what was there (SAVE-1)."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest import mock

from refvec.savefile import replacing, writing

from .catalogue import breaks, mutant, patched, translated
from .specimen import Specimen

Broken = AbstractContextManager[Any]


@breaks("SAVE-1")
def written_in_place() -> Broken:
    """A file is overwritten in place."""

    def write(path: Any, parts: Iterable[bytes]) -> None:
        if Path(path).exists():
            replacing.require_plain(Path(path).stat().st_mode, path)
        with open(path, "wb") as file:
            file.writelines(parts)
            os.fsync(file.fileno())

    return mock.patch.object(writing, "replace", write)


mutant("SAVE-1", "draft_left", "A file that cannot be replaced leaves its draft behind.").patches(
    lambda: mock.patch.object(replacing, "_discard")
)


@breaks("SAVE-1")
def draft_left_by_an_interrupt() -> Broken:
    """A save that is interrupted leaves its draft behind."""

    def discard(draft: Path) -> None:
        if isinstance(sys.exc_info()[1], Exception):
            original(draft)

    original = replacing._discard
    return mock.patch.object(replacing, "_discard", discard)


mutant("SAVE-1", "mode_and_owner_lost", "A replaced file gets the mode and the owner of a new one.").patches(
    lambda: patched(replacing, "_write", lambda write, draft, _old, parts: write(draft, None, parts))
)


@breaks("SAVE-1")
def not_synced() -> Broken:
    """A file is not synced before it replaces another."""

    def write(draft: Path, old: Any, parts: Iterable[bytes]) -> None:
        with mock.patch("os.fsync"):
            original(draft, old, parts)

    original = replacing._write
    return mock.patch.object(replacing, "_write", write)


mutant("SAVE-1", "folder_not_synced", "A folder is not synced after a file in it has been replaced.").patches(
    lambda: mock.patch.object(replacing, "_sync_directory")
)


@breaks("SAVE-1")
def unsynced_folder_raises() -> Broken:
    """A folder that cannot be synced makes a save look like a failure."""

    def sync(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    return mock.patch.object(replacing, "_sync_directory", sync)


@breaks("SAVE-1")
class ModeLost(Specimen):
    """A replaced file is readable by everybody."""

    def save(self, path: Any) -> None:
        super().save(path)
        Path(path).chmod(0o644)


@breaks("SAVE-1")
class OwnerLost(Specimen):
    """A replaced file belongs to whoever has replaced it."""

    def save(self, path: Any) -> None:
        with mock.patch("os.fchown"):
            super().save(path)


@breaks("SAVE-1")
class UmaskIgnored(Specimen):
    """A new file is its owner's alone."""

    def save(self, path: Any) -> None:
        fresh = not Path(path).exists()
        super().save(path)
        if fresh:
            Path(path).chmod(0o600)


@breaks("SAVE-1")
class LinkReplaced(Specimen):
    """A symbolic link is replaced by a file."""

    def save(self, path: Any) -> None:
        if Path(path).is_symlink():
            Path(path).unlink()
        super().save(path)


@breaks("SAVE-1")
class FifoReplaced(Specimen):
    """A FIFO is replaced by a file."""

    def save(self, path: Any) -> None:
        if Path(path).is_fifo():
            Path(path).unlink()
        super().save(path)


@breaks("SAVE-1")
class LoopReplaced(Specimen):
    """A symbolic link that leads to itself is replaced by a file."""

    def save(self, path: Any) -> None:
        try:
            Path(path).stat()
        except OSError as error:
            if error.errno == errno.ELOOP:
                Path(path).unlink()
        super().save(path)


@breaks("SAVE-1")
class DraftNamed(Specimen):
    """An error names a file that the caller knows nothing of."""

    def save(self, path: Any) -> None:
        try:
            super().save(path)
        except OSError as error:
            error.filename = f"{path}.tmp"
            raise


mutant("SAVE-1", "Unnamed", "The error of a full disk names no file.").does(
    save=lambda call: translated(call, OSError, lambda error: OSError(error.errno, error.strerror))
)


@breaks("SAVE-1")
class Appends(Specimen):
    """Saving over a file appends to it."""

    def save(self, path: Any) -> None:
        old = Path(path).read_bytes() if Path(path).is_file() else b""
        super().save(path)
        if old:
            Path(path).write_bytes(old + Path(path).read_bytes())
