"""Tokens: what stands for a vector in the ledger's tables, in place of its identity key (DEDUP-3).

The token of a vector is its digest, as long as no other vector has the same. A
digest that two vectors had is *collided*: from then on the token of each vector
that has it is its long digest. Where those are equal too (they are *tied*, which
chance does not bring about), 2^64 is added as often as it takes. Whoever looks
a vector up compares the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from itertools import count

import numpy as np
from numpy.typing import NDArray

from ..identity import Precision, component_keys, identity_keys
from .digests import LONG, long_digest_of, long_digests_of
from .guarded import OvertakenError
from .ledger import Ledger
from .lines import collide

_BLOCK = 2**18  # components that are compared at once
Rows = NDArray[np.float32]
Places = NDArray[np.int64]


def identical(rows: Rows, others: Rows, precision: Precision) -> bool:
    """Return whether each row is identical to its counterpart."""
    return not len(_different(rows, others, precision))


def _different(rows: Rows, others: Rows, precision: Precision) -> Places:
    """Return the positions of rows that are not identical to their counterparts."""
    if rows.tobytes() == others.tobytes():
        return np.empty(0, np.int64)
    unequal = component_keys(rows, precision) != component_keys(others, precision)
    return np.flatnonzero(unequal.any(axis=1))


class Tokens:
    """The tokens of vectors that a ledger knows, or will know; used under the lock, for one look or plan."""

    def __init__(self, ledger: Ledger, precision: Precision, reading: Callable[[Places], Rows]) -> None:
        self._ledger, self._precision, self._reading = ledger, precision, reading

    def find(self, row: Rows, digest: int) -> int | None:
        """Return the index of the stored vector that is identical to `row`, (1, d), or None."""
        ledger = self._ledger
        (digest,) = self._longer(row, [digest])
        if digest in ledger.tied:
            token = self._classes(digest).get(identity_keys(row, self._precision)[0], -1)
            return ledger.by_token.get(token)
        index = ledger.by_token.get(digest)
        if index is None or not identical(row, self._reading(np.array([index], np.int64)), self._precision):
            return None
        return index

    def of(self, rows: Rows, digests: list[int]) -> list[int]:
        """Return the token of each row; an identical vector, stored or earlier in the batch, has the same.

        Raises
        ------
        OvertakenError
            If a digest turned out to be collided: tokens have changed, so everything is to be planned anew.
        """
        ledger = self._ledger
        digests = self._longer(rows, digests)
        distinct = set(digests)
        if len(distinct) == len(digests) and ledger.by_token.keys().isdisjoint(distinct):
            clashes = set()
        else:
            clashes = self._clashes(rows, digests)
        short = [digest for digest in clashes if digest < LONG]
        for digest in short:
            self._collide(digest)
        if short:
            raise OvertakenError
        if not clashes and ledger.tied.keys().isdisjoint(distinct):
            return digests
        return self._told_apart(rows, digests)

    def _longer(self, rows: Rows, digests: list[int]) -> list[int]:
        """Return the digests, long ones in place of those that are collided."""
        collided = self._ledger.collided
        if not collided or collided.keys().isdisjoint(digests):
            return digests
        found = list(digests)
        at = [position for position, digest in enumerate(digests) if digest in collided]
        size = max(1, _BLOCK // rows.shape[1])
        for piece in (at[start : start + size] for start in range(0, len(at), size)):
            for position, digest in zip(piece, long_digests_of(rows[piece], self._precision), strict=True):
                found[position] = digest
        return found

    def _clashes(self, rows: Rows, digests: list[int]) -> set[int]:
        """Return the digests that vectors have which are not identical."""
        first: dict[int, int] = {}
        stored: list[tuple[int, int]] = []  # (position, index)
        repeated: list[tuple[int, int]] = []  # (position, an earlier one)
        for position, digest in enumerate(digests):
            index = self._ledger.by_token.get(digest)
            if index is not None:
                stored.append((position, index))
            elif (earlier := first.setdefault(digest, position)) != position:
                repeated.append((position, earlier))
        clashes: set[int] = set()
        self._compare(rows, digests, stored, self._reading, clashes)
        self._compare(rows, digests, repeated, rows.__getitem__, clashes)
        return clashes

    def _compare(
        self,
        rows: Rows,
        digests: list[int],
        pairs: list[tuple[int, int]],
        others: Callable[[Places], Rows],
        clashes: set[int],
    ) -> None:
        """Add the digests of those rows that are not identical to their counterparts."""
        most, size, start = max(1, _BLOCK // rows.shape[1]), 16, 0
        while start < len(pairs):
            # One clash of a digest is enough, and it comes soon: so the pieces begin small.
            piece = [pair for pair in pairs[start : start + size] if digests[pair[0]] not in clashes]
            start, size = start + size, min(2 * size, most)
            if piece:
                here, there = np.array(piece, np.int64).T
                odd = here[_different(rows[here], others(there), self._precision)]
                clashes.update(digests[position] for position in odd.tolist())

    def _collide(self, digest: int) -> None:
        ledger = self._ledger
        turn, token = ledger.turns[-1], digest
        index = ledger.by_token.get(digest)
        if index is not None:
            (row,) = self._reading(np.array([index], np.int64))
            token = long_digest_of(row, self._precision)
            token = self._free(token, ledger.by_token)
        collide(ledger, turn, digest, index, token)

    def _told_apart(self, rows: Rows, digests: list[int]) -> list[int]:
        classes: dict[int, dict[bytes, int]] = {}  # digest -> identity key -> token
        tokens: list[int] = []
        for position, digest in enumerate(digests):
            if digest not in classes:
                classes[digest] = self._classes(digest)
            known = classes[digest]
            (key,) = identity_keys(rows[position : position + 1], self._precision)
            if key not in known:
                known[key] = self._free(digest, set(known.values()))
            tokens.append(known[key])
        return tokens

    def _classes(self, digest: int) -> dict[bytes, int]:
        """Return the tokens of the stored vectors with this digest, by their identity keys."""
        ledger = self._ledger
        numbers = range(ledger.tied.get(digest, 0) + 1)
        tokens = [token for number in numbers if (token := digest + (number << 64)) in ledger.by_token]
        if not tokens:
            return {}
        rows = self._reading(np.array([ledger.by_token[token] for token in tokens], np.int64))
        return dict(zip(identity_keys(rows, self._precision), tokens, strict=True))

    def _free(self, digest: int, taken: Container[int]) -> int:
        number = next(number for number in count() if digest + (number << 64) not in taken)
        if number:
            # Before the step; should that not come about, one more place is looked at, and nothing is there.
            tied = self._ledger.tied
            tied[digest] = max(number, tied.get(digest, 0))
        return digest + (number << 64)
