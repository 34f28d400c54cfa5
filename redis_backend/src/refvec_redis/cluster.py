"""A throw-away cluster on this machine: three masters, a replica for each, gone with whoever started it."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis.exceptions import ResponseError

from .network import Network, NoNetworkError
from .nodes import BROKEN, Node
from .settings import Servers
from .slots import SLOTS

HOST = "127.0.0.1"
_BUS = 10_000  # a node of a cluster talks to the others on its port and so much
_PORTS = range(11_000, 21_000)  # they and their buses are below those that systems give to connections
_PATIENCE = 60.0


class LocalCluster:
    """A cluster of ``redis-server`` on loopback, as a context manager.

    Parameters
    ----------
    masters : int
        How many; 1 without replicas is a single server that is no cluster.
    replicas : int
        For each of them.
    network : Network, optional
        Where the servers stand, each with an address of its own; loopback otherwise.

    Attributes
    ----------
    ports : list of int
        Of the masters, then of their replicas, then of those that were added.

    Raises
    ------
    FileNotFoundError
        If there is no ``redis-server`` on PATH.
    """

    def __init__(self, masters: int = 3, replicas: int = 1, network: Network | None = None) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise FileNotFoundError(
                "there is no redis-server on PATH; as a package of the system it is redis-server"
            )
        self._program, self._network = program, network
        self.masters, self.replicas = masters, replicas
        self.ports = free_ports(masters * (1 + replicas))
        self._home = tempfile.TemporaryDirectory(prefix="refvec-redis-")
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._added: set[int] = set()

    @property
    def home(self) -> Path:
        """The folder with what the servers write."""
        return Path(self._home.name)

    @property
    def url(self) -> str:
        """The address of the first server, to be followed by the name of a store."""
        return f"redis://{self.host(self.ports[0])}:{self.ports[0]}/"

    def host(self, port: int) -> str:
        """Return the address of a server."""
        return HOST if self._network is None else self._network.host(self._number(port))

    def _number(self, port: int) -> int:
        return self.ports.index(port) + 1

    def __enter__(self) -> Self:
        try:
            for port in self.ports:
                self.start(port)
            self._until(lambda: all(self._answers(port) for port in self.ports), "a server does not answer")
            if len(self.ports) > 1:
                self._join()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, port: int) -> None:
        """Start a server, or one again that was killed."""
        folder = self.home / str(port)
        folder.mkdir(exist_ok=True)
        with (folder / "output").open("ab") as output:
            inside = [] if self._network is None else self._network.inside(self._number(port))
            self._running[port] = subprocess.Popen(
                [*inside, sys.executable, "-m", f"{__package__}.guard", self._program, *self._arguments(port)],
                cwd=folder,
                stdin=subprocess.PIPE,  # closes when this process ends, however it does
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us alone
            )

    def add(self, count: int = 1) -> list[int]:
        """Start more servers, masters that have no slots yet; return their ports."""
        ports = free_ports(count)
        self.ports += ports
        self._added.update(ports)
        for port in ports:
            self.start(port)
        self._until(lambda: all(map(self._answers, ports)), "a new server does not answer")
        for port in ports:
            self._meet(port)
        self._until_met()
        self.wait_until_whole()
        return ports

    def kill(self, port: int) -> None:
        """End a server with SIGKILL."""
        self.ask(port, b"CLIENT", b"NO-EVICT", b"OFF")
        os.kill(self.pid(port), signal.SIGKILL)
        with self._running.pop(port) as process:
            process.wait()

    def cut(self, port: int) -> None:
        """Let no packet pass between a server and the others, until it is healed."""
        self._required_network().cut(self._number(port))

    def heal(self, port: int) -> None:
        """Let packets pass again."""
        self._required_network().heal(self._number(port))

    def _required_network(self) -> Network:
        if self._network is None:
            raise NoNetworkError("the servers share the network of the machine: give them one of their own")
        return self._network

    def pid(self, port: int) -> int:
        """Return the number of a server's process."""
        info = self.ask(port, b"INFO", b"server").decode()
        return int(info.partition("process_id:")[2].split()[0])

    def stop(self) -> None:
        """End all servers and remove what they wrote."""
        for process in self._running.values():
            if process.stdin is not None:
                process.stdin.close()
        for process in self._running.values():
            with process:
                process.wait()
        self._running.clear()
        self._home.cleanup()

    def _arguments(self, port: int) -> list[str]:
        shared = {
            "port": port,
            "bind": self.host(port),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        cluster = {
            "cluster-enabled": "yes",
            "cluster-node-timeout": 3000,
            "cluster-require-full-coverage": "no",
            "cluster-port": port + _BUS,
            "cluster-allow-replica-migration": "no",  # a replica stays with its master
            "repl-diskless-sync-delay": 0,
        }
        settings = shared | (cluster if len(self.ports) > 1 else {})
        if self._network is not None:  # nobody else reaches it
            settings |= {"protected-mode": "no"}
        return [part for name, value in settings.items() for part in (f"--{name}", str(value))]

    def _join(self) -> None:
        """Make one cluster of the servers: slots to the masters, a master to each replica."""
        masters, replicas = self.ports[: self.masters], self.ports[self.masters :]
        bounds = [SLOTS * number // self.masters for number in range(self.masters + 1)]
        for number, port in enumerate(masters):
            self.ask(
                port, b"CLUSTER", b"ADDSLOTSRANGE", b"%d" % bounds[number], b"%d" % (bounds[number + 1] - 1)
            )
            self.ask(port, b"CLUSTER", b"SET-CONFIG-EPOCH", b"%d" % (number + 1))
        for port in self.ports[1:]:
            self._meet(port)
        self._until_met()
        ids = [self.ask(port, b"CLUSTER", b"MYID") for port in masters]
        for number, port in enumerate(replicas):
            self.ask(port, b"CLUSTER", b"REPLICATE", ids[number % self.masters])
        self.wait_until_whole()

    def _meet(self, port: int) -> None:
        first = self.ports[0]
        self.ask(port, b"CLUSTER", b"MEET", self.host(first).encode(), b"%d" % first)

    def _until_met(self) -> None:
        count = len(self.ports)
        self._until(lambda: all(self._known(port) == count for port in self.ports), "the servers do not meet")

    def wait_until_whole(self) -> None:
        """Return when all servers run, and every replica follows its master."""
        self._until(lambda: all(map(self._is_whole, self.ports)), "the cluster does not come up")

    def _known(self, port: int) -> int:
        nodes = self.ask(port, b"CLUSTER", b"NODES").decode().splitlines()
        return sum("handshake" not in line for line in nodes)

    def _is_whole(self, port: int) -> bool:
        if not self._answers(port):
            return False
        state = self.ask(port, b"CLUSTER", b"INFO").decode()
        role = self.ask(port, b"ROLE")
        replicas = 0 if port in self._added else self.replicas
        followed = len(role[2]) == replicas if role[0] == b"master" else role[3] == b"connected"
        return followed and "cluster_state:ok" in state

    def _answers(self, port: int) -> bool:
        with contextlib.suppress(ResponseError, *BROKEN):
            self.ask(port, b"PING")  # refused while it loads, unlike the other one
            _, folder = self.ask(port, b"CONFIG", b"GET", b"dir")
            return bool(Path(folder.decode()).samefile(self.home / str(port)))  # and not another's server
        return False

    def ask(self, port: int, *args: bytes) -> Any:
        """Return what a server answers."""
        with contextlib.closing(self.node(port)) as node:
            return node.ask(*args)

    def node(self, port: int) -> Node:
        """Return a server, to be closed."""
        host = self.host(port)
        return Node(host, port, Servers(((host, port),)))

    def _until(self, done: Any, otherwise: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not done():
            if time.monotonic() > end or any(one.poll() is not None for one in self._running.values()):
                raise RuntimeError(f"{otherwise}: {self._said()}")
            time.sleep(0.02)

    def _said(self) -> str:
        texts = [path.read_text(errors="replace") for path in self.home.glob("*/output")]
        return " | ".join(text.strip().splitlines()[-1] for text in texts if text.strip()) or "and says nothing"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody has now, nor the ports of their buses."""
    found: list[int] = []
    start = random.choice(_PORTS)  # others look for some at the same time
    for offset in range(len(_PORTS)):
        port = _PORTS[(start - _PORTS[0] + offset) % len(_PORTS)]
        if _is_free(port) and _is_free(port + _BUS) and port - _BUS not in found:
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"there are no {count} free ports from {_PORTS[0]} on")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
