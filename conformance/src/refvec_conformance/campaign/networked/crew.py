"""The clients of one run, in processes of their own, some of which are killed at work."""

from __future__ import annotations

import faulthandler
import os
import signal
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from ...judging.target import Target
from .client import Client
from .ledger import Ledger
from .records import WRONG, Log, records

LASTING, DOOMED = 4, 6  # clients
_TIMEOUTS = (2.0, 12.0)  # seconds: one gives up before another server takes over, the other does not
_LONGEST, _STEP = 60.0, 0.01  # seconds
_LIVES = (0.5, 12.0)  # seconds that a doomed client has


class Crew:
    """The clients of one run.

    Parameters
    ----------
    target, address
        The store, which exists.
    place : Path
        An empty directory for what they write down.
    seed : int
        Of what they do, and when some of them die.
    options : mapping
        Of the store.
    """

    def __init__(
        self, target: Target, address: str, place: Path, seed: int, options: Mapping[str, Any]
    ) -> None:
        self._target, self._address, self._place, self._seed = target, address, place, seed
        self._options = dict(options)
        random, now = Random(seed), time.monotonic()
        self._running = {number: self._start(number) for number in range(LASTING + DOOMED)}
        self._doomed = {number: now + random.uniform(*_LIVES) for number in range(LASTING, LASTING + DOOMED)}
        self.killed = 0

    def _start(self, number: int) -> int:
        child = os.fork()
        if not child:
            try:
                self._work(number)
            finally:
                os._exit(0)
        return child

    def _work(self, number: int) -> None:
        warnings.simplefilter("ignore")  # of durability="available"
        faulthandler.register(signal.SIGUSR1, self._stack(number).open("w"))
        log = Log(self._log(number))
        try:
            options = {"timeout": _TIMEOUTS[number % 2], **self._options}
            store = self._target.open(path=self._address, mode="r+", **options)
            Client(store, number, self._seed, log).run()
        except BaseException as error:
            log.begin("run", [f"client {number}"], [])
            log.end(WRONG, None, f"{type(error).__name__}: {error}")

    def _log(self, number: int) -> Path:
        return self._place / f"client-{number}.jsonl"

    def kill_some(self) -> None:
        """Kill those whose time has come."""
        for number, end in list(self._doomed.items()):
            if time.monotonic() > end:
                del self._doomed[number]
                self._end(number, signal.SIGKILL)
                self.killed += 1

    def written(self) -> int:
        """Return how much the others have written down, in bytes."""
        paths = map(self._log, range(LASTING))
        return sum(path.stat().st_size for path in paths if path.exists())

    def stop(self) -> Ledger:
        """Kill the doomed, let the others end, and return what all of them were told."""
        self._doomed = dict.fromkeys(self._doomed, 0.0)
        self.kill_some()
        for child in self._running.values():
            os.kill(child, signal.SIGTERM)
        for number in list(self._running):
            self._end(number, signal.SIGTERM)
        ledger = Ledger()
        for number in range(LASTING + DOOMED):
            ledger.follow(number, records(self._log(number)) if self._log(number).exists() else ())
        return ledger

    def _end(self, number: int, how: signal.Signals) -> None:
        child = self._running.pop(number)
        os.kill(child, how)
        if _ended(child, _LONGEST):
            return
        os.kill(child, signal.SIGUSR1)  # tell where you are
        _ended(child, 1.0)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise RuntimeError(f"client {number} hangs:\n{self._stack(number).read_text()}")

    def _stack(self, number: int) -> Path:
        return self._place / f"stack-{number}"


def _ended(child: int, longest: float) -> bool:
    """Return whether a process ends in time, not counting that for which this one is stopped itself."""
    for _ in range(int(longest / _STEP)):
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(_STEP)
    return False


def waited(until: Callable[[], object], longest: float, step: Callable[[], object]) -> bool:
    """Return whether something comes true in time; do something else again and again meanwhile."""
    deadline = time.monotonic() + longest
    while not until():
        if time.monotonic() > deadline:
            return False
        step()
        time.sleep(0.02)
    return True
