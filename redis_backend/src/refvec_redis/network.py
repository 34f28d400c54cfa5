"""A network for servers on this machine, on which some can be cut off from the others (Linux, root).

Each server has a namespace with one address, and a cable to a router, a
namespace as well, which a cable joins to this machine::

    server 1 ---+
    server 2 ---+-- router --- this machine
    server 3 ---+

The router drops what goes between servers that were cut off. In one namespace
for all, a server that cannot reach another from its own address takes the
other's address instead, and gets through.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack
from types import TracebackType
from typing import Self

_PROGRAMS = {"ip": "iproute2", "nsenter": "util-linux", "unshare": "util-linux"}
_RANGE = "198.18"  # reserved for tests of networks (RFC 2544): nobody's real address
_NETWORKS = range(1, 255)
_ROUTER, _MACHINE = 129, 254
_FORWARD = "echo 1 > /proc/sys/net/ipv4/ip_forward"


class NoNetworkError(OSError):
    """There can be no such network here; says why."""


class _Namespace:
    """A network namespace that lasts as long as this process, however that one ends."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            [_found("unshare"), "--net", "cat"],  # ends when its input closes
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us alone
        )
        self.pid = self._holder.pid
        self.inside = ["nsenter", f"--net=/proc/{self.pid}/ns/net"]
        try:
            if not self._is_there():
                raise NoNetworkError("a network of its own is not permitted (unshare --net)")
            self.ip("link set lo up")
        except BaseException:
            self.close()
            raise

    def _is_there(self) -> bool:
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        try:
            self._holder.stdin.write(b"\n")
            self._holder.stdin.flush()
        except BrokenPipeError:
            return False
        return self._holder.stdout.read(1) == b"\n"

    def ip(self, *commands: str) -> None:
        """Run commands of the program ip there."""
        _require(_ip(self.inside, *commands))

    def close(self) -> None:
        """Let go of it, with its cables."""
        with self._holder:
            assert self._holder.stdin is not None
            self._holder.stdin.close()


class Network:
    """Such a network, as a context manager.

    Raises
    ------
    NoNetworkError
        Where programs or permissions are missing.
    """

    def __init__(self) -> None:
        self._servers: dict[int, _Namespace] = {}

    def __enter__(self) -> Self:
        _require_possible()
        with ExitStack() as stack:
            self._router = _Namespace()
            stack.callback(self._router.close)
            self._subnet = next(filter(self._joins, _subnets()), "")
            if not self._subnet:
                raise NoNetworkError(f"no network of {_RANGE}.0.0 is free, or its cables are not permitted")
            stack.callback(_ip, [], f"link del {self._cable}")  # the system itself takes its time
            self._forward()
            self._all = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._all.close()

    def host(self, number: int) -> str:
        """Return the address of the server of that number, from 1 to 127."""
        return f"{self._subnet}.{number}"

    def inside(self, number: int) -> list[str]:
        """Return what stands before a command that is to run where that server does."""
        if number not in self._servers:
            self._servers[number] = self._connected(number)
        return self._servers[number].inside

    def cut(self, number: int) -> None:
        """Let no packet pass between a server and the others; this machine still reaches it."""
        self._router.ip(*(f"rule add {rule} blackhole" for rule in self._rules(number)))

    def heal(self, number: int) -> None:
        """Let packets pass again."""
        self._router.ip(*(f"rule del {rule} blackhole" for rule in self._rules(number)))

    def _rules(self, number: int) -> list[str]:
        one, others = self.host(number), f"{self._subnet}.0/25"
        return [f"pref {number} from {one} to {others}", f"pref {number} from {others} to {one}"]

    @property
    def _cable(self) -> str:
        """The name of the cable to the router, on this machine."""
        return _cable(self._subnet)

    def _joins(self, subnet: str) -> bool:
        """Lay the cable to this machine, if nobody has one of that name."""
        return (
            _ip([], f"link add {_cable(subnet)} type veth peer name machine netns {self._router.pid}") is None
        )

    def _forward(self) -> None:
        outer = self._cable
        router, machine = self.host(_ROUTER), self.host(_MACHINE)
        self._router.ip(
            f"address add {router}/32 dev lo", "link set machine up", f"route add {machine}/32 dev machine"
        )
        _require(_run(*self._router.inside, "sh", "-c", _FORWARD))
        reach = f"route add {self._subnet}.0/25 via {router} dev {outer}"
        _require(_ip([], f"address add {machine}/25 dev {outer}", f"link set {outer} up", reach))

    def _connected(self, number: int) -> _Namespace:
        """Return a new namespace with a cable to the router."""
        server, host, router = _Namespace(), self.host(number), self.host(_ROUTER)
        self._all.callback(server.close)
        cable = f"server{number}"
        self._router.ip(
            f"link add {cable} type veth peer name router netns {server.pid}",
            f"link set {cable} up",
            f"route add {host}/32 dev {cable}",
        )
        server.ip(
            f"address add {host}/32 dev router",
            "link set router up",
            f"route add {router}/32 dev router",
            f"route add default via {router} dev router",
        )
        return server


def _subnets() -> list[str]:
    """Return all of them, from one on that other processes hardly begin with."""
    start = os.getpid() % len(_NETWORKS)
    return [f"{_RANGE}.{_NETWORKS[(start + at) % len(_NETWORKS)]}" for at in range(len(_NETWORKS))]


def _cable(subnet: str) -> str:
    return f"refvec{subnet.rpartition('.')[2]}"


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise NoNetworkError(f"there is no {program!r} on PATH (on Linux in the package {_PROGRAMS[program]})")
    return path


def _require_possible() -> None:
    for program in _PROGRAMS:
        _found(program)
    if os.geteuid() != 0:
        raise NoNetworkError("only root may make a network of its own")


def _ip(inside: list[str], *commands: str) -> str | None:
    return _run(*inside, "ip", "-batch", "-", given="\n".join(commands))


def _run(*command: str, given: str = "") -> str | None:
    """Run a program; return what it complained of, None if it succeeded."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{given or command[-1]}: {done.stderr.strip()}"


def _require(complaint: str | None) -> None:
    if complaint is not None:
        raise NoNetworkError(complaint)
