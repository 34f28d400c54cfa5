"""Ids in a text file beside the vectors: JSON lines hold any id, line breaks and NUL included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import IdEncodingError
from ..failures import type_name
from ..ids import canonical_id
from .errors import InterchangeError

ID_FIELD = "id"
_PIECE = 10_000


def write_ids(file: BinaryIO, ids: list[str]) -> None:
    """Write a JSON string a line, all in ASCII."""
    for start in range(0, len(ids), _PIECE):
        lines = (json.dumps(chunk_id) + "\n" for chunk_id in ids[start : start + _PIECE])
        file.write("".join(lines).encode("ascii"))


class IdLines:
    """A file of ids, one a line: a JSON string, or an object that has it under a name.

    It is read twice, once to check every line, so that a mistake is found
    before anything is imported; it is never in memory.

    Parameters
    ----------
    path : Path
        The file.
    field : str
        The name within objects.
    """

    def __init__(self, path: Path, field: str = ID_FIELD) -> None:
        self._path = path
        self._field = field
        self.count = sum(1 for _ in self._ids())

    def batches(self, size: int) -> Iterator[list[str]]:
        """Yield the ids in order, `size` at a time, and no more or fewer than were counted."""
        found: list[str] = []
        left = self.count
        for chunk_id in self._ids():
            found.append(chunk_id)
            left -= 1
            if len(found) == size or not left:
                yield found
                found = []
            if not left:
                return
        if left:
            raise InterchangeError(self._path, "it became shorter while it was read")

    def _ids(self) -> Iterator[str]:
        with self._path.open("rb") as file:
            yield from self._parsed(file)

    def _parsed(self, lines: Iterable[bytes]) -> Iterator[str]:
        for number, line in enumerate(lines, start=1):
            try:
                yield self._id(json.loads(line.decode()))
            except IdEncodingError as error:
                raise InterchangeError(self._path, f"line {number}: {error}") from None
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                wanted = f'a JSON string, or an object with a string under "{self._field}"'
                raise InterchangeError(self._path, f"line {number} is not {wanted} ({_told(error)})") from error

    def _id(self, found: Any) -> str:
        value = found[self._field] if isinstance(found, dict) else found
        if not isinstance(value, str):
            raise TypeError(f"it is of type {type_name(type(value))}")
        return canonical_id(value)


def _told(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)
