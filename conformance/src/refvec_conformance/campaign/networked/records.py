"""What a client writes down before each call and after it, in a file that outlives it."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

OK, UNKNOWN, REFUSED, DUPLICATE, WRONG = "ok", "unknown", "refused", "duplicate", "wrong"


@dataclass
class Record:
    """One call.

    Attributes
    ----------
    call : str
        Its name.
    ids, numbers : list
        What for, and of `rows_of`; no numbers where it takes no vectors.
    began, ended : float
        On the clock of the machine; `inf` if it did not end before its client did.
    outcome : str
        Acknowledged, not known, surely nothing changed, the id was there, or an error that no call may raise.
    value : int or None
        What it returned: how many were removed, or the number of the vector that was found.
    text : str
        The error.
    """

    call: str
    ids: list[str]
    numbers: list[int]
    began: float
    ended: float = math.inf
    outcome: str = UNKNOWN
    value: int | None = None
    text: str = ""


class Log:
    """The file of one client.

    Parameters
    ----------
    path : Path
        Where it is. What was written is the system's, and survives the death of the client.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def begin(self, call: str, ids: Sequence[str], numbers: Sequence[int]) -> None:
        """Write down a call that is about to be made."""
        self._write({"call": call, "ids": list(ids), "numbers": list(numbers), "began": time.monotonic()})

    def end(self, outcome: str, value: int | None, text: str) -> None:
        """Write down what became of it."""
        self._write({"ended": time.monotonic(), "outcome": outcome, "value": value, "text": text})

    def _write(self, line: dict[str, object]) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")


def records(path: Path) -> list[Record]:
    """Return what a client wrote down."""
    found: list[Record] = []
    for line in path.read_text().splitlines():
        told = json.loads(line)
        if "call" in told:
            found.append(Record(**told))
        else:
            vars(found[-1]).update(told)
    return found
