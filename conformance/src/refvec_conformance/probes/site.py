"""Stores on a test bed, and clients of them in this process and in others."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Any, TypeAlias

import numpy as np
import pytest
from refvec import RefvecError

from ..faulty_network import Fault
from ..judging.marks import TIERS
from ..judging.target import Target
from ..testbed import Bed
from .clients import Call, Clients, Job

TIMEOUT = 20.0  # of calls that are to succeed
SHORT = 1.0  # of calls that are not
PATIENT = 3.0  # of calls that are not, of many clients at once
_SAMPLE = 3  # messages of a call at which it is broken, in the tiers below standard

Points: TypeAlias = Callable[[int], Sequence[int]]  # picks messages, given how many there are


class Site:
    """Where a test has its stores.

    Parameters
    ----------
    bed : Bed
        The servers.
    target : Target
        The backend.
    clients : Clients
        Of other processes.
    """

    def __init__(self, bed: Bed, target: Target, clients: Clients) -> None:
        self.bed, self.clients = bed, clients
        self._target = target
        self._names: dict[str, str] = {}  # by address
        self._open = ExitStack()

    def new(self) -> str:
        """Return the address of a store that does not exist yet, and goes with the test."""
        name = f"suite-{secrets.token_hex(6)}"
        address = self.bed.address(name)
        self._names[address] = name
        return address

    def traces(self, address: str) -> int:
        """Return how many things the servers hold of a store."""
        return self.bed.traces(self._names[address])

    def open(self, address: str, dimension: int | None = 4, **options: Any) -> Any:
        """Open a store in this process; it is closed at the end."""
        store = self._target.open(dimension, path=address, **{"timeout": TIMEOUT, **options})
        self._open.callback(_quietly, store.close)
        return store

    def stocked(self, address: str) -> Any:
        """Open a new store in which "a" and "b" share a vector, and "c" has another."""
        store = self.open(address)
        store.add_vectors(["a", "b", "c"], UNITS[[0, 0, 1]])
        return store

    def job(
        self,
        address: str,
        *calls: Call,
        fault: Fault | None = None,
        since: int = 0,
        endless: bool = False,
        **options: Any,
    ) -> Job:
        """Return the job of a client of a store."""
        given = {"dimension": 4, "timeout": TIMEOUT, **options}
        return Job(address, calls, given, fault, since, endless)

    def close(self) -> None:
        """Close and drop all stores."""
        self._open.close()
        for address in self._names:
            _quietly(lambda address=address: self._target.open(path=address, mode="r+", timeout=TIMEOUT).drop())


UNITS = np.eye(4, dtype=np.float32)


def _quietly(call: Any) -> None:
    with suppress(RefvecError, OSError):
        call()


@pytest.fixture(scope="session")
def clients(target: Target) -> Iterator[Clients]:
    """Clients of the backend under test, in processes of their own."""
    found = Clients(target.spelling)
    yield found
    found.close()


@pytest.fixture
def site(bed: Bed, target: Target, clients: Clients) -> Iterator[Site]:
    """Where a test of a networked backend has its stores."""
    found = Site(bed, target, clients)
    yield found
    found.close()


@pytest.fixture
def points(pytestconfig: pytest.Config) -> Points:
    """All messages of a call, or in the tiers below standard some of them."""
    if TIERS.index(pytestconfig.getoption("--refvec-tier")) >= TIERS.index("standard"):
        return range
    return lambda count: sorted({round(step * (count - 1) / (_SAMPLE - 1)) for step in range(_SAMPLE)})
