"""Which server has which of the 16,384 hash slots."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from redis.exceptions import ResponseError

from .attempt import Attempt
from .nodes import BROKEN, Node
from .settings import Servers

SLOTS = 16_384


class SlotMap:
    """The servers of a cluster, or the only one.

    Parameters
    ----------
    servers : Servers
        Where to ask first.
    """

    def __init__(self, servers: Servers) -> None:
        self._make: Callable[[str, int], Node] = lambda host, port: Node(host, port, servers)
        self._nodes: dict[tuple[str, int], Node] = {place: self._make(*place) for place in servers.seeds}
        self._owners: list[Node | None] = []
        self.cluster = False

    def owner(self, slot: int) -> Node | None:
        """Return the master of a slot, None if it is not known."""
        return self._owners[slot] if self._owners else None

    @property
    def seed(self) -> str:
        """An address for messages before any server has answered."""
        return next(iter(self._nodes.values())).address

    def masters(self) -> list[Node]:
        """Return all masters."""
        return list(dict.fromkeys(filter(None, self._owners)))

    def refresh(self, attempt: Attempt) -> tuple[str, str] | None:
        """Ask the servers, one after the other, until one answers; return what the last one failed with."""
        failed = None
        for place, node in list(self._nodes.items()):
            if failed is not None and attempt.left <= 0:
                break
            try:
                self._take(place, node, attempt.patience)
            except BROKEN as error:
                failed = node.address, node.unreachable(error)
                continue
            return None
        return failed

    def _take(self, place: tuple[str, int], node: Node, patience: float) -> None:
        try:
            ranges = node.ask(b"CLUSTER", b"SLOTS", patience=patience)
        except ResponseError as error:
            if "cluster support disabled" not in str(error) and "unknown command" not in str(error):
                raise
            self._owners = [node] * SLOTS
            return
        self.cluster = True
        owners: list[Node | None] = [None] * SLOTS
        for first, last, *nodes in ranges:
            for found in self._known(place, nodes):
                owners[first : last + 1] = [found] * (last + 1 - first)
                break
        self._owners = owners

    def _known(self, asked: tuple[str, int], nodes: Iterable[Any]) -> list[Node]:
        """Return the nodes of a range, master first; a replica may answer when its master does not."""
        found = []
        for host, port, *_ in nodes:
            place = (host.decode() if host else asked[0], int(port))
            found.append(self._nodes.setdefault(place, self._make(*place)))
        return found

    def close(self) -> None:
        """Close all connections that nobody uses."""
        for node in list(self._nodes.values()):
            node.close()
