"""Tokens: what stands for a vector in the ledger's tables, in place of its identity key (DEDUP-3).

The token of a vector is its digest. Where another vector with the same digest
was there before, 2^64 is added to it until it is free. Whoever looks a vector
up therefore compares the rows; and looks at the further tokens of a digest
that ever had some, since the first may be gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray

from ..identity import Precision, component_keys, identity_keys
from .ledger import Ledger

_BLOCK = 2**18  # components that are compared at once
Rows = NDArray[np.float32]
Reading = Callable[[NDArray[np.int64]], Rows]


def found(ledger: Ledger, row: Rows, digest: int, precision: Precision, reading: Reading) -> int | None:
    """Return the index of the stored vector that is identical to `row`, (1, d), or None."""
    if digest in ledger.collided:
        token = _classes(ledger, digest, precision, reading).get(identity_keys(row, precision)[0], -1)
        return ledger.by_token.get(token)
    index = ledger.by_token.get(digest)
    if index is None or not identical(row, reading(np.array([index], np.int64)), precision):
        return None
    return index


def identical(rows: Rows, others: Rows, precision: Precision) -> bool:
    """Return whether each row is identical to its counterpart."""
    return rows.tobytes() == others.tobytes() or np.array_equal(
        component_keys(rows, precision), component_keys(others, precision)
    )


def tokens_of(
    ledger: Ledger, rows: Rows, digests: list[int], precision: Precision, reading: Reading
) -> list[int]:
    """Return a token for each row: that of the identical vector, stored or earlier in the batch, else a new one."""
    distinct = set(digests)
    if ledger.collided.keys().isdisjoint(distinct):
        if len(distinct) == len(digests) and ledger.by_token.keys().isdisjoint(distinct):
            return digests
        if _tell(ledger, rows, digests, precision, reading):
            return digests
    return _told_apart(ledger, rows, digests, precision, reading)


def _tell(ledger: Ledger, rows: Rows, digests: list[int], precision: Precision, reading: Reading) -> bool:
    """Return whether vectors with equal digests are all identical."""
    first: dict[int, int] = {}
    stored: list[tuple[int, int]] = []  # (position, index)
    repeated: list[tuple[int, int]] = []  # (position, an earlier one)
    for position, digest in enumerate(digests):
        index = ledger.by_token.get(digest)
        if index is not None:
            stored.append((position, index))
        elif (earlier := first.setdefault(digest, position)) != position:
            repeated.append((position, earlier))
    size = max(1, _BLOCK // rows.shape[1])
    return all(
        identical(rows[here], reading(there), precision) for here, there in _pieces(stored, size)
    ) and all(identical(rows[here], rows[there], precision) for here, there in _pieces(repeated, size))


def _pieces(
    pairs: list[tuple[int, int]], size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    for start in range(0, len(pairs), size):
        here, there = np.array(pairs[start : start + size], np.int64).T
        yield here, there


def _told_apart(
    ledger: Ledger, rows: Rows, digests: list[int], precision: Precision, reading: Reading
) -> list[int]:
    classes: dict[int, dict[bytes, int]] = {}  # digest -> identity key -> token
    tokens: list[int] = []
    for position, digest in enumerate(digests):
        if digest not in classes:
            classes[digest] = _classes(ledger, digest, precision, reading)
        known = classes[digest]
        (key,) = identity_keys(rows[position : position + 1], precision)
        if key not in known:
            known[key] = _new(ledger, digest, known.values())
        tokens.append(known[key])
    return tokens


def _classes(ledger: Ledger, digest: int, precision: Precision, reading: Reading) -> dict[bytes, int]:
    """Return the tokens of the stored vectors with this digest, by their identity keys."""
    numbers = range(ledger.collided.get(digest, 0) + 1)
    tokens = [token for number in numbers if (token := digest + (number << 64)) in ledger.by_token]
    if not tokens:
        return {}
    indices = np.array([ledger.by_token[token] for token in tokens], np.int64)
    return dict(zip(identity_keys(reading(indices), precision), tokens, strict=True))


def _new(ledger: Ledger, digest: int, taken: Iterable[int]) -> int:
    used = set(taken)
    number = next(number for number in count() if digest + (number << 64) not in used)
    if number:
        # Before the step, and should it not come about: one more look-up, nothing else.
        ledger.collided[digest] = max(number, ledger.collided.get(digest, 0))
    return digest + (number << 64)
