"""What another client does in the middle of a call: between any two of its messages."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Sequence
from typing import Any

from ..inputs.operations import Op, Trace
from ..linearizability.history import Call, History
from ..linearizability.labels import Labels
from .messages import posted

SWEEP = Op("vacuum", (0,))  # collects what dead clients left, and is no part of a history


class Meanwhile:
    """A network on which something else happens just before a message.

    Parameters
    ----------
    at : int
        Before which message; -1 for none.
    happen : callable
        What.

    Attributes
    ----------
    count : int
        How many messages there were, those of `happen` aside.
    """

    def __init__(self, at: int, happen: Callable[[], object]) -> None:
        self.count = 0
        self._at, self._happen = at, happen
        self._busy = False

    def send(self, _line: socket.socket, _data: bytes, deliver: Callable[[], object]) -> bool:
        """Deliver a message, and before one of them let something happen."""
        if not self._busy:
            number, self.count = self.count, self.count + 1
            if number == self._at:
                self._busy = True
                self._happen()
                self._busy = False
        deliver()
        return True

    def receive(self, line: socket.socket) -> None:
        """Let it be."""

    def connect(self, line: socket.socket) -> None:
        """Let it be."""


class Scene:
    """Two clients of one store, and what they do.

    Parameters
    ----------
    labels : Labels
        The vectors.
    one, other : VectorStore
        The store, opened by each.
    before : list of Op
        What happens first.
    """

    def __init__(self, labels: Labels, one: Any, other: Any, before: Trace) -> None:
        self._labels, self._one, self._other = labels, one, other
        self._clock = itertools.count()
        self.history: History = []
        self._run("before", other, before)

    def play(self, op: Op, others: Sequence[Op], at: int, after: Sequence[Op]) -> int:
        """Make a call, and others before its message `at`; then look. Return how many messages it sent."""
        network = Meanwhile(at, lambda: self._run("other", self._other, others))
        with posted(network):
            self._run("one", self._one, [op])
        if network.count <= at:
            self._run("other", self._other, others)
        self._run("after", self._other, after)
        return network.count

    def _run(self, thread: str, store: Any, ops: Sequence[Op]) -> None:
        for op in ops:
            if op.name == SWEEP.name:
                store.vacuum(*op.args)
                continue
            invoked = next(self._clock)
            outcome = self._labels.perform(op, store)
            self.history.append(Call(thread, op, invoked, next(self._clock), outcome))
