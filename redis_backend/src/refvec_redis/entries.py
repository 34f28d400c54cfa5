"""What the directory says of an id, and the tokens that tell one reference from all others."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from refvec.inprocess.locking import StoreLock

from .attempt import Attempt
from .fleet import Call, Rounds
from .places import Places

TOKEN, DIGEST, BIRTH = 16, 16, 10
_MOST = 1000  # a server works on nothing else meanwhile, and Lua cannot unpack more than some thousands
DIGEST_AT, BIRTH_AT = slice(24, 40), slice(40, 50)


class Entry(NamedTuple):
    """What stands under an id; its birth is the beginning of the token that it was added with."""

    token: bytes
    slot: int
    digest: bytes
    birth: bytes

    def packed(self) -> bytes:
        """Return it as the directory has it."""
        return self.token + self.slot.to_bytes(8, "little") + self.digest + self.birth


def entry_of(data: bytes) -> Entry:
    """Undo `Entry.packed`."""
    return Entry(data[:16], int.from_bytes(data[16:24], "little"), data[DIGEST_AT], data[BIRTH_AT])


class _Clock:
    """Numbers that grow: 6 bytes of time, which the sweeper looks at, and 4 that count."""

    def __init__(self) -> None:
        self._lock = StoreLock()
        self._last, self._count = 0, 0

    def ticks(self, count: int) -> list[bytes]:
        """Return so many, in order, and later than all that were given out in this process."""
        with self._lock.now:
            now = int(time.time() * 1000)
            if now > self._last or self._count + count >= 1 << 32:
                self._last, self._count = max(now, self._last + 1), 0
            first, self._count = self._count, self._count + count
            prefix = self._last.to_bytes(6, "big")
        return [prefix + number.to_bytes(4, "big") for number in range(first, first + count)]


_clock = _Clock()


def tokens(count: int) -> list[bytes]:
    """Return tokens that nobody has had, later than all others of this process."""
    chance = os.urandom(6 * count)
    return [tick + chance[6 * at : 6 * at + 6] for at, tick in enumerate(_clock.ticks(count))]


def age(token: bytes) -> float:
    """Return how many seconds ago a token was made."""
    return time.time() - int.from_bytes(token[:6], "big") / 1000


def grouped(buckets: Iterable[int]) -> dict[int, list[int]]:
    """Return the positions of the items of every bucket."""
    found: dict[int, list[int]] = {}
    for position, bucket in enumerate(buckets):
        found.setdefault(bucket, []).append(position)
    return found


def parted(buckets: Iterable[int]) -> list[tuple[int, list[int]]]:
    """Return the buckets of items with the positions of as many items as one call may have."""
    return [
        (bucket, positions[start : start + _MOST])
        for bucket, positions in grouped(buckets).items()
        for start in range(0, len(positions), _MOST)
    ]


def find_entries(ids: Sequence[bytes], places: Places, rounds: Rounds, attempt: Attempt) -> list[Any]:
    """Return the packed entry of every id, None where it is absent."""
    return find_with((), ids, places, rounds, attempt)[1]


def find_with(
    before: Sequence[Call], ids: Sequence[bytes], places: Places, rounds: Rounds, attempt: Attempt
) -> tuple[list[Any], list[Any]]:
    """Return the answers to other reading calls, and the entries, of one round."""
    found: list[Any] = [None] * len(ids)
    groups = grouped(map(places.of_id, ids))
    calls = [
        places.native(b"HMGET", "i", bucket, [ids[position] for position in positions])
        for bucket, positions in groups.items()
    ]
    answers = rounds.read([*before, *calls], attempt)
    for positions, several in zip(groups.values(), answers[len(before) :], strict=True):
        for position, answer in zip(positions, several, strict=True):
            found[position] = answer
    return answers[: len(before)], found


def indices_of(entries: Sequence[Any]) -> NDArray[np.int64]:
    """Return the index in every packed entry, -1 where there is none."""
    return np.array(
        [-1 if entry is None else int.from_bytes(entry[16:24], "little") for entry in entries], np.int64
    )
