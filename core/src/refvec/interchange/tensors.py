"""The header of a safetensors file: which tensors it has, and where; nothing in it is believed."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..failures import some_of
from .arrayfile import ArrayFile
from .errors import InterchangeError

BFLOAT16 = "BF16"
_MOST_HEADER = 100_000_000  # the format's own limit
_DTYPES = {
    **{f"F{8 * size}": f"<f{size}" for size in (2, 4, 8)},
    **{f"{kind}{8 * size}": f"<{kind.lower()}{size}" for kind in "IU" for size in (1, 2, 4, 8)},
    BFLOAT16: "<u2",
}
_KINDS = {"numbers": "FIUB", "integers": "IU", "bytes": "U"}


class Tensors:
    """The header of a file, of which nothing is believed."""

    def __init__(self, path: Path, file: Any) -> None:
        self._path = path
        self._file = file
        self._length = os.fstat(file.fileno()).st_size
        size = int.from_bytes(file.read(8), "little")
        if size > min(_MOST_HEADER, self._length - 8):
            raise InterchangeError(path, f"it is no safetensors file, or cut off: its header has {size} bytes")
        try:
            self.header = json.loads(file.read(size))
        except (ValueError, RecursionError) as error:
            raise InterchangeError(path, f"it is no safetensors file: {error}") from error
        if not isinstance(self.header, dict):
            raise InterchangeError(path, "it is no safetensors file: its header is no JSON object")
        self._start = 8 + size

    def dtype_of(self, name: str) -> str:
        """Return the name of a tensor's dtype."""
        return str(self.header[name]["dtype"])

    def get(self, name: str, what: str, *, axes: int) -> ArrayFile:
        """Return a tensor that is there, of that kind and many axes, and wholly in the file."""
        if name not in self.header:
            there = some_of(list(self.header))
            raise InterchangeError(
                self._path, f"it has no tensor {name!r} but {there or 'none'} (--vector-column NAME)"
            )
        dtype, shape, start, stop = self._described(name)
        if dtype not in _DTYPES or dtype[0] not in _KINDS[what]:
            raise InterchangeError(self._path, f"{name!r} holds {dtype}, not {what}: convert it first")
        if len(shape) != axes or (axes == 2 and shape[0] and not shape[1]):
            raise InterchangeError(self._path, f"{name!r} must have {axes} axes, got shape {shape}")
        kind = np.dtype(_DTYPES[dtype])
        if stop - start != kind.itemsize * math.prod(shape) or self._start + stop > self._length:
            raise InterchangeError(self._path, f"{name!r} does not fit into the file; it may be cut off")
        return ArrayFile(self._file, self._path, self._start + start, kind, tuple(shape))

    def _described(self, name: str) -> tuple[str, list[int], int, int]:
        try:
            found = self.header[name]
            dtype, shape, (start, stop) = str(found["dtype"]), list(found["shape"]), found["data_offsets"]
        except (KeyError, TypeError, ValueError) as error:
            raise InterchangeError(self._path, f"its header is damaged at {name!r}: {error!r}") from error
        if not all(type(one) is int and one >= 0 for one in (*shape, start, stop)):
            raise InterchangeError(self._path, f"its header is damaged at {name!r}: {found!r:.200}")
        return dtype, shape, start, stop
