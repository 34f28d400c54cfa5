"""The program of `refvec_conformance.probes.fork_server`: forks a child a request, which runs its code."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import types
from typing import Any

import numpy as np  # noqa: F401 - so that no child needs to
import refvec  # noqa: F401

_LARGEST = 2**17  # of a request, in bytes
_FILES = 2


def main() -> None:
    """Serve until whoever asks has ended; in a child, run what was asked for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as asking:
        request = _next(asking)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _become(**request)


def _next(asking: socket.socket) -> dict[str, Any]:
    """Return a request, in the child that is to do it."""
    while True:
        said, files, _, _ = socket.recv_fds(asking, _LARGEST, _FILES)
        if not said:
            sys.exit()
        child = os.fork()
        if not child:
            _print_into(files)
            request: dict[str, Any] = json.loads(said)
            return request
        for file in files:
            os.close(file)
        asking.send(b"%d" % child)
        asking.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _print_into(files: list[int]) -> None:
    for number, file in enumerate(files, 1):
        os.dup2(file, number)
        os.close(file)


def _become(code: str, arguments: list[str], environ: dict[str, str], path: list[str], folder: str) -> None:
    """Run code as ``python -c`` does."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["-c", *arguments]
    sys.path[1:1] = path
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    exec(compile(code, "<string>", "exec"), vars(module))  # noqa: S102 - it is what a child is for
