"""What another thread does in the middle of a call, at every point where Python lets it.

A race between two threads shows up in one run of thousands. Here the call is
run again and again, and each time the other thread gets its turn at another
event of the interpreter: where it is called back when a function is entered
or left. A step that holds a lock makes the other wait until the call is over;
a step that does not is cut open at each of its seams.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from .concurrency import PATIENCE, DeadlockError, switching

_TURN = 0.001  # seconds until the other thread counts as waiting for the call


class Interposed(NamedTuple):
    """What became of a call, and of the one in the middle of it; each a result, or an exception."""

    call: Any
    other: Any


def interposed(
    prepare: Callable[[], tuple[Callable[[], Any], Callable[[], Any]]], most: int
) -> Iterator[Interposed]:
    """Yield the results of a call and of another that begins in the middle of it.

    Parameters
    ----------
    prepare : callable
        Brings about the state from which the call starts; returns the call and the other.
    most : int
        The most points at which the other is to begin, spread over the call.
    """
    with switching(1e-5):
        call, _ = prepare()
        events = _events_of(call)
        for point in sorted({round(step * events / most) for step in range(most)}):
            yield _interposed_at(point, *prepare())


def _events_of(call: Callable[[], Any]) -> int:
    count = 0

    def note() -> None:
        nonlocal count
        count += 1

    with _profiled(note):
        _outcome(call)
    return count


def _interposed_at(point: int, call: Callable[[], Any], other: Callable[[], Any]) -> Interposed:
    turn, done, found, left = threading.Event(), threading.Event(), [], point

    def wait_and_run() -> None:
        turn.wait(PATIENCE)
        found.append(_outcome(other))
        done.set()

    def note() -> None:
        nonlocal left
        if left == 0:
            turn.set()
            done.wait(_TURN)
        left -= 1

    thread = threading.Thread(target=wait_and_run, daemon=True)
    thread.start()
    with _profiled(note):
        mine = _outcome(call)
    turn.set()
    thread.join(PATIENCE)
    if not found:
        raise DeadlockError(f"two calls, the second at event {point} of the first, have not ended")
    return Interposed(mine, found[0])


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return error


@contextmanager
def _profiled(note: Callable[[], None]) -> Iterator[None]:
    """Call `note` at every function that this thread enters, and at every one of Python's that it leaves."""

    def profile(_frame: Any, event: str, _argument: Any) -> None:
        if event != "c_return":
            note()

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(before)
