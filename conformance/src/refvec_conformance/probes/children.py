"""Child processes: what a test may not do to its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

from ..judging.prerequisites import PrerequisiteError
from ..judging.systems import lacking_in_child
from ..telling.forms import Telling
from .fork_server import SUPPORTED, Request, server

PATIENCE = 120.0


def run_child(
    code: str,
    *args: str,
    env: Mapping[str, str] | None = None,
    path: Path | None = None,
    fresh: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run Python code in a child process with warnings as errors and return how it ended.

    Parameters
    ----------
    code : str
        The code; it is dedented.
    *args : str
        Its ``sys.argv[1:]``.
    env : mapping, optional
        Changes to the environment; REFVEC_BACKEND is unset unless given.
    path : Path, optional
        A folder that comes first in ``sys.path``.
    fresh : bool
        Start an interpreter for it, rather than fork one in which refvec is imported but no backend: for
        what is about start or end of one, or measures memory, of which a fork has some in common.
    """
    environ = {name: value for name, value in os.environ.items() if name != "REFVEC_BACKEND"}
    # A stranger's module:Class may be importable here only because of our own sys.path.
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    folders = [str(path)] if path else []
    program = textwrap.dedent(code)
    if SUPPORTED and not fresh:
        request = Request(program, args, {**environ, **(env or {})}, folders, str(Path.cwd()))
        return _run(server(environ).run(request, PATIENCE))
    environ["PYTHONPATH"] = os.pathsep.join([*folders, environ["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *args],
        env={**environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return _run(done)


def _run(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """Return how a child ended, unless it could not run here."""
    reason = lacking_in_child(done.stderr) if done.returncode else None
    if reason is not None:
        raise PrerequisiteError(reason)
    return done


class ChildError(AssertionError):
    """A child process that had to end well did not."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        printed = [line.removeprefix("AssertionError") for line in f"{done.stdout}\n{done.stderr}".splitlines()]
        lines = [line.removeprefix(": ") for line in printed if line.strip()]
        ended = (
            f"ended with {done.returncode}"
            if done.returncode > 0
            else f"was killed by signal {-done.returncode}"
        )
        last = lines[-1].strip()[:200] if lines else "nothing"
        sentence = f"a child process {ended}, and printed last {last!r}; expected that it ends with 0"
        self.telling = Telling(sentence, f"a child {ended}", "\n".join(lines[-12:]))
        super().__init__(f"the child ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")


def output_of(
    code: str,
    *args: str,
    env: Mapping[str, str] | None = None,
    path: Path | None = None,
    fresh: bool = False,
) -> str:
    """Run code in a child as `run_child` does and return what it printed; it must end well."""
    done = run_child(code, *args, env=env, path=path, fresh=fresh)
    if done.returncode != 0:
        raise ChildError(done)
    return done.stdout.strip()
