"""Calls of a client that are broken at each of their messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import methodcaller
from typing import Any

import numpy as np

from ..faulty_network import Fault
from .accounts import Held, held
from .clients import Call, History
from .site import Points, Site

UNITS = np.eye(4, dtype=np.float32)
A, B, C, D = (tuple(map(float, row)) for row in UNITS)
STOCK: Held = {"a": A, "b": A, "c": B}


@dataclass(frozen=True)
class Arrow:
    """One call on a store that holds `STOCK`.

    Attributes
    ----------
    call : callable
        The call.
    after : dict
        What the store holds when it has happened.
    result : object
        What it returns; None for indices.
    """

    call: Call
    after: Held
    result: Any = None


# Vectors that are new, that are there, that are shared, and whose last reference goes.
ARROWS: Mapping[str, Arrow] = {
    "add": Arrow(methodcaller("add_vector", "x", D), {**STOCK, "x": D}),
    "add a vector that is there": Arrow(methodcaller("add_vector", "x", A), {**STOCK, "x": A}),
    "add a batch": Arrow(
        methodcaller("add_vectors", ["x", "y", "z"], [D, A, D]), {**STOCK, "x": D, "y": A, "z": D}
    ),
    "upsert": Arrow(methodcaller("upsert_vector", "c", D), {**STOCK, "c": D}),
    "upsert a batch": Arrow(
        methodcaller("upsert_vectors", ["a", "c", "x"], [B, A, D]), {"a": B, "b": A, "c": A, "x": D}
    ),
    "remove": Arrow(methodcaller("remove_vector", "c"), {"a": A, "b": A}, True),
    "remove a batch": Arrow(methodcaller("remove_vectors", ["a", "c", "no"]), {"b": A}, 2),
    "clear": Arrow(methodcaller("clear"), {}),
}


@dataclass(frozen=True)
class Broken:
    """What became of a call that was broken at a message.

    Attributes
    ----------
    fault : Fault
        How, and at which.
    client : History
        What the client has to say.
    address : str
        Of the store.
    store : VectorStore
        The store, opened by somebody else.
    """

    fault: Fault
    client: History
    address: str
    store: Any

    @property
    def found(self) -> Held:
        """What the store holds."""
        return held(self.store)


def messages_of(site: Site, *calls: Call, **options: Any) -> int:
    """Return how many messages the first of the calls sends when nothing is broken."""
    address = site.new()
    site.stocked(address).close()
    (client,) = site.clients.run(site.job(address, calls[0], **options))
    client.results()
    assert client.sent, "nothing that it sends is seen: it has sockets of its own, or TLS"
    return client.sent


def broken(
    site: Site, calls: Sequence[Call], kinds: Sequence[str], points: Points, **options: Any
) -> list[Broken]:
    """Break the first of the calls in each of the ways, at messages of it as `points` picks them."""
    chosen = points(messages_of(site, *calls))
    faults = [Fault(kind, at) for kind in kinds for at in chosen]
    addresses = [site.new() for _ in faults]
    stores = [site.stocked(address) for address in addresses]
    jobs = [
        site.job(address, *calls, fault=fault, **options)
        for address, fault in zip(addresses, faults, strict=True)
    ]
    clients = [
        client for start in range(0, len(jobs), 8) for client in site.clients.run(*jobs[start : start + 8])
    ]
    return [Broken(*one) for one in zip(faults, clients, addresses, stores, strict=True)]
