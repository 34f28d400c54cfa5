"""Where the payload of an id is: the directory of their places, by keys of the ids.

Every flush notes the places that it filled and emptied, in a page with a checksum. So an
id without an entry has no payload, whatever has become of the table itself, and an entry
whose place is not in the table is damage.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .packing import PackingError
from .records import PayloadLog

_FEW = 1_000  # changes that are kept beside the sorted arrays, however few entries these have
_KEYS = 2**63 - 1


class Directory:
    """The places of all payloads of one flush, and of those that are committed after it.

    Parameters
    ----------
    flush, seed, count, placed : int
        As in `Meta`: the flush, and what it says of payloads.
    logs : iterable of PayloadLog
        Of the snapshot and the flushes since.
    """

    def __init__(self, flush: int, seed: int, count: int, placed: int, logs: Iterable[PayloadLog]) -> None:
        self.flush = flush
        self._seed = seed.to_bytes(8, "little")
        keys, places, dropped = (np.concatenate(column) for column in zip(*logs, strict=True))
        _check(places, np.sort(dropped), count, placed)
        self._take(keys, places, dropped)

    def _take(self, keys: NDArray[np.int64], places: NDArray[np.int64], dropped: NDArray[np.int64]) -> None:
        if len(dropped):
            left = np.isin(places, dropped, invert=True)
            keys, places = keys[left], places[left]
        self._keys, self._places = keys, places  # by place, and once somebody looks for a key, by key
        self._sorted = False
        self._recent: dict[int, list[int]] = {}  # key -> places, of what came since
        self._gone: set[int] = set()  # places
        self._count = len(keys)

    def __len__(self) -> int:
        return self._count

    def key(self, encoded: bytes) -> int:
        """Return the key of an id: two ids may have one, though hardly ever."""
        found = hashlib.blake2b(encoded, digest_size=8, key=self._seed).digest()
        return int.from_bytes(found, "little") & _KEYS

    def candidates(self, keys: Sequence[int]) -> list[list[int]]:
        """Return for every key the places at which a payload has it."""
        self._sort()
        wanted = np.array(keys, np.int64)
        starts = np.searchsorted(self._keys, wanted).tolist()
        ends = np.searchsorted(self._keys, wanted, "right").tolist()
        recent, gone, found = self._recent, self._gone, []
        for key, start, end in zip(keys, starts, ends, strict=True):
            places = self._places[start:end].tolist() if start < end else []
            found.append([one for one in (*places, *recent.get(key, ())) if one not in gone])
        return found

    def entries(self) -> dict[int, int]:
        """Return the key at every place, ascending."""
        return dict(self.by_place())

    def by_place(self) -> Iterator[tuple[int, int]]:
        """Yield every place of this moment, ascending, and its key."""
        log = self.log()
        for start in range(0, len(log.places), _FEW):
            part = slice(start, start + _FEW)
            yield from zip(log.places[part].tolist(), log.keys[part].tolist(), strict=True)

    def sample(self) -> dict[int, int]:
        """Return one of the places and its key, or none."""
        self._merge()
        return dict(zip(self._places[:1].tolist(), self._keys[:1].tolist(), strict=True))

    def log(self) -> PayloadLog:
        """Return all entries as those of a snapshot."""
        self._merge()
        order = np.argsort(self._places)
        return PayloadLog(self._keys[order], self._places[order], self._places[:0])

    def apply(self, flush: int, log: PayloadLog) -> None:
        """Go on to a later flush."""
        self.flush = flush
        if len(log.keys) + len(log.dropped) > self._few():
            self._merge()
            self._add(log.keys, log.places, log.dropped)
            return
        for key, place in zip(log.keys.tolist(), log.places.tolist(), strict=True):
            self._recent.setdefault(key, []).append(place)
        self._gone.update(log.dropped.tolist())
        self._count += len(log.keys) - len(log.dropped)
        if len(self._recent) + len(self._gone) > self._few():
            self._merge()

    def _few(self) -> int:
        return max(_FEW, self._count // 4)

    def _merge(self) -> None:
        if self._recent or self._gone:
            recent = [(key, place) for key, places in self._recent.items() for place in places]
            keys, places = np.array(recent, np.int64).reshape(-1, 2).T
            gone = np.fromiter(self._gone, np.int64, len(self._gone))
            self._add(keys, places, gone)

    def _add(self, keys: NDArray[np.int64], places: NDArray[np.int64], gone: NDArray[np.int64]) -> None:
        self._take(np.concatenate([self._keys, keys]), np.concatenate([self._places, places]), gone)

    def _sort(self) -> None:
        if not self._sorted:
            order = np.argsort(self._keys, kind="stable")
            self._keys, self._places, self._sorted = self._keys[order], self._places[order], True


def _check(places: NDArray[np.int64], dropped: NDArray[np.int64], count: int, placed: int) -> None:
    """Raise unless the logs fit together: places ascend, and each is dropped once, after it was taken."""
    if len(places) and (places[-1] >= placed or (places[1:] <= places[:-1]).any()):
        raise PackingError("the places of its payloads do not ascend")
    at = np.searchsorted(places, dropped)
    there = bool(len(places)) and (places[np.minimum(at, len(places) - 1)] == dropped).all()
    if len(dropped) and not (there and (np.diff(dropped) > 0).all()):
        raise PackingError("it drops a payload that is not there")
    if len(places) - len(dropped) != count:
        raise PackingError(f"it holds {len(places) - len(dropped)} payloads, and the last flush had {count}")
