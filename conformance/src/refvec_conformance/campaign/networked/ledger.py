"""What clients were told, and what a store may hold after that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from refvec import DuplicateIdError

from ...inputs.operations import Op, codes
from ...linearizability import Labels, Sequential, is_linearizable
from ...linearizability.history import Call, History
from ...oracle.model import Contents
from ...probes.outcomes import Outcome
from .client import SHARED
from .records import DUPLICATE, OK, REFUSED, UNKNOWN, WRONG, Record
from .rows import DIMENSION, rows_of

LOST, STALE, INCORRECT = "lost", "stale reads", "wrong"
Found = Mapping[str, int]  # the number of the vector of every id


class Ledger:
    """What a store may hold.

    Attributes
    ----------
    counts : collections.Counter
        Of ids that were acknowledged, that nobody knows about, and of reads that were not as promised.
    complaints : list of str
        What clients saw that was not as promised.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.complaints: list[str] = []
        self._allowed: dict[str, set[int | None]] = {}
        self._ever: dict[str, set[int | None]] = {}
        self._shared: dict[str, list[tuple[int, Record]]] = {}

    def follow(self, client: int, told: Iterable[Record]) -> None:
        """Take over what a client wrote down."""
        for record in told:
            if record.outcome == WRONG:
                self._complain(INCORRECT, f"{record.call} of {record.ids} raised {record.text}")
            if record.ids[0].startswith(SHARED):
                self._shared.setdefault(record.ids[0], []).append((client, record))
            elif record.call == "get_vector":
                self._read(record)
            else:
                self._changed(record)

    def _complain(self, kind: str, text: str, count: int = 1) -> None:
        self.counts[kind] += count
        self.complaints.append(f"{kind}: {text}")

    def _read(self, record: Record) -> None:
        (one,) = record.ids
        if record.outcome == OK and {record.value} != self._allowed[one]:
            kind = STALE if record.value in self._ever[one] else INCORRECT
            self._complain(kind, f"{one!r} was {record.value}, and must be {self._allowed[one]}")

    def _changed(self, record: Record) -> None:
        certain = record.outcome == OK
        if record.outcome in (OK, UNKNOWN):
            self.counts["acknowledged" if certain else UNKNOWN] += len(record.ids)
        before = [self._allowed.get(one, {None}) for one in record.ids]
        if record.outcome == DUPLICATE:
            self._complain(INCORRECT, f"{record.ids} are said to be there: {record.text}")
        if certain and record.call == "remove_vectors" and record.value != len(record.ids):
            missing = len(record.ids) - (record.value or 0)
            self._complain(LOST, f"{missing} of {record.ids} were not there to be removed", missing)
        after: Sequence[int | None] = record.numbers or [None] * len(record.ids)
        for one, number, had in zip(record.ids, after, before, strict=True):
            self._ever.setdefault(one, {None}).add(number)
            if record.outcome not in (REFUSED, DUPLICATE):
                self._allowed[one] = {number} if certain else had | {number}

    def lost(self, found: Found) -> list[str]:
        """Return what was acknowledged and is not there."""
        return [
            f"{one!r} is not there, and must have one of {allowed}"
            for one, allowed in self._allowed.items()
            if one not in found and None not in allowed
        ]

    def wrong(self, found: Found) -> list[str]:
        """Return what is there and may not be, or may not be so."""
        own = {one: number for one, number in found.items() if not one.startswith(SHARED)}
        return [
            f"{one!r} has {number}, and must have one of {self._allowed.get(one)}"
            for one, number in own.items()
            if number not in self._allowed.get(one, {None})
        ] + self._unexplained(found)

    def _unexplained(self, found: Found) -> list[str]:
        """Return the shared ids whose calls no order explains."""
        model, initial = Sequential(_LABELS, dense=False, ordered=False), Contents(dimension=DIMENSION)
        return [
            f"no order of the calls on {one!r} explains their results: {' | '.join(map(str, history))}"
            for one, told in self._shared.items()
            if not is_linearizable(history := _history(one, told, found.get(one)), model, initial)
        ]


_NAMES = [f"v{number}" for number in range(8)]
_LABELS = Labels(dict(zip(_NAMES, rows_of(range(8)).tolist(), strict=True)))
_CODES = codes(*_NAMES)


def _history(one: str, told: Iterable[tuple[int, Record]], found: int | None) -> History:
    """Return the calls on a shared id, and the look at the end."""
    calls = []
    for client, record in told:
        if record.outcome != REFUSED:
            vector = [_CODES[number] for number in record.numbers]
            outcome = {OK: _outcome(record), DUPLICATE: Outcome(error=DuplicateIdError)}.get(record.outcome)
            op = Op(record.call, (one, *vector))
            ended = record.ended if outcome else float("inf")
            calls.append(Call(f"client {client}", op, record.began, ended, outcome, outcome is not None))
    # Whoever looks does so after all that was begun, also where nothing ended: its client died in it.
    ends = (record.ended if record.ended < float("inf") else record.began for _, record in told)
    end = max(ends, default=0.0)
    label = None if found is None else _NAMES[found] if 0 <= found < len(_NAMES) else "another"
    calls.append(Call("look", Op("get_vector", (one,)), end + 1, end + 2, Outcome(label)))
    return calls


def _outcome(record: Record) -> Outcome:
    return Outcome(bool(record.value) if record.call == "remove_vector" else 0)
