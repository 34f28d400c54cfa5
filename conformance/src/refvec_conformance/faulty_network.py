"""Networks that fail on demand, for the tests of clients that keep their stores in servers.

>>> from refvec_conformance.faulty_network import Fault, faulty_network
>>> with faulty_network(Fault("lose", at=2)) as network:  # doctest: +SKIP
...     store.add_vector("a", vector)  # the answer to its third message never comes
>>> network.count  # doctest: +SKIP
5

Messages are counted from 0, over all connections of the process. The protocol
is not known: a message is what the client hands over to a socket at once.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from weakref import WeakSet

from .probes.messages import posted

DEATHS = ("die before", "die after", "die answered")
LOSSES = ("refuse", "lose", "withhold", "repeat")
ENDS = ("isolate", "sever")
PATIENCE = 5.0  # seconds until an answer counts as never coming


class Fault(NamedTuple):
    """What happens to a message.

    Attributes
    ----------
    kind : str
        ``"die before"``, ``"die after"``, ``"die answered"``: the process is killed before it is sent,
        as soon as it is sent, or when its answer has come and nobody has read it.
        ``"refuse"``: the connection breaks, and the client is told that nothing was sent.
        ``"lose"``: the answer comes, is lost, and the connection breaks.
        ``"withhold"``: it seems to be sent, and the connection breaks; `Network.late` delivers it.
        ``"repeat"``: all goes well; `Network.late` delivers it a second time.
        ``"isolate"``, ``"sever"``: from this message on no server can be reached; of ``"sever"`` it is the
        last one that is still delivered, and its answer is lost.
    at : int
        Which message.
    """

    kind: str
    at: int


class Network:
    """What lies between the client and its servers.

    Parameters
    ----------
    fault : Fault, optional
        What goes wrong.

    Attributes
    ----------
    count : int
        How many messages there were.
    """

    def __init__(self, fault: Fault | None = None) -> None:
        self.count = 0
        self._fault = fault
        self._lock = threading.Lock()
        self._broken: WeakSet[socket.socket] = WeakSet()
        self._gone = False
        self._kept: tuple[Any, bytes] | None = None

    def send(self, line: socket.socket, data: bytes, deliver: Callable[[], object]) -> bool:
        """Deliver a message, or do to it what the fault says; return whether it was delivered."""
        with self._lock:
            number, self.count = self.count, self.count + 1
        if self._gone or line in self._broken:
            raise BrokenPipeError("injected: the connection is broken")
        if self._fault is None or number != self._fault.at:
            deliver()
            return True
        strike: Callable[..., bool] = getattr(self, f"_{self._fault.kind.replace(' ', '_')}")
        return strike(line, data, deliver)

    def receive(self, line: socket.socket) -> None:
        """Raise on a connection that is broken."""
        if self._gone or line in self._broken:
            raise ConnectionResetError("injected: the connection is broken")

    def connect(self, line: socket.socket) -> None:
        """Raise when no server can be reached."""
        if self._gone:
            raise ConnectionRefusedError(f"injected: no server can be reached (socket {line.fileno()})")

    def late(self) -> None:
        """Deliver the message that was withheld, or repeat the one that is to be, over a fresh connection."""
        if self._kept is None:
            return
        (peer, data), self._kept = self._kept, None
        with socket.create_connection(peer[:2], PATIENCE) as line:
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
            while line.recv(65_536):
                pass

    def _die_before(self, *_: object) -> bool:
        return _die()

    def _die_after(self, _line: socket.socket, _data: bytes, deliver: Callable[[], object]) -> bool:
        deliver()
        return _die()

    def _die_answered(self, line: socket.socket, _data: bytes, deliver: Callable[[], object]) -> bool:
        deliver()
        _answered(line)
        return _die()

    def _refuse(self, line: socket.socket, *_: object) -> bool:
        self._broken.add(line)
        raise BrokenPipeError("injected: nothing was sent")

    def _lose(self, line: socket.socket, _data: bytes, deliver: Callable[[], object]) -> bool:
        deliver()
        _answered(line)
        self._broken.add(line)
        return True

    def _withhold(self, line: socket.socket, data: bytes, _deliver: Callable[[], object]) -> bool:
        self._kept = line.getpeername(), data
        self._broken.add(line)
        return False

    def _repeat(self, line: socket.socket, data: bytes, deliver: Callable[[], object]) -> bool:
        self._kept = line.getpeername(), data
        deliver()
        return True

    def _isolate(self, *_: object) -> bool:
        self._gone = True
        raise BrokenPipeError("injected: no server can be reached")

    def _sever(self, line: socket.socket, _data: bytes, deliver: Callable[[], object]) -> bool:
        deliver()
        _answered(line)
        self._gone = True
        return True


def _die() -> bool:
    os.kill(os.getpid(), signal.SIGKILL)
    return False


def _answered(line: socket.socket) -> None:
    """Wait until an answer has come."""
    poll = select.poll()
    poll.register(line.fileno(), select.POLLIN)
    poll.poll(1000 * PATIENCE)


@contextmanager
def faulty_network(fault: Fault | None = None) -> Iterator[Network]:
    """Let a network with that fault lie between this process and all servers while the context lasts."""
    network = Network(fault)
    with posted(network):
        yield network
