"""Seeded programs for threads: small sets of ids and vectors, so that they meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from .history import Op

IDS = ("a", "b", "c")
LABELS = ("X", "Y")

Program = list[Op]
Maker = Callable[[Random], Op]


def _item(random: Random) -> tuple[str, str]:
    return random.choice(IDS), random.choice(LABELS)


def _pairs(random: Random) -> tuple[tuple[str, str], ...]:
    return tuple((chunk_id, random.choice(LABELS)) for chunk_id in _some(random))


def _some(random: Random) -> list[str]:
    return random.sample(IDS, 2)


MAKERS: Mapping[str, Maker] = {
    "add": lambda random: Op("add", _item(random)),
    "upsert": lambda random: Op("upsert", _item(random)),
    "remove": lambda random: Op("remove", (random.choice(IDS),)),
    "add_many": lambda random: Op("add_many", _pairs(random)),
    "upsert_many": lambda random: Op("upsert_many", _pairs(random)),
    "remove_many": lambda random: Op("remove_many", tuple(_some(random))),
    "clear": lambda _: Op("clear"),
    "get": lambda random: Op("get", (random.choice(IDS),)),
    "get_many": lambda random: Op("get_many", tuple(_some(random))),
    "index": lambda random: Op("index", (random.choice(IDS),)),
    "find": lambda random: Op("find", (random.choice(LABELS),)),
    "ids": lambda _: Op("ids"),
    "sizes": lambda _: Op("sizes"),
    "statistics": lambda _: Op("statistics"),
    "snapshot": lambda _: Op("snapshot"),
    "copy": lambda _: Op("copy"),
    "search": lambda _: Op("search"),
    "close": lambda _: Op("close"),
}


def programs(random: Random, names: Sequence[str], *, threads: int = 3, length: int = 5) -> list[Program]:
    """Return a program for every thread, of operations drawn from `names`; repeat a name to weigh it.

    Parameters
    ----------
    random : random.Random
        Seeded by the caller.
    names : sequence of str
        Keys of `MAKERS`.
    threads, length : int
        How many programs, and how many operations in each.
    """
    return [[MAKERS[random.choice(names)](random) for _ in range(length)] for _ in range(threads)]
