"""Stores that are kept here: of format 1, which every later version reads, and of one that is refused.

Made by ``python -m refvec_conformance.stores``; a format that is released is never made again.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FORMAT_1, CONTENT_1, NEWER = HERE / "format-1", HERE / "format-1.json", HERE / "format-2"


def copied(store: Path, path: Path) -> Path:
    """Return a copy of a store that is kept."""
    shutil.copytree(store, path)
    for one in (path, *path.iterdir()):
        one.chmod(one.stat().st_mode | 0o200)
    return path


def as_text(content: dict[str, object]) -> str:
    """Return what a store holds, as `held` tells it, as JSON."""
    return json.dumps(_plain(content), indent=1) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.hex() if isinstance(value, bytes) else value
