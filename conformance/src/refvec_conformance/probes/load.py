"""Clients that change a store all the time, and what it must hold afterwards (NET-4)."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from refvec import BackendUnavailableError

from .accounts import Held, held
from .clients import Done, History
from .site import Site

TIMEOUT = 2.0  # of a call while servers are missing
_HOT = 12  # vectors that all clients have in common
Row = tuple[float, ...]


@dataclass(frozen=True)
class Step:
    """A change: what the ids have then, None for nothing, and whether it was acknowledged."""

    change: dict[str, Row | None]
    acknowledged: bool


class Load:
    """One client's changes: ids of its own, and vectors that others have, too.

    Parameters
    ----------
    client : int
        Whose.
    seed : int
        Of all choices.
    """

    def __init__(self, client: int, seed: int) -> None:
        self._client = client
        self._random = Random(seed * 1000 + client)
        self._count = 0
        self._mine: list[str] = []

    def __call__(self, store: Any) -> Step:
        """Make the next change."""
        if self._mine and self._random.random() < 0.3:
            ids = [self._mine.pop(self._random.randrange(len(self._mine)))]
            return self._tried(dict.fromkeys(ids), lambda: store.remove_vectors(ids))
        change: dict[str, Row | None] = {self._id(): self._row() for _ in range(self._random.choice((1, 1, 5)))}
        return self._tried(change, lambda: store.add_vectors(list(change), list(change.values())))

    def _id(self) -> str:
        self._count += 1
        self._mine.append(f"{self._client}-{self._count}")
        return self._mine[-1]

    def _row(self) -> Row:
        hot = self._random.randrange(2 * _HOT)
        return (float(hot), 1.0, 2.0, 3.0 if hot < _HOT else float(self._random.randrange(1000)))

    def _tried(self, change: dict[str, Row | None], call: Callable[[], object]) -> Step:
        try:
            call()
        except BackendUnavailableError:
            self._mine = [one for one in self._mine if one not in change]  # nobody asks for these again
            return Step(change, acknowledged=False)
        return Step(change, acknowledged=True)


class Expected:
    """What a store must hold: for every id what was acknowledged last, or what may have happened since."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self._allowed: dict[str, list[Row | None]] = {}

    def note(self, step: Step) -> None:
        """Take note of a change."""
        self.acknowledged += step.acknowledged
        for one, row in step.change.items():
            before = [] if step.acknowledged else self._allowed.get(one, [None])
            self._allowed[one] = [*before, row]

    def wrong(self, found: Held) -> list[str]:
        """Return what is not as it must be."""
        lost = [
            f"{one!r} has {found.get(one)}, and should have one of {allowed}"
            for one, allowed in self._allowed.items()
            if found.get(one) not in allowed
        ]
        return lost + [f"{one!r} was never added" for one in found if one not in self._allowed]


Action = tuple[int, Callable[[], object]]


def under_load(
    site: Site, address: str, seed: int, actions: Sequence[Action], *, clients: int = 3, **options: Any
) -> Expected:
    """Let clients change a store, and do something after so many changes each; return what it must hold then.

    Parameters
    ----------
    site, address
        The store.
    seed : int
        Of what the clients do.
    actions : sequence of (int, callable)
        After how many changes since the one before what is done; the last one ends the clients anyway.
    """
    jobs = [
        site.job(address, Load(one, seed), endless=True, **{"timeout": TIMEOUT, **options})
        for one in range(clients)
    ]
    waiting, count = list(actions), 0
    expected, running = Expected(), [History() for _ in jobs]
    for event in site.clients.launch(*jobs):
        running[event.client].note(event)
        if not isinstance(event, Done) or event.number < 0:
            continue
        expected.note(event.result())
        count += 1
        if waiting and count >= waiting[0][0]:
            waiting.pop(0)[1]()
            count = 0
            if not waiting:
                for client in running:
                    client.signal(signal.SIGTERM)
    assert not any(client.hung for client in running), "a call hangs"
    return expected


def kept(site: Site, address: str, expected: Expected) -> list[str]:
    """Return what is wrong with a store after all that, as a client with patience sees it."""
    return expected.wrong(held(site.open(address, None, mode="r+", timeout=30.0)))


def nothing() -> None:
    """Do nothing: the last of the actions."""
