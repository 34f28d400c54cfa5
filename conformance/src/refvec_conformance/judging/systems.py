"""What a test asks of the system and this one has not: it has not run, and the backend is not to blame.

Imports of these modules stand in the functions that need them, so that all of the suite can be imported
anywhere.
"""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from refvec import UnsupportedError

_SUITE = Path(__file__).parents[1]
_MODULES = ("fcntl", "resource")
_NAMES = (
    "AF_UNIX",
    "fchown",
    *("fork", "geteuid", "getegid", "killpg", "mkfifo", "pread", "pwrite", "sched_yield", "sysconf"),
    *("SIGALRM", "SIGCONT", "SIGKILL", "SIGSTOP", "SIGUSR1", "alarm", "pthread_kill", "setitimer"),
)
_LACKING = (
    re.compile(rf"AttributeError: module '(os|signal|socket)' has no attribute '({'|'.join(_NAMES)})'"),
    re.compile(rf"ModuleNotFoundError: (?:No module named|import of) ()'?({'|'.join(_MODULES)})\b"),
    re.compile(r"FileNotFoundError: .*()'(/proc)/"),
    re.compile(r"UnsupportedError: Durable stores need ()(flock\(\)), which this system lacks"),
)
_FRAME = re.compile(r'^  File "(.*?)", line \d+', re.MULTILINE)


def lacking(error: BaseException) -> str | None:
    """Return what the system has not, if an error came of that, and of a call of the suite's own."""
    frames = traceback.extract_tb(error.__traceback__)
    return _lacking(f"{type(error).__name__}: {error}", frames[-1].filename if frames else "")


def lacking_in_child(printed: str) -> str | None:
    """Return the same of what a child printed that ended with a traceback."""
    last = printed.strip().rpartition("\n")[2]
    return _lacking(last.removeprefix("refvec.errors."), (["", *_FRAME.findall(printed)])[-1])


def _lacking(said: str, file: str) -> str | None:
    found = next((match for one in _LACKING if (match := one.match(said))), None)
    # What a backend lacks is for its author to hear; core's own word is about the system.
    ours = said.startswith(UnsupportedError.__name__) or file in ("<string>", "<child>") or _of_suite(file)
    if found is None or not ours:
        return None
    return f"this system has no {'.'.join(filter(None, found.groups()))}"


def _of_suite(file: str) -> bool:
    return Path(file).is_relative_to(_SUITE)
