"""Reading: the directory says where an id's vector is, and the digest there that it still is (GET)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from refvec import CorruptStoreError, Size, failures

from .attempt import Attempt
from .entries import DIGEST, DIGEST_AT, TOKEN, find_entries, grouped, indices_of, parted
from .fleet import Rounds
from .places import Places

_MOST = 4096  # rows in one round


class Reading:
    """How one call reads.

    Parameters
    ----------
    places, rounds, attempt
        Where things are, how to get there, and how long that may take.
    """

    def __init__(self, places: Places, rounds: Rounds, attempt: Attempt) -> None:
        self._places, self._rounds, self._attempt = places, rounds, attempt

    def entries(self, ids: Sequence[str]) -> list[Any]:
        """Return the packed entry of every id, None where it is absent."""
        keys = [one.encode() for one in ids]
        return find_entries(keys, self._places, self._rounds, self._attempt)

    def rows_of(self, ids: list[str]) -> NDArray[np.float32]:
        """Return the rows of ids, or raise for the first that is absent."""
        entries = self._present(ids, range(len(ids)))
        rows = self._stored(indices_of(entries))
        again = stale(rows, entries)
        while again:  # removed, or replaced, between the two looks
            fresh = self._present([ids[at] for at in again], again)
            if all(entries[at] == entry for at, entry in zip(again, fresh, strict=True)):
                self._attempt.again(f"the vector of {ids[again[0]]!r}", "is not where the directory says")
            for at, entry, row in zip(again, fresh, self._stored(indices_of(fresh)), strict=True):
                entries[at], rows[at] = entry, row
            again = [at for at in again if stale([rows[at]], [entries[at]])]
        return decoded(rows)

    def _present(self, ids: Sequence[str], positions: Sequence[int]) -> list[bytes]:
        found = self.entries(ids)
        if None in found:
            at = found.index(None)
            raise failures.unknown_id(ids[at], positions[at])
        return found

    def rows_at(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the rows at indices, or raise for the first that is not active."""
        rows: list[Any] = []
        for start in range(0, len(indices), _MOST):
            rows += self._page(indices[start : start + _MOST])
            if None in rows[start:]:
                at = rows.index(None, start)
                raise self._inactive(int(indices[at]), at)
        return decoded(rows)

    def found_at(self, indices: NDArray[np.int64]) -> list[Any]:
        """Return digest and row at indices, None where an index is not active."""
        return [row for at in range(0, len(indices), _MOST) for row in self._page(indices[at : at + _MOST])]

    def _page(self, indices: NDArray[np.int64]) -> list[Any]:
        self._attempt.renew()
        return self._stored(indices)

    def _stored(self, indices: NDArray[np.int64]) -> list[Any]:
        found: list[Any] = [None] * len(indices)
        places = [(at, *self._places.at(index)) for at, index in enumerate(indices.tolist()) if index >= 0]
        groups = grouped(bucket for _, bucket, _ in places)
        calls = [
            self._places.native(b"HMGET", "v", bucket, [places[one][2] for one in positions])
            for bucket, positions in groups.items()
        ]
        for positions, answers in zip(groups.values(), self._rounds.read(calls, self._attempt), strict=True):
            for one, answer in zip(positions, answers, strict=True):
                found[places[one][0]] = answer
        return found

    def refcounts(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the references at indices, or raise for the first that is not active."""
        found = np.empty(len(indices), np.int64)
        for start in range(0, len(indices), _MOST):
            self._attempt.renew()
            counts, allocated = self._counted(indices[start : start + _MOST])
            for at in np.flatnonzero(counts == 0)[:1].tolist():
                raise _invalid(int(indices[start + at]), bool(allocated[at]), start + at)
            found[start : start + _MOST] = counts
        return found

    def _inactive(self, index: int, position: int) -> Exception:
        _, allocated = self._counted(np.array([index], np.int64))
        return _invalid(index, bool(allocated[0]), position)

    def _counted(self, indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        counts, allocated = np.zeros(len(indices), np.int64), np.zeros(len(indices), bool)
        places = [(at, *self._places.at(index)) for at, index in enumerate(indices.tolist()) if index >= 0]
        parts = parted(bucket for _, bucket, _ in places)
        calls = [
            self._places.call("counts", bucket, [places[one][2] for one in part]) for bucket, part in parts
        ]
        for (_, part), (following, *answers) in zip(
            parts, self._rounds.read(calls, self._attempt), strict=True
        ):
            for one, answer in zip(part, answers, strict=True):
                at, _, local = places[one]
                counts[at], allocated[at] = answer, int.from_bytes(local, "big") < following
        return counts, allocated

    def members(self, indices: Sequence[int], most: int = -1) -> dict[int, tuple[int, list[bytes]]]:
        """Return the number of its last change, and so many ids that have it, for every index."""
        places = [self._places.at(index) for index in indices]
        parts = parted(bucket for bucket, _ in places)
        calls = [
            self._places.call("members", bucket, [b"%d" % most, *(places[at][1] for at in part)])
            for bucket, part in parts
        ]
        found: dict[int, tuple[int, list[bytes]]] = {}
        for (_, part), answers in zip(parts, self._rounds.read(calls, self._attempt), strict=True):
            for at, (seq, refs) in zip(part, answers, strict=True):
                found[indices[at]] = seq, refs
        return self._linked(found)

    def _linked(self, found: dict[int, tuple[int, list[bytes]]]) -> dict[int, tuple[int, list[bytes]]]:
        """Leave out references that no id has: of clients that are at work, or have died."""
        refs = [ref for _, several in found.values() for ref in several]
        entries = find_entries([ref[TOKEN:] for ref in refs], self._places, self._rounds, self._attempt)
        live = {ref for ref, entry in zip(refs, entries, strict=True) if entry and entry[:TOKEN] == ref[:TOKEN]}
        return {
            index: (seq, [ref[TOKEN:] for ref in several if ref in live])
            for index, (seq, several) in found.items()
        }

    def match(self, digest: bytes) -> tuple[int, bytes] | None:
        """Return the index and the row that are stored under a digest."""
        bucket = self._places.of_digest(digest)
        (found,) = self._rounds.read([self._places.call("lookup", bucket, [digest])], self._attempt)
        return None if found is None else (self._places.index(bucket, found[0]), found[1])

    def directory(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every id with its packed entry, bucket by bucket."""
        every = range(self._places.buckets)
        for start in range(0, len(every), 64):
            self._attempt.renew()
            calls = [self._places.native(b"HGETALL", "i", bucket) for bucket in every[start : start + 64]]
            for flat in self._rounds.read(calls, self._attempt):
                yield from zip(flat[::2], flat[1::2], strict=True)

    def size(self, initial_capacity: int, dimension: int | None) -> Size:
        """Return the counts; between allocated indices others were never used."""
        found = self._sizes()
        unique, allocated, references = (sum(one[part] for one in found) for part in range(3))
        return Size(unique, references, allocated, max(initial_capacity, allocated), dimension)

    def limit(self) -> int:
        """Return the number above all indices that were ever used."""
        found = self._sizes()
        used = [self._places.buckets * (one[1] - 1) + bucket for bucket, one in enumerate(found) if one[1] > 0]
        return max(used, default=-1) + 1

    def _sizes(self) -> list[Any]:
        calls = [self._places.call("sizes", bucket) for bucket in range(self._places.buckets)]
        return self._rounds.read(calls, self._attempt)


def stale(rows: Sequence[Any], entries: Sequence[bytes]) -> list[int]:
    """Return the positions of rows that are not those of the entries."""
    return [
        at
        for at, (row, entry) in enumerate(zip(rows, entries, strict=True))
        if row is None or row[:DIGEST] != entry[DIGEST_AT]
    ]


def decoded(stored: Sequence[bytes]) -> NDArray[np.float32]:
    """Return what stands behind the digests."""
    if not stored:
        return np.empty((0, 0), np.float32)
    blob, width = b"".join(stored), len(stored[0])
    if len(blob) != width * len(stored) or (width - DIGEST) % 4:
        raise CorruptStoreError(
            "Vectors of the store have different lengths: somebody else has written to its keys"
        )
    rows = np.frombuffer(blob, np.uint8).reshape(len(stored), width)[:, DIGEST:].copy()
    return rows.view("<f4").astype(np.float32, copy=False)


def _invalid(index: int, allocated: bool, position: int) -> Exception:
    return failures.invalid_index(index, index + 1 if allocated else 0, position)
