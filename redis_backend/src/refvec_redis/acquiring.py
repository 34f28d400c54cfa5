"""Acquiring: a vector is stored where its digest says, once, and holds a reference more (DEDUP)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from refvec import RefvecError, identity_keys
from refvec.identity import Precision

from .attempt import Attempt
from .entries import grouped
from .fleet import Call, Rounds
from .items import Item
from .places import LOCAL, Places

_MOST = 500  # vectors, or references to one, in one call: what a server does at once, and Lua can unpack

Group = list[Item]


def acquire(
    items: Sequence[Item], precision: Precision, places: Places, rounds: Rounds, attempt: Attempt
) -> None:
    """Give every item the index of its vector, and a reference there."""
    pending = [(group, b"") for group in _groups(items)]
    while pending:
        calls, parts = calls_of("acquire", pending, places)
        again = []
        for part, answers in zip(parts, rounds.write(calls, attempt), strict=True):
            for (group, _), answer in zip(part, answers, strict=True):
                if isinstance(answer, list):
                    _require_identical(group, answer[0], precision)
                    again.append((group, answer[0]))
                else:
                    _acquired(group, places.index(group[0].content, answer[:LOCAL]), len(answer) > LOCAL)
        pending = again


def _groups(items: Sequence[Item]) -> list[Group]:
    """Return the items of one vector together, a limited number of them."""
    found: dict[bytes, Group] = {}
    full: list[Group] = []
    for item in items:
        group = found.setdefault(item.digest, [])
        if group and group[0].key != item.key:
            raise _collision()
        if len(group) == _MOST:
            full.append(group)
            group = found[item.digest] = []
        group.append(item)
    # The full ones stand first: theirs is the vector that is stored, and the first in the batch.
    return full + list(found.values())


def calls_of(
    function: str, pending: list[tuple[Group, bytes]], places: Places
) -> tuple[list[Call], list[list[tuple[Group, bytes]]]]:
    """Return the calls that take items of one vector each, and which of them each call has."""
    calls: list[Call] = []
    parts: list[list[tuple[Group, bytes]]] = []
    for bucket, positions in grouped(group[0].content for group, _ in pending).items():
        for part in _parts([pending[position] for position in positions]):
            args = [arg for group, accepted in part for arg in _arguments(group, accepted)]
            calls.append(places.call(function, bucket, args))
            parts.append(part)
    return calls, parts


def _parts(groups: list[tuple[Group, bytes]]) -> Iterator[list[tuple[Group, bytes]]]:
    """Cut the groups of a bucket into calls: not too many references, and no digest twice."""
    part: list[tuple[Group, bytes]] = []
    size, digests = 0, set[bytes]()
    for group, accepted in groups:
        if part and (size + len(group) > _MOST or group[0].digest in digests):
            yield part
            part, size, digests = [], 0, set()
        part.append((group, accepted))
        size += len(group)
        digests.add(group[0].digest)
    if part:
        yield part


def _arguments(group: Group, accepted: bytes) -> list[bytes]:
    first = group[0]
    return [first.digest, first.row, accepted, b"%d" % len(group), *(item.token + item.id for item in group)]


def _acquired(group: Group, index: int, unused: bool) -> None:
    for item in group:
        item.index, item.acquired, item.unused = index, True, unused


def _require_identical(group: Group, stored: bytes, precision: Precision) -> None:
    row = np.frombuffer(stored, "<f4").astype(np.float32, copy=False)
    if identity_keys(row[None], precision)[0] != group[0].key:
        raise _collision()


def _collision() -> RefvecError:
    return RefvecError(
        "Two vectors that are not identical have one digest of 128 bits; in a new store they have others"
    )
