"""Start a worker and watch over it: it may die, hang, print or leave children behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .isolation import environment
from .protocol import Event, EventReader, Request

_POLL = 0.02
_GRACE = 10.0


@dataclass(frozen=True)
class End:
    """How a worker came to its end.

    Attributes
    ----------
    status : int or None
        As of ``Popen.returncode``; None if it was killed because it hung.
    log : str
        The last things that it printed.
    """

    status: int | None
    log: str

    @property
    def words(self) -> str:
        """What happened to the process."""
        if self.status is None:
            return "the process hung and was killed"
        if self.status < 0:
            return f"the process was killed by {signal.Signals(-self.status).name}"
        return f"the process exited with status {self.status}"


def attend(request: Request, seed: int, limit: float, hear: Callable[[Event], None]) -> End:
    """Run a worker to its end and pass on its events.

    Parameters
    ----------
    request : Request
        What it is to do.
    seed : int
        The seed of the hashes of its strings.
    limit : float
        Seconds without an event after which it is held to hang.
    hear : callable
        Called with each event.
    """
    reader = EventReader(request.events)
    with _started(request, seed) as process:
        last, ended = time.monotonic(), False
        while True:
            running = process.poll() is None
            for event in reader.new():
                last, ended = time.monotonic(), event["event"] == "ended"
                hear(event)
            if not running:
                return End(process.returncode, _tail(request.log))
            if time.monotonic() - last > (_GRACE if ended else limit):
                _kill(process)
                return End(None, _tail(request.log))
            time.sleep(_POLL)


@contextmanager
def _started(request: Request, seed: int) -> Iterator[subprocess.Popen[bytes]]:
    module = f"{__package__}.worker"
    with request.log.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(request.write())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=request.home,
            env=environment(Path(request.home), seed),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _kill_group(process.pid)
        process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    # The first signal makes faulthandler print where every thread is.
    process.send_signal(signal.SIGABRT)
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _kill_group(pid: int) -> None:
    if hasattr(os, "killpg"):
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


def _tail(log: Path, size: int = 4000) -> str:
    text = log.read_bytes().decode(errors="replace")
    fatal = text.find("Fatal Python error")
    return text[fatal : fatal + size] if fatal >= 0 else text[-size:]
