"""Sweeping: references whose id does not have them are what dead clients left (NET-5)."""

from __future__ import annotations

from collections.abc import Iterator

from .attempt import Attempt
from .entries import TOKEN, Entry, age, find_entries
from .fleet import Rounds
from .places import LOCAL, Places
from .releasing import release

_FENCES_KEPT = 24 * 3600  # seconds; no command is that late
_PAGE = 1000


def sweep(places: Places, rounds: Rounds, timeout: float, min_age: float) -> int:
    """Release what belongs to no id and is older than `min_age` seconds; return how many references that were.

    A live client that is just adding sees the fence, and begins anew: no clock
    has to be right for that.
    """
    count = 0
    for bucket in range(places.buckets):
        for page in _pages(bucket, places, rounds, timeout):
            old = [member for member in page if age(member[LOCAL : LOCAL + TOKEN]) >= min_age]
            count += _sweep_page(bucket, old, places, rounds, Attempt(timeout))
    calls = [places.call("forget", bucket, [b"%d" % _FENCES_KEPT]) for bucket in range(places.buckets)]
    rounds.write(calls, Attempt(timeout), durable=False)
    return count


def _pages(bucket: int, places: Places, rounds: Rounds, timeout: float) -> Iterator[list[bytes]]:
    low = b"-"
    while True:
        call = places.native(b"ZRANGEBYLEX", "r", bucket, [low, b"+", b"LIMIT", b"0", b"%d" % _PAGE])
        (page,) = rounds.read([call], Attempt(timeout))
        if not page:
            return
        yield page
        low = b"(" + page[-1]


def _sweep_page(bucket: int, members: list[bytes], places: Places, rounds: Rounds, attempt: Attempt) -> int:
    ids = [member[LOCAL + TOKEN :] for member in members]
    held = [member[LOCAL : LOCAL + TOKEN] for member in members]
    entries = find_entries(ids, places, rounds, attempt)
    loose = [at for at, entry in enumerate(entries) if entry is None or entry[:TOKEN] != held[at]]
    calls = [places.call("fence", places.of_id(ids[at]), (ids[at], held[at])) for at in loose]
    fenced = rounds.write(calls, attempt)
    gone = [at for at, (linked,) in zip(loose, fenced, strict=True) if not linked]
    garbage = [(Entry(held[at], places.index(bucket, members[at][:LOCAL]), b"", b""), ids[at]) for at in gone]
    release(garbage, places, rounds, attempt)
    return len(gone)
