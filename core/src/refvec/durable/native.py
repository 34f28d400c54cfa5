"""The native backend's functions for rows, where it is installed.

Whoever keeps the rows, checksums and fingerprints of many then take a tenth of the time.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from types import ModuleType

_NAME = "rust_vector_store.marks"
MANY_BYTES = 2**18  # of rows: for fewer, the backend is not imported


@cache
def native() -> ModuleType | None:
    """Return the module of the functions, or None."""
    try:
        return import_module(_NAME)
    except ImportError:
        return None


def loaded() -> ModuleType | None:
    """Return it if somebody has it imported, or None: to import it may take longer than to do without."""
    return sys.modules.get(_NAME)


def native_for(size: int) -> ModuleType | None:
    """Return it for rows of so many bytes, or None."""
    return native() if size >= MANY_BYTES else None
