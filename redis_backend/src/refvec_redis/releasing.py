"""Releasing: an id goes first, then its reference, and with the last one the vector (REMOVE)."""

from __future__ import annotations

from collections.abc import Sequence

from .attempt import Attempt
from .entries import Entry, parted
from .fleet import LOST, Call, Rounds
from .places import Places

Held = tuple[Entry, bytes]  # what an id has, and the id


def unlink(held: Sequence[Held], places: Places, rounds: Rounds, attempt: Attempt) -> list[bool]:
    """Let ids go that still have these tokens; return which did."""
    parts = parted([places.of_id(chunk_id) for _, chunk_id in held])
    calls = [
        places.call("unlink", bucket, [arg for at in part for arg in (held[at][1], held[at][0].token)])
        for bucket, part in parts
    ]
    attempt.changed = True
    gone = [False] * len(held)
    lost: list[Call] = []
    for call, (_, part), answers in zip(calls, parts, rounds.write_once(calls, attempt), strict=True):
        if answers is LOST:
            lost.append(call)  # it has run or does so now: either way they went by this call
        for place, at in enumerate(part):
            gone[at] = answers is LOST or answers[place] == 1
    rounds.write(lost, attempt)
    return gone


def release(
    held: Sequence[Held], places: Places, rounds: Rounds, attempt: Attempt, function: str = "release"
) -> None:
    """Give references back; if a server loses that with its death, the sweeper finds them."""
    calls: list[Call] = []
    parts = parted([places.at(entry.slot)[0] for entry, _ in held])
    for bucket, part in parts:
        members = [places.at(held[at][0].slot)[1] + held[at][0].token + held[at][1] for at in part]
        calls.append(places.call(function, bucket, members))
    rounds.write(calls, attempt, durable=False)
