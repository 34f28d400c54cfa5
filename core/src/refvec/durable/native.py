"""The native backend's functions for rows, where it is installed.

Whoever keeps the rows, checksums and fingerprints of many then take a tenth of the time.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType

MANY_BYTES = 2**18  # of rows: for fewer, the backend is not imported


@cache
def native() -> ModuleType | None:
    """Return the module of the functions, or None."""
    try:
        return import_module("rust_vector_store.marks")
    except ImportError:
        return None


def native_for(size: int) -> ModuleType | None:
    """Return it for rows of so many bytes, or None."""
    return native() if size >= MANY_BYTES else None
