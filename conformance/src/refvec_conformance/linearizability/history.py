"""What a history is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..inputs.operations import Op
from ..probes.outcomes import Outcome

READS = frozenset({"get_vector", "get_vectors", "get_index", "find_vector", "ids", "len"})
READS |= {"get_statistics", "snapshot", "seen", "search"}
# What an item of a batch is by itself.
BATCHES = {"add_vectors": "add_vector", "upsert_vectors": "upsert_vector"}
BATCHES |= {"remove_vectors": "remove_vector", "get_vectors": "get_vector"}


@dataclass(frozen=True)
class Call:
    """An operation as it happened.

    Attributes
    ----------
    thread : str
        Whose lane it is in.
    op : Op
        What was called.
    invoked, returned : float
        Positions in the one order of all invocations and responses.
    outcome : Outcome or None
        What came back; None if nobody saw it, which agrees with everything.
    needed : bool
        False for a call that may or may not have taken effect.
    after : int or None
        The position in the history of a call that must come before this one.
    """

    thread: str
    op: Op
    invoked: float
    returned: float = math.inf
    outcome: Outcome | None = None
    needed: bool = True
    after: int | None = None

    @property
    def failed(self) -> bool:
        """Whether it raised."""
        return self.outcome is not None and self.outcome.error is not None

    def __str__(self) -> str:
        """Return the call with its result."""
        if self.outcome is None:
            return f"{self.op} = ?"
        error = self.outcome.error
        return f"{self.op} = {_short(self.outcome.value) if error is None else error.__name__}"


History = list[Call]


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{' '.join(map(_short, value))}]"
    return str(value)
