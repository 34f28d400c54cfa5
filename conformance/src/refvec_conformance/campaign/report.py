"""What a campaign came to: a line for every kill, and a table at the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

COLUMNS = (
    *("backend", "kills", "stores", "flushes begun", "acknowledged", "in flight, kept"),
    *("lost", "half-applied", "refused", "wrong"),
)


@dataclass(frozen=True)
class Kill:
    """One of them.

    Attributes
    ----------
    number, store : int
        Which kill, of which store.
    after_flushes, delay : int, float
        When, as in `Trigger`.
    told : int
        How many records there were.
    outcome : str
        What was found afterwards; "not looked at" leaves it to the next writer.
    complaints : list of (str, str)
        What was wrong.
    """

    number: int
    store: int
    after_flushes: int
    delay: float
    told: int
    outcome: str
    complaints: list[tuple[str, str]]

    def line(self) -> str:
        """Return it as a line of the log."""
        return json.dumps(asdict(self))


@dataclass
class Tally:
    """What a campaign on one backend came to.

    Attributes
    ----------
    backend : str
        Its name.
    seed : int
        The seed.
    kills, stores : int
        How many there were.
    counts : collections.Counter
        Of flushes, and of what was wrong.
    complaints : list of str
        What was wrong, and with which kill.
    """

    backend: str
    seed: int
    kills: int = 0
    stores: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def add(self, kill: Kill) -> None:
        """Count one kill."""
        self.kills += 1
        self.counts[kill.outcome] += kill.outcome == "in flight, kept"
        for outcome, text in kill.complaints:
            self.counts[outcome] += 1
            self.complaints.append(f"kill {kill.number} of store {kill.store}: {outcome}: {text}")

    def cells(self) -> list[str]:
        """Return the row of the table."""
        counted = {"flushes begun": self.counts["begun"], **self.counts}
        numbers = [self.kills, self.stores, *(counted.get(name, 0) for name in COLUMNS[3:])]
        return [self.backend, *map(str, numbers)]


def table(tallies: Sequence[Tally]) -> str:
    """Return the table of campaigns, as Markdown."""
    rows = [list(COLUMNS), ["---"] * len(COLUMNS), *(one.cells() for one in tallies)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
