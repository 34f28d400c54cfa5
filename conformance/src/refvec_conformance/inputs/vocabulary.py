"""What generated calls may name besides the methods of a store; scripts carry this module's text along."""

from __future__ import annotations

import copy
import pickle
import tempfile
import uuid
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Text", "copied", "f32", "filled", "np", "reopened", "uuid"]


class Text(str):
    """A subclass of ``str``, whose own methods must not matter."""

    __slots__ = ()

    def __str__(self) -> str:
        """Lie."""
        return "lie"


def f32(blob: str, *shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return float32 components from the hexadecimal digits of their words."""
    words = [int(blob[start : start + 8], 16) for start in range(0, len(blob), 8)]
    return np.array(words, np.uint32).view(np.float32).reshape(shape)


def filled(store: Any, indices: Any, dtype: str) -> tuple[Any, Any]:
    """Return what ``out`` holds after the call, and the error that it raised, if any."""
    out = np.full((len(indices), store.dimension or 0), 7, dtype)
    try:
        store.get_vectors_by_indices(indices, out=out)
    except Exception as error:
        return out, error
    return out, None


def copied(store: Any, how: str) -> Any:
    """Return a copy of a store, and close the original, which must not matter to it."""
    if how == "pickle":
        found = pickle.loads(pickle.dumps(store))  # noqa: S301 - our own bytes
    elif how == "file":
        with tempfile.TemporaryDirectory() as folder:
            store.save(Path(folder, "saved"))
            found = type(store).load(Path(folder, "saved"))
    else:
        found = getattr(copy, how)(store)
    store.close()
    return found


def reopened(store: Any) -> Any:
    """Return a new, empty store that is opened like this one."""
    return type(store)(store.dimension, 2, backend=store.backend, precision=store.precision)
