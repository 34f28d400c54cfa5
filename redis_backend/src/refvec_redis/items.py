"""One id and its vector on their way into the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from refvec import identity_keys
from refvec.identity import Precision

from .entries import BIRTH, Entry, tokens
from .places import Places


class Item:
    """One id and its vector, and how far they have come.

    Attributes
    ----------
    text, id : str, bytes
        The id.
    position : int
        In the batch of the caller.
    directory, content : int
        The buckets of the id and of the vector.
    row, key, digest : bytes
        The vector, what it is identical by, and its short name.
    token : bytes
        Of this reference.
    birth : bytes
        When the id came, if that is known otherwise.
    index : int
        Of the vector, once a reference is acquired.
    acquired, linked, refused : bool
        Whether it is, whether the id has it, and whether it is known that it never will.
    unused : bool
        Whether the index was never used before.
    old : Entry or None
        What the id had before.
    """

    __slots__ = (
        "acquired",
        "birth",
        "content",
        "digest",
        "directory",
        "id",
        "index",
        "key",
        "linked",
        "old",
        "position",
        "refused",
        "row",
        "text",
        "token",
        "unused",
    )

    def __init__(self, text: str, chunk_id: bytes, position: int, directory: int) -> None:
        self.text, self.id, self.position, self.directory = text, chunk_id, position, directory
        self.index, self.birth = -1, b""
        self.acquired = self.linked = self.refused = self.unused = False
        self.old: Entry | None = None

    def holding(self, row: bytes, key: bytes, token: bytes, places: Places) -> None:
        """Take the vector."""
        self.row, self.key, self.token = row, key, token
        self.digest = places.digest(key)
        self.content = places.of_digest(self.digest)

    def entry(self) -> Entry:
        """Return what the directory will say."""
        birth = self.birth or (self.token[:BIRTH] if self.old is None else self.old.birth)
        return Entry(self.token, self.index, self.digest, birth)

    def link(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Return the arguments of the step that makes the id appear."""
        return self.id, self.token, self.entry().packed(), b"" if self.old is None else self.old.token


def fill(items: Sequence[Item], rows: NDArray[np.float32], precision: Precision, places: Places) -> None:
    """Give every item its row."""
    blob, width = rows.tobytes(), 4 * rows.shape[1]
    fresh = tokens(len(items))
    for at, (item, key) in enumerate(zip(items, identity_keys(rows, precision), strict=True)):
        item.holding(blob[at * width : (at + 1) * width], key, fresh[at], places)


def pieces(count: int, dimension: int) -> Iterator[tuple[int, int]]:
    """Return the spans of a batch that go together: a few megabytes, not all in memory many times."""
    step = max(1, min(4096, (8 << 20) // (4 * dimension + 64)))
    for start in range(0, count, step):
        yield start, min(count, start + step)
