"""Steps that nothing can cut in half: planned in Python, made in one call of C code.

A plan is a list of calls, each a tuple of a function and its arguments, of
functions written in C that call no Python code. `commit` has the interpreter
run them all inside one call, and it looks for signals, finalisers and other
threads only between bytecodes. So an interrupt falls before or after a step,
and a finaliser that calls the store finds it whole. (numpy may let other
threads run while it copies; those wait for the store's lock.)

Functions of the module `operator` stand for the operators because they are
called without a tuple of arguments: making one could start a garbage collection
on Python 3.11, and that would run finalisers.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Iterable
from itertools import starmap
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Call: TypeAlias = tuple[Any, ...]
# What a step will return, the calls that make it, and what undoes those that were made.
Plan: TypeAlias = tuple[T, list[Call], Callable[[], None]]


def commit(
    turns: list[int], turn: int, calls: Iterable[Call], undo: Callable[[], None], after: int | None = None
) -> bool:
    """Make the calls if it is still the turn that they were planned for; return whether it was.

    Then it is the next turn, or `after`: the same one for calls that change how
    things are kept, and nothing that is kept.

    Only the lack of memory can stop a call half way; then `undo` puts
    everything back, and the exception goes on. So does an interrupt that
    comes when the calls have been made.
    """
    begun = [False]  # emptied, since that needs no memory
    step = [(turns.remove, turn), (begun.clear,), *calls, (turns.append, after or turn + 1)]
    try:
        deque(starmap(operator.call, step), maxlen=0)
    except ValueError:
        # From `remove`: a step of the same thread, of a finaliser or a signal handler, came in between.
        if begun and turns[-1] > turn:
            return False
        _mend(turns, turn, undo)
        raise
    except BaseException:
        _mend(turns, turn, undo)
        raise
    return True


def _mend(turns: list[int], turn: int, undo: Callable[[], None]) -> None:
    if len(turns) == 1:
        undo()
        turns.append(turn + 1)  # for a reader without the lock, who may have seen half of it
