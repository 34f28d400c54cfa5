"""Adding and replacing: acquire a reference, link the id to it, release what it had (ADD, UPSERT).

Whoever dies between two steps leaves a reference without an id, and never an
id without its reference. A link is sent once; if it is not known what became
of it, a fence decides, so that a late copy of it cannot bring back an id that
was removed meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from refvec import BackendUnavailableError, RefvecError, failures
from refvec.identity import Precision

from .acquiring import acquire
from .attempt import Attempt
from .entries import Entry, entry_of, parted, tokens
from .fleet import LOST, Rounds
from .items import Item
from .places import Places
from .releasing import release, unlink

_LINKED, _FENCED, _NOBODY = 1, 0, -1


class Adding:
    """One batch on its way into the store.

    Parameters
    ----------
    precision, places, rounds, attempt
        What is identical, where things are, how to get there, and how long that may take.
    replacing : bool
        Whether an id may be present.
    """

    def __init__(
        self, precision: Precision, places: Places, rounds: Rounds, attempt: Attempt, *, replacing: bool
    ) -> None:
        self._precision = precision
        self._places, self._rounds, self._attempt = places, rounds, attempt
        self._replacing = replacing

    def add(self, items: Sequence[Item], batch: Sequence[Item]) -> None:
        """Add some of the items of a batch; if that fails for one, none of the batch stays."""
        pending = list(items)
        try:
            while pending:
                self._acquire([item for item in pending if not item.acquired])
                pending = self.link(pending)
        except BackendUnavailableError as error:
            _tell(error, batch)
            raise
        except RefvecError:
            self._undo(batch)
            raise
        gone = [(item.old, item.id) for item in items if item.old is not None]
        if gone:
            release(gone, self._places, self._rounds, self._attempt)

    def _acquire(self, items: Sequence[Item]) -> None:
        acquire(items, self._precision, self._places, self._rounds, self._attempt)

    def link(self, items: Sequence[Item]) -> list[Item]:
        """Link what can be linked, and return what has to be tried again."""
        outcomes = self._outcomes(items)
        again = []
        for item, outcome in zip(items, outcomes, strict=True):
            item.linked = outcome == _LINKED  # of all, before one raises
        for item, outcome in zip(items, outcomes, strict=True):
            if outcome == _FENCED:
                self._release([item])
                (item.token,) = tokens(1)
                item.acquired = False
            elif outcome != _LINKED:
                item.refused = not self._replacing
                self._meet(item, None if outcome == _NOBODY else entry_of(outcome))
            if not item.linked:
                again.append(item)
        return again

    def _meet(self, item: Item, there: Entry | None) -> None:
        """Go on with an id that another client has changed since it was looked up."""
        if not self._replacing:
            raise failures.duplicate_id(item.text, item.position)
        item.old = there

    def _outcomes(self, items: Sequence[Item]) -> list[Any]:
        parts = parted(item.directory for item in items)
        calls = [
            self._places.call("link", bucket, [arg for position in part for arg in items[position].link()])
            for bucket, part in parts
        ]
        self._attempt.changed = True
        outcomes: list[Any] = [None] * len(items)
        for (_, part), answers in zip(parts, self._rounds.write_once(calls, self._attempt), strict=True):
            for at, position in enumerate(part):
                outcomes[position] = LOST if answers is LOST else answers[at]
        lost = [position for position, outcome in enumerate(outcomes) if outcome is LOST]
        for position, outcome in zip(lost, self._fence([items[one] for one in lost]), strict=True):
            outcomes[position] = outcome
        return outcomes

    def _fence(self, items: Sequence[Item]) -> list[int]:
        """Return for each item whether it is linked; if not, it never will be."""
        parts = parted(item.directory for item in items)
        calls = [
            self._places.call("fence", bucket, [arg for at in part for arg in (items[at].id, items[at].token)])
            for bucket, part in parts
        ]
        found = [_FENCED] * len(items)
        for (_, part), answers in zip(parts, self._rounds.write(calls, self._attempt), strict=True):
            for at, answer in zip(part, answers, strict=True):
                found[at] = answer
        return found

    def _release(self, items: Sequence[Item]) -> None:
        for name, unused in (("release", False), ("cancel", True)):
            held = [(item.entry(), item.id) for item in items if item.unused == unused]
            release(held, self._places, self._rounds, self._attempt, name)

    def _undo(self, items: Sequence[Item]) -> None:
        """Give back what this batch holds; what has replaced something stays."""
        open_ended = [item for item in items if item.acquired and not (item.linked or item.refused)]
        fenced = self._fence(open_ended)
        mine = [item for item, linked in zip(open_ended, fenced, strict=True) if not linked]
        mine += [item for item in items if item.refused]
        if not self._replacing:
            going = set(mine)
            linked = [item for item in items if item.acquired and item not in going]
            unlink([(item.entry(), item.id) for item in linked], self._places, self._rounds, self._attempt)
            mine += linked
        self._release(mine)


def _tell(error: BackendUnavailableError, batch: Sequence[Item]) -> None:
    """Let the error of a batch say which items happened (NET-2)."""
    waiting = [item.position for item in batch if not item.linked]
    if len(batch) > 1 and waiting:
        done = f"{len(batch) - len(waiting)} of {len(batch)} items are in the store, the others perhaps not"
        error.args = (f"{error.args[0]}. {done}", *error.args[1:])
        error.position = min(waiting)
