"""What parent and worker say to each other: a request, and JSON lines of events.

::

    resolved   name, distribution, version, capabilities     the backend is imported
    refused    reason                                        it is not, or the suite cannot start
    probed     error (null if a store could be opened)
    collected  tests                                         every test, before it runs
    started    test
    finished   test (the record)
    forked     test (null before the first)                  a child came back from the test
    ended      code                                          of pytest
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What one worker is to do.

    Attributes
    ----------
    spelling : str
        The backend: a name, or "module:Class".
    home : str
        A directory for the worker's files.
    tests : str
        The package with the tests.
    tier, seed, contract, expected, only
        As for `refvec_conformance.run`.
    done : list of str
        Tests that an earlier worker has dealt with.
    smoke_failed : bool
        Whether an earlier worker saw the smoke tier fail.
    """

    spelling: str
    home: str
    tests: str
    tier: str
    seed: int
    contract: str
    expected: str | None = None
    only: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    smoke_failed: bool = False

    @property
    def events(self) -> Path:
        """The file of events."""
        return Path(self.home) / "events.jsonl"

    @property
    def log(self) -> Path:
        """The file of everything that the worker prints."""
        return Path(self.home) / "worker.log"

    def write(self) -> Path:
        """Write the request into the home; return the file."""
        path = Path(self.home) / "request.json"
        path.write_text(json.dumps(asdict(self)), "utf-8")
        return path

    @classmethod
    def read(cls, path: str) -> Request:
        """Return the request in a file."""
        return cls(**json.loads(Path(path).read_text("utf-8")))


class Emitter:
    """Writes events, each with a single system call; a forked child writes one and dies."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._pid = os.getpid()
        self._test: str | None = (
            None  # a child keeps the one in which it was forked, wherever its parent is by then
        )

    def emit(self, event: str, **facts: Any) -> None:
        """Write one event."""
        if os.getpid() != self._pid:
            # A child that the backend forked came back from the test: were it to
            # go on, every later test would run twice.
            self._write({"event": "forked", "test": self._test})
            os._exit(0)
        if event == "started":
            self._test = facts["test"]
        self._write({"event": event, **facts})

    def _write(self, event: Event) -> None:
        os.write(self._file, (json.dumps(event) + "\n").encode())


class EventReader:
    """Reads the events that have been written so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def new(self) -> list[Event]:
        """Return the complete events since the last call."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._position)
            data = file.read()
        complete = data[: data.rfind(b"\n") + 1]
        self._position += len(complete)
        return [json.loads(line) for line in complete.splitlines()]
