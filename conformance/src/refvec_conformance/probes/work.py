"""Work counted, not timed: the same on every machine, and on a busy one.

Three counters, because each sees what the others do not: instructions of
Python code, calls into C, and bytes allocated at once. What native code does
inside one call shows in the bytes only, if it allocates through Python.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, NamedTuple


class Work(NamedTuple):
    """What a call cost.

    Attributes
    ----------
    instructions : int
        Bytecode instructions of Python code.
    calls : int
        Calls of functions written in C.
    allocated : int
        The most bytes that were held at once, beyond those held before.
    """

    instructions: int
    calls: int
    allocated: int

    def within(self, other: Work, factor: float, slack: Work) -> bool:
        """Return whether no counter is above ``factor * other + slack``."""
        return all(
            mine <= factor * theirs + more for mine, theirs, more in zip(self, other, slack, strict=True)
        )


SLACK = Work(200, 20, 2048)


def work_of(call: Callable[[], Any]) -> Work:
    """Return what a call costs, the second time: what is cached is cached."""
    # Traced already: the first trace of instructions in a process may see none (CPython 3.12).
    _instructions(call)
    return Work(_instructions(call), _c_calls(call), _allocated(call))


def _instructions(call: Callable[[], Any]) -> int:
    count = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def _c_calls(call: Callable[[], Any]) -> int:
    count = 0

    def profile(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "c_call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(before)
    return count


def _allocated(call: Callable[[], Any]) -> int:
    already = tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not already:
            tracemalloc.stop()


def growth(
    work: Callable[[int], Callable[[], Any]], sizes: Iterable[int] = (250, 1000, 4000)
) -> dict[int, Work]:
    """Return the work of a call at several sizes.

    Parameters
    ----------
    work : callable
        Prepares a store of the given size and returns the call.
    sizes : iterable of int
    """
    return {size: work_of(work(size)) for size in sizes}


def disproportion(found: dict[int, Work], factor: float = 1.5, slack: Work = SLACK) -> list[str]:
    """Return which counters are higher at the largest size than they may be, each with its numbers."""
    small, large = min(found), max(found)
    rows = zip(Work._fields, found[small], found[large], slack, strict=True)
    return [
        f"{_COUNTED[name]}: {most:,} at a size of {large:,}, {least:,} at {small:,}; "
        f"expected at most {factor} times as many, and {more:,}"
        for name, least, most, more in rows
        if most > factor * least + more
    ]


_COUNTED = {
    "instructions": "instructions of Python code",
    "calls": "calls of functions in C",
    "allocated": "bytes held at once",
}


def is_constant(found: dict[int, Work], factor: float = 1.5, slack: Work = SLACK) -> bool:
    """Return whether the work at the largest size is that at the smallest, give or take."""
    return found[max(found)].within(found[min(found)], factor, slack)
