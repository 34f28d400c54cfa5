"""What a history is made of."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

# A result that was not observed: it agrees with every other.
ANY = "?"

READS = frozenset(
    {"get", "get_many", "index", "find", "ids", "sizes", "statistics", "snapshot", "copy", "search"}
)
BATCHES = frozenset({"add_many", "upsert_many", "remove_many", "get_many"})


class Op(NamedTuple):
    """One operation on small canonical arguments.

    Attributes
    ----------
    name : str
        The name of a method of `Model`.
    args : tuple
        Its arguments: ids, labels of vectors, or for batches tuples of them.
    """

    name: str
    args: tuple[Any, ...] = ()

    def __str__(self) -> str:
        """Return the operation as a call."""
        return f"{self.name}({', '.join(map(_short, self.args))})"


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
    result : hashable
        What came back: a value, or the name of an error's class.
    needed : bool
        False for a call that may or may not have taken effect.
    after : int or None
        The position in the history of a call that must come before this one.
    """

    thread: str
    op: Op
    invoked: float
    returned: float = math.inf
    result: Hashable = ANY
    needed: bool = True
    after: int | None = None

    def __str__(self) -> str:
        """Return the call with its result."""
        return f"{self.op} = {_short(self.result)}"


History = list[Call]


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{' '.join(map(_short, value))}]"
    return str(value)
