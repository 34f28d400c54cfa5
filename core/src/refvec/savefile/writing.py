"""Writing a file so that a crash leaves the old one or the new one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def write(path: Path, parts: Iterable[bytes]) -> None:
    """Write the parts to `path`, atomically and synced."""
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".refvec-{secrets.token_hex(8)}.tmp")
    try:
        with open(draft, "xb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (draft, str(draft)):
            # The caller knows nothing of a draft.
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    _sync_directory(target.parent)


def _sync_directory(directory: Path) -> None:
    if os.name == "nt":
        return  # directories cannot be opened there
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
