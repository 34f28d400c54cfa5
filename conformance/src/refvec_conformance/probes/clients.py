"""Clients in processes of their own: several at once, on a network that fails, killed at any moment.

They are forked from one process that has imported the backend and never opened
a store. What they do is a sequence of callables that take the store, and can be
pickled: `operator.methodcaller`, or functions of a module.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from refvec import VectorStore

from ..faulty_network import Fault, Network, faulty_network
from ..judging.target import Target, resolved

PATIENCE = 60.0  # seconds until a client counts as hanging

Call = Callable[[Any], object]


@dataclass(frozen=True)
class Job:
    """What a client is to do.

    Attributes
    ----------
    address : str
        Of the store.
    calls : sequence of callable
        What it calls, each with the store; the result must be something that can be pickled.
    options : dict
        Further arguments of the opening.
    fault : Fault, optional
        What goes wrong on its network.
    since : int
        From which call on messages count; -1 is the opening.
        A message that is late is delivered after the last call.
    endless : bool
        Whether it begins again after the last call, until it is told to end.
    pause : int, optional
        The call after which it waits to be told to go on.
    """

    address: str
    calls: Sequence[Call] = ()
    options: dict[str, Any] = field(default_factory=dict)
    fault: Fault | None = None
    since: int = 0
    endless: bool = False
    pause: int | None = None


@dataclass(frozen=True)
class Done:
    """A call that has ended.

    Attributes
    ----------
    client, number : int
        Whose, and which of its calls; -1 is the opening.
    began, ended : float
        On the clock of the machine.
    value : object
        What it returned.
    error : Exception or None
        What it raised.
    shown : str
        The traceback of that, with all causes.
    warned : tuple of str
        The warnings meanwhile.
    """

    client: int
    number: int
    began: float
    ended: float
    value: Any = None
    error: Exception | None = None
    shown: str = ""
    warned: tuple[str, ...] = ()

    def result(self) -> Any:
        """Return the value, or raise the error."""
        if self.error is not None:
            self.error.add_note(f"in another process:\n{self.shown}")
            raise self.error
        return self.value


@dataclass(frozen=True)
class Ended:
    """A client that has ended.

    Attributes
    ----------
    client : int
        Which.
    signal : int
        What killed it, or 0.
    """

    client: int
    signal: int


@dataclass(frozen=True)
class Begun:
    """A client that has begun: its process."""

    client: int
    pid: int


@dataclass(frozen=True)
class Sent:
    """How many messages a client sent."""

    client: int
    count: int


Event = Begun | Done | Sent | Ended


class Clients:
    """Clients of one backend.

    Parameters
    ----------
    spelling : str
        The backend.
    """

    def __init__(self, spelling: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import main; main({spelling!r})"],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def launch(self, *jobs: Job) -> Iterator[Event]:
        """Start a client for each job, all at once, and yield what happens until all have ended."""
        assert self._process.stdin is not None
        pickle.dump(jobs, self._process.stdin)
        self._process.stdin.flush()
        return self._events(len(jobs))

    def _events(self, running: int) -> Iterator[Event]:
        while running:
            assert self._process.stdout is not None
            event: Event = pickle.load(self._process.stdout)  # noqa: S301 - of our own process
            running -= isinstance(event, Ended)
            yield event

    def run(self, *jobs: Job) -> list[History]:
        """Return what became of a client for each job, all at once."""
        found = [History() for _ in jobs]
        for event in self.launch(*jobs):
            found[event.client].note(event)
        return found

    def run_through(self, jobs: Sequence[Job], until: int, then: Callable[[], object]) -> list[History]:
        """Return what became of clients who wait after a call, until something has been done that all see.

        Parameters
        ----------
        jobs : sequence of Job
            What they do.
        until : int
            The call after which each waits.
        then : callable
            What is done when all wait.
        """
        found, waiting = [History() for _ in jobs], set(range(len(jobs)))
        for event in self.launch(*(replace(job, pause=until) for job in jobs)):
            found[event.client].note(event)
            if waiting and (isinstance(event, Ended) or (isinstance(event, Done) and event.number == until)):
                waiting.discard(event.client)
                if not waiting:
                    then()
                    for client in found:
                        client.signal(signal.SIGUSR1)
        return found

    def close(self) -> None:
        """End the process that they are forked from."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with self._process:
            pass


