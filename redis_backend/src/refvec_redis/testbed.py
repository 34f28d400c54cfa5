"""Servers that the conformance suite judges the backend on, and breaks (`refvec_conformance.testbed`)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

from refvec import OpenSpec, Url

from .attempt import Attempt
from .cluster import HOST, LocalCluster, free_ports
from .moving import move_some
from .network import Network, NoNetworkError
from .settings import OPTIONS, VARIABLE, settings_of
from .slots import SlotMap

_POWERS = ("kill", "freeze", "cut", "move")
_QUERY = "buckets=16"
_MOVED = 2500  # slots


class SharedBed:
    """Servers that run already, and are not to be broken.

    Parameters
    ----------
    url : str
        The address of one of them, with the options of the stores.
    """

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self.lacking: Mapping[str, str] = dict.fromkeys(_POWERS, f"the servers of {VARIABLE} serve others, too")

    def address(self, name: str, *, user: str = "", password: str = "") -> str:
        """Return the address of the store of that name."""
        place = self._parts.netloc
        return self._address(place.rpartition("@")[2] if user else place, name, user, password)

    def nowhere(self, name: str, *, user: str = "", password: str = "") -> str:
        """Return an address where no server listens."""
        (port,) = free_ports(1)
        return self._address(f"{HOST}:{port}", name, user, password)

    def _address(self, place: str, name: str, user: str, password: str) -> str:
        who = f"{quote(user, '')}:{quote(password, '')}@" if user else ""
        return f"{self._parts.scheme}://{who}{place}/{name}?{self._parts.query}"

    def traces(self, name: str) -> int:
        """Return how many keys there are of the store of that name."""
        defaults = {option.name: option.default for option in OPTIONS}
        settings = settings_of(OpenSpec(location=Url(self.address(name)), options=defaults))
        slots = SlotMap(settings.servers)
        slots.refresh(Attempt(settings.timeout))
        try:
            return sum(len(node.ask(b"KEYS", f"{{{name}[:}}]*".encode())) for node in slots.masters())
        finally:
            slots.close()

    def primaries(self) -> list[str]:
        """Return nothing: no node is to be touched."""
        return []

    def replicas(self, node: str) -> list[str]:
        """Return nothing."""
        return []

    def _refuse(self, node: str) -> None:
        raise NotImplementedError(f"{node}: {self.lacking['kill']}")

    kill = start = freeze = thaw = cut = heal = _refuse

    def move(self) -> None:
        """Refuse it."""
        self._refuse("all nodes")

    def restore(self) -> None:
        """Do nothing: nothing was done."""


class LocalBed(SharedBed):
    """A throw-away cluster; its nodes are called by their ports.

    Parameters
    ----------
    cluster : LocalCluster
        It runs.
    network : str, optional
        Why it has no network of its own, if it has none.
    """

    def __init__(self, cluster: LocalCluster, network: str | None = None) -> None:
        # All of them: whoever opens a store while the first one is dead asks the next.
        places = ",".join(f"{cluster.host(port)}:{port}" for port in cluster.ports)
        super().__init__(f"redis://{places}/?{_QUERY}")
        self.cluster = cluster
        self._frozen: dict[str, int] = {}
        self._dead: set[str] = set()
        self._cut: set[str] = set()
        self.lacking = {} if network is None else {"cut": network}

    def primaries(self) -> list[str]:
        """Return the masters that run."""
        return [node for node in self._alive() if self._role(node)[0] == b"master"]

    def replicas(self, node: str) -> list[str]:
        """Return the replicas of a master."""
        return [port.decode() for _, port, _ in self._role(node)[2]]

    def _alive(self) -> list[str]:
        return [node for node in map(str, self.cluster.ports) if node not in {*self._dead, *self._frozen}]

    def _role(self, node: str) -> list[Any]:
        answer: list[Any] = self.cluster.ask(int(node), b"ROLE")
        return answer

    def kill(self, node: str) -> None:
        """End a server with SIGKILL."""
        self.cluster.kill(int(node))
        self._dead.add(node)

    def start(self, node: str) -> None:
        """Start it again."""
        self.cluster.start(int(node))
        self._dead.remove(node)

    def freeze(self, node: str) -> None:
        """Stop a server with SIGSTOP."""
        self._frozen[node] = self.cluster.pid(int(node))
        os.kill(self._frozen[node], signal.SIGSTOP)

    def thaw(self, node: str) -> None:
        """Let it go on."""
        os.kill(self._frozen.pop(node), signal.SIGCONT)

    def cut(self, node: str) -> None:
        """Cut a server off from the others."""
        self.cluster.cut(int(node))
        self._cut.add(node)

    def heal(self, node: str) -> None:
        """Let it reach them again."""
        self.cluster.heal(int(node))
        self._cut.remove(node)

    def move(self) -> None:
        """Move 2,500 slots from one master to another."""
        with ExitStack() as stack:
            nodes = [self.cluster.node(int(one)) for one in self.primaries()]
            for node in nodes:
                stack.callback(node.close)
            move_some(nodes, _MOVED)

    def restore(self) -> None:
        """Let all servers run and follow each other."""
        for node in list(self._cut):
            self.heal(node)
        for node in list(self._frozen):
            self.thaw(node)
        for node in list(self._dead):
            self.start(node)
        self.cluster.wait_until_whole()


@contextmanager
def open_testbed(*, breakable: bool) -> Iterator[SharedBed]:
    """Yield the servers that REFVEC_REDIS_URL names, or a cluster of its own."""
    url = os.environ.get(VARIABLE, "").strip()
    if url and not breakable:
        yield SharedBed(url)
        return
    with local_bed() as bed:
        yield bed


@contextmanager
def local_bed(replicas: int = 1) -> Iterator[LocalBed]:
    """Yield three masters with so many replicas each, on a network of their own where that is possible."""
    with ExitStack() as stack:
        try:
            network, reason = stack.enter_context(Network()), None
        except NoNetworkError as error:
            network, reason = None, str(error)
        yield LocalBed(stack.enter_context(LocalCluster(3, replicas, network)), reason)
