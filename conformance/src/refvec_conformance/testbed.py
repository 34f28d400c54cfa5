"""Test beds: servers of a networked backend that exist for the tests, which may break them (NET).

The suite knows no backend, and no protocol of one. Whoever writes a networked
backend brings servers to judge it on, by an entry point of the group
``refvec.testbeds`` that has the backend's name; its value is a `BedFactory`::

    [project.entry-points."refvec.testbeds"]
    mine = "my_package.testbed:open_testbed"

Without one, and for tests that need a power that it lacks, the clauses count as
not run, and the level Distributed is not earned.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib import metadata
from typing import Protocol

from refvec import VectorStore

GROUP = "refvec.testbeds"
# What can be done to the servers: `kill` and `start`, `freeze` and `thaw`, `cut` and `heal`, `move`.
POWERS = ("kill", "freeze", "cut", "move")


class Bed(Protocol):
    """Servers that exist for the tests. A node is one server, named as the bed likes."""

    @property
    def lacking(self) -> Mapping[str, str]:
        """The `POWERS` that it does not have, each with the reason, as a sentence."""

    def address(self, name: str, *, user: str = "", password: str = "") -> str:
        """Return the address of the store of that name, of letters, digits and ``-``; nobody opens it here.

        With a user and a password that no server knows, these stand in the address.
        """

    def nowhere(self, name: str, *, user: str = "", password: str = "") -> str:
        """Return such an address where no server listens."""

    def traces(self, name: str) -> int:
        """Return how many things the servers hold of the store of that name, 0 if it has been dropped."""

    def primaries(self) -> list[str]:
        """Return the nodes that take writes at the moment."""

    def replicas(self, node: str) -> list[str]:
        """Return the nodes that have what a primary has, and could take its place."""

    def kill(self, node: str) -> None:
        """End a node as the loss of its machine would: at once, and what it held in memory is gone."""

    def start(self, node: str) -> None:
        """Start a node again that was killed, with what it had written to its disk."""

    def freeze(self, node: str) -> None:
        """Let a node stand still: connections stay, nothing is answered."""

    def thaw(self, node: str) -> None:
        """Let it go on."""

    def cut(self, node: str) -> None:
        """Let no packet pass between a node and the other nodes; clients may reach it or not."""

    def heal(self, node: str) -> None:
        """Let packets pass again."""

    def move(self) -> None:
        """Move a good part of what the servers hold to other nodes while clients go on; return when done."""

    def restore(self) -> None:
        """Undo whatever was done; return when all nodes run, and replicas are up to date."""


class BedFactory(Protocol):
    """What the entry point names."""

    def __call__(self, *, breakable: bool) -> AbstractContextManager[Bed]:
        """Return a test bed as a context manager, which raises with the reason where it cannot be had.

        Parameters
        ----------
        breakable : bool
            Whether the servers must be its own, to be broken. If not, it may lead to servers that run
            already and serve others meanwhile; it then needs no power.
        """


def factory_of(store: type[VectorStore]) -> BedFactory | None:
    """Return the factory of the test beds of a backend, or of the one that its class is derived from."""
    found = {point.name: point for point in metadata.entry_points(group=GROUP)}
    names = [vars(kind).get("backend") for kind in store.__mro__]
    point = next((found[name] for name in names if name in found), None)
    factory: BedFactory | None = None if point is None else point.load()
    return factory
