"""Ids in two arrays: the UTF-8 of all, one after the other, and the length of each in bytes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from .arrayfile import ArrayFile
from .errors import InterchangeError

_PIECE = 2**16


class IdTensors:
    """Ids that are read in batches; their lengths are checked before.

    Parameters
    ----------
    path : Path
        The file, for errors.
    lengths : ArrayFile
        Of integers.
    text : ArrayFile
        Of bytes.
    """

    def __init__(self, path: Path, lengths: ArrayFile, text: ArrayFile) -> None:
        self._path = path
        self._lengths = lengths
        self._text = text
        self.count = lengths.shape[0]
        total, most = 0, text.shape[0]
        for start in range(0, self.count, _PIECE):
            part = lengths.rows(start, min(self.count, start + _PIECE))
            if ((part < 0) | (part > most)).any():
                raise self._do_not_fit()
            total += int(part.sum(dtype=np.int64))
        if total != most:
            raise self._do_not_fit()

    def _do_not_fit(self) -> InterchangeError:
        return InterchangeError(self._path, "the lengths of its ids do not add up to their bytes")

    def batches(self, size: int) -> Iterator[list[str]]:
        """Yield the ids in order, `size` at a time."""
        at = 0
        for start in range(0, self.count, size):
            lengths = self._lengths.rows(start, min(self.count, start + size)).tolist()
            text = self._text.rows(at, at + sum(lengths)).tobytes()
            yield self._decoded(text, lengths, start)
            at += len(text)

    def _decoded(self, text: bytes, lengths: list[int], first: int) -> list[str]:
        spans = list(pairwise(accumulate(lengths, initial=0)))
        if text.isascii():
            whole = text.decode("ascii")
            return [whole[start:stop] for start, stop in spans]
        found: list[str] = []
        for start, stop in spans:
            try:
                found.append(text[start:stop].decode())
            except UnicodeDecodeError:
                raise InterchangeError(self._path, "its id is no UTF-8", row=first + len(found)) from None
        return found
