"""Children without an interpreter of their own: each is forked from a process that has imported refvec."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import IO

SUPPORTED = sys.platform == "linux" and hasattr(os, "fork")
_OWN = ("PYTEST_CURRENT_TEST", "REFVEC_BACKEND")  # what may change without a new server
_PROGRAM = f"from {__package__}.forking_children import main; main()"


@dataclass(frozen=True)
class Request:
    """What a child is to run.

    Attributes
    ----------
    code : str
        Its code.
    arguments : sequence of str
        Its ``sys.argv[1:]``.
    environ : dict
        All of its environment.
    path : sequence of str
        What comes first in its ``sys.path``.
    folder : str
        Its working directory.
    """

    code: str
    arguments: Sequence[str]
    environ: dict[str, str]
    path: Sequence[str]
    folder: str


class ForkServer:
    """A process that forks a child a request; it ends when whoever started it does.

    Parameters
    ----------
    environ : dict
        Its environment, PYTHONPATH included: what an interpreter looks at when it starts.
    """

    def __init__(self, environ: dict[str, str]) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error", "-c", _PROGRAM, str(theirs.fileno())],
                env=environ,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._lock = threading.Lock()

    def run(self, request: Request, patience: float) -> subprocess.CompletedProcess[str]:
        """Return how a child ended and what it printed; one that takes too long is killed."""
        with self._lock, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            files = [out.fileno(), err.fileno()]
            socket.send_fds(self._ours, [json.dumps(asdict(request)).encode()], files)
            child = self._heard(None)
            try:
                code = self._heard(patience)
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                self._heard(None)
                raise subprocess.TimeoutExpired(request.code, patience, _text(out), _text(err)) from None
            return subprocess.CompletedProcess([request.code], code, _text(out), _text(err))

    def _heard(self, patience: float | None) -> int:
        self._ours.settimeout(patience)
        said = self._ours.recv(64)
        if not said:
            raise RuntimeError(f"the fork server ended with {self._process.wait()}")
        return int(said)

    def close(self) -> None:
        """End the server."""
        self._ours.close()
        self._process.wait()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


_kept: dict[tuple[int, object], ForkServer] = {}


def server(environ: dict[str, str]) -> ForkServer:
    """Return the server of this process for an environment; with another one, the one before ends."""
    key = os.getpid(), frozenset((name, value) for name, value in environ.items() if name not in _OWN)
    if key not in _kept:
        close()
        _kept[key] = ForkServer(environ)
    return _kept[key]


@atexit.register
def close() -> None:
    """End the server of this process."""
    for key in [one for one in _kept if one[0] == os.getpid()]:
        _kept.pop(key).close()
