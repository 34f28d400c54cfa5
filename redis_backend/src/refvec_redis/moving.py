"""Moving hash slots from one master to another while clients go on, as ``redis-cli --cluster reshard`` does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .nodes import Node

_AT_ONCE = 50  # slots; those that clients use meanwhile they have to ask for again
_KEYS = b"100"  # of a slot, at once
_PATIENCE = 5.0


class Mover:
    """Moves slots between two masters.

    Parameters
    ----------
    source, target : Node
        From where, and whereto.
    others : iterable of Node
        The masters that should know soon who has the slots; the rest hear of it later.
    """

    def __init__(self, source: Node, target: Node, others: Iterable[Node] = ()) -> None:
        self._source, self._target, self._others = source, target, list(others)
        self._from, self._to = source.ask(b"CLUSTER", b"MYID"), target.ask(b"CLUSTER", b"MYID")
        host, _, port = target.address.rpartition(":")
        self._place = (host.strip("[]").encode(), port.encode())

    def move(self, slots: Sequence[int]) -> None:
        """Move them; each has one master at any time."""
        for start in range(0, len(slots), _AT_ONCE):
            part = slots[start : start + _AT_ONCE]
            _set_all(self._target, part, b"IMPORTING", self._from)
            _set_all(self._source, part, b"MIGRATING", self._to)
            for slot in part:
                self._empty(slot)
            for node in (self._target, self._source, *self._others):
                _set_all(node, part, b"NODE", self._to)

    def _empty(self, slot: int) -> None:
        # While the source has a key, it alone serves it: a copy at the target is of a try that broke off.
        options = (b"", b"0", b"%d" % (1000 * _PATIENCE), b"REPLACE", b"KEYS")
        while keys := self._source.ask(b"CLUSTER", b"GETKEYSINSLOT", b"%d" % slot, _KEYS):
            self._source.ask(b"MIGRATE", *self._place, *options, *keys, patience=2 * _PATIENCE)


def _set_all(node: Node, slots: Sequence[int], state: bytes, other: bytes) -> None:
    node.ask_all([(b"CLUSTER", b"SETSLOT", b"%d" % slot, state, other) for slot in slots])


def move_some(masters: Sequence[Node], count: int) -> None:
    """Move so many slots from the master that has most to the one that has least, and half of its keys."""
    slots = {node: slots_of(node) for node in masters}
    target, *others, source = sorted(masters, key=lambda node: sum(map(len, slots[node])))
    filled, empty = slots[source]
    Mover(source, target, others).move((filled[::2] + empty)[:count])


def slots_of(node: Node) -> tuple[list[int], list[int]]:
    """Return the slots that a master has: those with keys, and those without."""
    name = node.ask(b"CLUSTER", b"MYID")
    found: tuple[list[int], list[int]] = ([], [])
    for first, last, master, *_ in node.ask(b"CLUSTER", b"SLOTS"):
        slots = range(first, last + 1) if master[2] == name else range(0)
        counts = node.ask_all([(b"CLUSTER", b"COUNTKEYSINSLOT", b"%d" % slot) for slot in slots])
        for slot, keys in zip(slots, counts, strict=True):
            found[not keys].append(slot)
    return found