class History:
    """What became of a client.

    Attributes
    ----------
    calls : list of Done
        Its calls that ended, without the opening.
    opening : Done or None
        The opening, if that ended.
    killed, hung : bool
        Whether it was killed, or had to be since it did not come to its end.
    sent : int
        How many messages it sent, if it came to its end.
    """

    def __init__(self) -> None:
        self.calls: list[Done] = []
        self.opening: Done | None = None
        self.killed = self.hung = False
        self.sent = 0
        self._pid = 0

    def signal(self, number: int) -> None:
        """Send a signal to the client, if it runs."""
        if self._pid:
            os.kill(self._pid, number)

    def note(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, Begun):
            self._pid = event.pid
        elif isinstance(event, Done) and event.number < 0:
            self.opening = event
        elif isinstance(event, Done):
            self.calls.append(event)
        elif isinstance(event, Sent):
            self.sent = event.count
        elif isinstance(event, Ended):
            self._pid = 0
            self.killed, self.hung = event.signal == signal.SIGKILL, event.signal == signal.SIGALRM

    def results(self) -> list[Any]:
        """Return the results of all calls, or raise the first error."""
        if self.opening is not None:
            self.opening.result()
        return [one.result() for one in self.calls]


class _Client:
    """One client, in its own process."""

    def __init__(self, target: Target, number: int, job: Job, lock: BinaryIO) -> None:
        self._target, self._number, self._job, self._lock = target, number, job, lock
        self._stopped = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        signal.alarm(int(PATIENCE))
        job, opened = self._job, []
        with faulty_network(job.fault if job.since < 0 else None) as network:
            self._call(-1, lambda _: opened.append(self._target.open(path=job.address, **job.options)), None)
            network.late()
        if opened and job.calls:
            network = self._calls(opened[0])
        self.say(Sent(self._number, network.count))

    def _stop(self, *_: object) -> None:
        self._stopped = True

    def _calls(self, store: VectorStore) -> Network:
        job = self._job
        for number in range(job.since):
            self._call(number, job.calls[number], store)
        with faulty_network(job.fault if job.since >= 0 else None) as network:
            number = max(job.since, 0)
            while number < len(job.calls) or (job.endless and not self._stopped):
                self._call(number, job.calls[number % len(job.calls)], store)
                number += 1
            network.late()
        return network

    def _call(self, number: int, call: Call, store: Any) -> None:
        value = error = None
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            began = time.monotonic()
            try:
                value = call(store)
            except Exception as raised:
                error = raised
            ended = time.monotonic()
        shown = "".join(traceback.format_exception(error)) if error else ""
        told = tuple(str(one.message) for one in warned)
        self.say(Done(self._number, number, began, ended, value, error, shown, told))
        if number == self._job.pause:
            signal.sigwait([signal.SIGUSR1])

    def say(self, event: Event) -> None:
        """Tell the test; two that say something at once say it one after the other."""
        import fcntl  # in here: see `refvec_conformance.judging.systems`

        fcntl.lockf(self._lock, fcntl.LOCK_EX)
        try:
            sys.stdout.buffer.write(pickle.dumps(event))
            sys.stdout.buffer.flush()
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)


def main(spelling: str) -> None:
    """Fork clients as they are asked for, until nobody asks any more."""
    with resolved(spelling) as target, tempfile.TemporaryFile() as lock:
        zygote = _Client(target, -1, Job(""), lock)
        while True:
            try:
                jobs: tuple[Job, ...] = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own process
            except EOFError:
                return
            for client, number in _forked(target, jobs, zygote, lock).items():
                _, status = os.waitpid(client, 0)
                zygote.say(Ended(number, os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0))


def _forked(target: Target, jobs: Sequence[Job], zygote: _Client, lock: BinaryIO) -> dict[int, int]:
    """Return the processes of the clients, which begin when all are there."""
    gate, opener = os.pipe()
    found: dict[int, int] = {}
    for number, job in enumerate(jobs):
        child = os.fork()
        if not child:
            os.close(opener)
            os.read(gate, 1)
            try:
                _Client(target, number, job, lock).run()
            finally:
                sys.stdout.flush()
                os._exit(0)
        found[child] = number
        zygote.say(Begun(number, child))
    os.close(opener)
    os.close(gate)
    return found
