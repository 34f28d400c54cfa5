"""One generated trace on several stores at once, compared bit for bit (CONFORMANCE 8 and 9).

A difference is cut down to a short trace, and shown as a script that anyone can run.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import CodeType
from typing import Any, TypeAlias

from refvec import VectorStore

from ..inputs import vocabulary
from ..inputs.operations import Op, Trace
from ..oracle.model import Model
from ..telling.forms import Telling
from ..telling.values import LONG, brief, shown
from ..telling.values import difference as difference_of
from .atomicity import STATISTICS
from .outcomes import Outcome, attempt, frozen

Open: TypeAlias = Callable[[], Any]
Players: TypeAlias = Mapping[str, "Player"]


class Player:
    """Makes the calls of a trace on one store; a call that returns a store goes on with it.

    Attributes
    ----------
    store : object
        A store, or the model.
    result : object
        What the last call returned; None if it raised.
    """

    def __init__(self, store: Any) -> None:
        self.store = store
        self.result: Any = None
        self._names = {name: getattr(vocabulary, name) for name in vocabulary.__all__}

    def __call__(self, op: Op) -> Outcome:
        """Make one call and return its outcome."""
        self.result = None
        return attempt(lambda: self._call(op), _told)

    def value(self, source: object) -> Any:
        """Return what an argument of a call is."""
        return eval(repr(source), dict(self._names))  # noqa: S307 - our own text

    def _call(self, op: Op) -> Any:
        self.result = eval(_compiled(op.source), {**self._names, "store": self.store})  # noqa: S307
        if isinstance(self.result, VectorStore | Model):
            self.store = self.result
        return self.result


@cache
def _compiled(source: str) -> CodeType:
    return compile(source, "trace", "eval")


def _told(value: Any) -> object:
    if isinstance(value, VectorStore | Model):
        return "a store"
    if isinstance(value, dict):
        # Without the name of the backend, and without what a backend may add.
        return frozen({name: value.get(name) for name in STATISTICS[1:]})
    return frozen(value)


def run(trace: Trace, open_store: Open) -> list[Outcome]:
    """Return the outcome of every call of the trace, on a new store."""
    return list(map(Player(open_store()), trace))


# What differs between the stores after a call, "" if nothing does.
Differ: TypeAlias = Callable[[Op, Players, Mapping[str, Outcome]], str]


def exactly(_op: Op, _players: Players, outcomes: Mapping[str, Outcome]) -> str:
    """Tell outcomes that are not equal in every bit."""
    first = next(iter(outcomes.values()))
    if all(outcome == first for outcome in outcomes.values()):
        return ""
    (wanted, one), *others = outcomes.items()
    name, other = next((name, outcome) for name, outcome in others if outcome != one)
    return f"{name} {_cut(other, one)}; expected, as of {wanted}: {_cut(one, other)}"


def _cut(outcome: Outcome, other: Outcome) -> str:
    """Return an outcome as text; of a long result that differs from another one, where it does."""
    text = shown(outcome)
    if len(text) <= LONG or outcome.error or other.error:
        return text
    where, found, _ = difference_of(outcome.value, other.value)
    return f"returned {found} at {where}" if where else text


def difference(trace: Trace, stores: Mapping[str, Open], differ: Differ = exactly) -> tuple[int, str] | None:
    """Return at which call the stores first differ, and how."""
    players = {name: Player(open_store()) for name, open_store in stores.items()}
    for position, op in enumerate(trace):
        told = differ(op, players, {name: player(op) for name, player in players.items()})
        if told:
            return position, told
    return None


_SHOWN = 12  # calls that are listed in a message
_WORDS = re.compile(r"f32\('([0-9a-f]*)', ([\d, ]+)\)")


def plain(op: Op) -> str:
    """Return the source of a call with numbers as numbers, which are words of 32 bits in scripts."""
    return _WORDS.sub(lambda found: brief(_floats(*found.groups())), op.source)


def _floats(digits: str, shape: str) -> Any:
    return vocabulary.f32(digits, *map(int, shape.split(",")))


class DifferenceError(AssertionError):
    """Stores differ.

    Parameters
    ----------
    trace : list of Op
        The calls up to the one after which they differ.
    how : str
        What differs.

    Attributes
    ----------
    telling : Telling
        The last call and what came of it, and the calls before it.
    script : str
        The text of a Python script that shows it.
    """

    def __init__(self, trace: Trace, how: str, script: str) -> None:
        first, _, more = how.partition("\n")
        last = trace[-1]
        after = f" after {len(trace) - 1} other call{'s' * (len(trace) > 2)}" if len(trace) > 1 else ""
        calls = [f"  {plain(op)}" for op in trace]
        listed = [*more.splitlines()[:5], "The calls, on a new store:", *calls[:_SHOWN]]
        listed += [f"  ... and {len(calls) - _SHOWN} more"] if len(calls) > _SHOWN else []
        sentence = f"{plain(last)}{after}: {first}"
        self.telling = Telling(sentence, f"{last.name} differs", "\n".join(listed))
        super().__init__(sentence)
        self.script = script


def compare(
    trace: Trace, stores: Mapping[str, Open], opening: Mapping[str, object], differ: Differ = exactly
) -> None:
    """Raise `DifferenceError` with a minimal script unless all stores agree on every outcome.

    Parameters
    ----------
    trace : list of Op
        The calls.
    stores : mapping
        Opens each of the stores.
    opening : mapping
        The arguments with which they are opened, for the script.
    differ : callable
        Tells what counts as a difference.
    """
    if difference(trace, stores, differ) is not None:
        least = shrunk(trace, stores, differ)
        found = difference(least, stores, differ)
        how = "they differed once, and not when the calls were made again" if found is None else found[1]
        raise DifferenceError(least, how, script(least, stores, opening, differ))


def shrunk(trace: Trace, stores: Mapping[str, Open], differ: Differ = exactly) -> Trace:
    """Return a short trace that still differs: drop chunks, then single calls, while one can."""
    found = difference(trace, stores, differ)
    kept = trace[: found[0] + 1] if found else trace
    size = max(1, len(kept) // 2)
    while True:
        smaller = next(_shorter(kept, size, stores, differ), None)
        if smaller is not None:
            kept = smaller
        elif size == 1:
            return kept
        else:
            size //= 2


def _shorter(trace: Trace, size: int, stores: Mapping[str, Open], differ: Differ) -> Iterator[Trace]:
    starts = range(0, math.ceil(len(trace) / size) * size, size)
    parts = (trace[:start] + trace[start + size :] for start in starts)
    return (part for part in parts if len(part) < len(trace) and difference(part, stores, differ))


def script(
    trace: Trace, stores: Mapping[str, Open], opening: Mapping[str, object], differ: Differ = exactly
) -> str:
    """Return a script that shows the difference without the suite."""
    found = difference(trace, stores, differ)
    seen = [] if found is None else [f"# {line}" for line in found[1].splitlines()]
    calls = [f"    lambda store: {op.source}," for op in trace]
    head = _HEAD.format(words=inspect.getsource(vocabulary), names=list(stores), opening=dict(opening))
    return "\n".join([head, *calls, "]", _LOOP, *seen])


_HEAD = """\
{words}

from refvec import VectorStore

BACKENDS = {names}
OPENING = {opening}
TRACE = ["""

_LOOP = """
for backend in BACKENDS:
    store = VectorStore(backend=backend, **OPENING)
    for call in TRACE:
        try:
            last = call(store)
        except Exception as error:
            last = error
        store = last if isinstance(last, VectorStore) else store
    print(backend, repr(last))
"""
