"""Rounds of commands: to all masters at once, each with one WAIT behind its own, until all are answered."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakValueDictionary

from redis.exceptions import ResponseError
from refvec import BackendUnavailableError, RefvecError

from .attempt import Attempt
from .nodes import BROKEN, Connected, Node, limit, read
from .refusals import lasting, not_executed, without_function
from .settings import Servers, Settings
from .slots import SlotMap
from .wire import command

Call = tuple[int, bytes]


class _Unanswered:
    """What stands for an answer that is missing, or that no replica is known to have."""

    def __repr__(self) -> str:
        return "LOST"


LOST: Any = _Unanswered()
_PENDING: Any = object()
_WAIT_MS = 500
_LATE_MS = 120  # a server looks ten times a second whose time is up
_COUNTED_FOR = 1.0  # seconds that a number of replicas is believed


class Fleet:
    """The servers, as all stores of this process on the same servers share them.

    Parameters
    ----------
    servers : Servers
        Where to ask first.
    """

    def __init__(self, servers: Servers) -> None:
        self.map = SlotMap(servers)
        self._refreshing = threading.Lock()

    def refresh(self, attempt: Attempt) -> tuple[str, str] | None:
        """Learn anew who has which slot; return why that was not to be had."""
        # A forked child may never get the lock.
        if not self._refreshing.acquire(timeout=min(_COUNTED_FOR, attempt.patience)):
            return None
        try:
            return self.map.refresh(attempt)
        finally:
            self._refreshing.release()


class Rounds:
    """How one store talks to its servers.

    Parameters
    ----------
    settings : Settings
        How many replicas must have a write.
    attempt : Attempt
        The time that finding the servers may take.
    """

    def __init__(self, settings: Settings, attempt: Attempt) -> None:
        self.fleet = fleet_of(settings.servers)
        if not self.fleet.map.masters():
            self.fleet.refresh(attempt)
        self._need = settings.replicas
        self._strict = settings.strict
        self._counts: dict[Node, tuple[float, int]] = {}
        self._warned = False

    def read(self, calls: Sequence[Call], attempt: Attempt) -> list[Any]:
        """Return the answers to commands that change nothing."""
        return _Round(self, calls, attempt, durable=False, once=False).run()

    def write(self, calls: Sequence[Call], attempt: Attempt, *, durable: bool = True) -> list[Any]:
        """Return the answers to steps that may be repeated, once the replicas have them."""
        return _Round(self, calls, attempt, durable=durable, once=False).run()

    def write_once(self, calls: Sequence[Call], attempt: Attempt) -> list[Any]:
        """Return the answers to steps that must not run twice; LOST where one is not known."""
        return _Round(self, calls, attempt, durable=True, once=True).run()

    def needed(self, node: Node, attempt: Attempt) -> int:
        """Return how many replicas of a node must have a write."""
        if self._strict or self._need == 0:
            return self._need
        counted, found = self._counts.get(node, (0.0, 0))
        now = time.monotonic()
        if now - counted > _COUNTED_FOR:
            found = node.replicas(attempt.patience)
            self._counts[node] = now, found
        if found < self._need:
            self._warn(node, found)
        return min(self._need, found)

    def forget(self, node: Node) -> None:
        """Count the replicas of a node anew."""
        self._counts.pop(node, None)

    def _warn(self, node: Node, found: int) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"{node.address} has {found} replicas and not {self._need}: with durability='available' writes "
                "go on, and the death of this server may lose them",
                RuntimeWarning,
                stacklevel=2,
            )


class _Round:
    """Commands on their way."""

    def __init__(
        self, rounds: Rounds, calls: Sequence[Call], attempt: Attempt, *, durable: bool, once: bool
    ) -> None:
        self._rounds, self._map = rounds, rounds.fleet.map
        self._calls, self._attempt = calls, attempt
        self._durable, self._once = durable, once
        self._answers = [_PENDING] * len(calls)
        self._why = (self._map.seed, "no server has answered")
        self._error: RefvecError | None = None
        self._lacking: set[Node] = set()  # servers without our functions

    def run(self) -> list[Any]:
        """Return all answers."""
        pending: Sequence[int] = range(len(self._calls))
        while pending:
            self._patience = self._attempt.patience
            sent = [
                (node, positions, self._send(node, positions)) for node, positions in self._by_node(pending)
            ]
            for node, positions, connection in sent:
                if connection is not None:
                    self._receive(node, positions, connection)
            self._load_libraries()
            if self._error is not None:
                raise self._error
            pending = [position for position in pending if self._answers[position] is _PENDING]
            if pending:
                self._attempt.again(*self._why, least=2 * _LATE_MS / 1000 if self._durable else 0.0)
                self._note(self._rounds.fleet.refresh(self._attempt))
        return self._answers

    def _load_libraries(self) -> None:
        while self._lacking:
            node = self._lacking.pop()
            try:
                node.load_library(self._attempt.patience)
            except BROKEN as error:
                self._why = (node.address, node.unreachable(error))
            except ResponseError as error:
                if not not_executed(error):
                    self._error = lasting(node.address, error)

    def _note(self, failed: tuple[str, str] | None) -> None:
        if failed is not None:
            self._why = failed

    def _by_node(self, pending: Iterable[int]) -> list[tuple[Node, list[int]]]:
        found: dict[Node, list[int]] = {}
        owner, calls = self._map.owner, self._calls
        for position in pending:
            node = owner(calls[position][0])
            if node is not None:
                found.setdefault(node, []).append(position)
            elif self._map.cluster:
                self._why = (self._map.seed, f"no server has the hash slot {calls[position][0]}")
        return list(found.items())

    def _send(self, node: Node, positions: list[int]) -> Connected | None:
        try:
            connection = node.lease(self._patience)
        except BackendUnavailableError as error:
            raise self._attempt.refused(error) from error
        except BROKEN as error:
            self._why = (node.address, node.unreachable(error))
            return None
        calls = self._calls
        commands = [calls[position][1] for position in positions]
        try:
            if self._durable:
                commands.append(self._wait(node))
            connection.send_packed_command([b"".join(commands)], check_health=False)
        except BROKEN as error:
            self._lost(node, positions, error)
            connection.disconnect()
            return None
        except BaseException:
            connection.disconnect()
            raise
        return connection

    def _wait(self, node: Node) -> bytes:
        patience = max(1, min(_WAIT_MS, int(self._patience * 1000) - _LATE_MS))
        return command(b"WAIT", b"%d" % self._rounds.needed(node, self._attempt), b"%d" % patience)

    def _receive(self, node: Node, positions: list[int], connection: Connected) -> None:
        place, attempt = 0, self._attempt
        answered, patience = False, self._patience
        try:
            for place, position in enumerate(positions):  # noqa: B007 - where it broke
                if attempt.left < patience:
                    patience = attempt.patience
                    limit(connection, patience)
                try:
                    self._answers[position] = read(connection)
                except ResponseError as error:
                    self._refused(node, error)
            place = len(positions)
            if self._durable:
                self._acknowledged(node, positions, int(read(connection)))
            answered = True
        except ResponseError as error:  # of WAIT
            self._doubt(node, positions, f"answers WAIT with {error}")
            answered = True
        except BROKEN as error:
            self._doubt(node, positions[:place], "")
            self._lost(node, positions[place:], error)
        finally:
            if answered:
                node.give_back(connection)
            else:
                connection.disconnect()

    def _acknowledged(self, node: Node, positions: list[int], replicas: int) -> None:
        needed = self._rounds.needed(node, self._attempt)
        if replicas < needed:
            self._rounds.forget(node)
            self._doubt(node, positions, f"{replicas} replicas have the write, not {needed}")

    def _doubt(self, node: Node, positions: list[int], why: str) -> None:
        """Take back answers that would not outlive the server."""
        if why:
            self._why = (node.address, why)
        if self._durable:
            for position in positions:
                if self._answers[position] is not _PENDING:
                    self._answers[position] = LOST if self._once else _PENDING

    def _lost(self, node: Node, positions: list[int], error: Exception) -> None:
        self._why = (node.address, f"the connection broke ({type(error).__name__})")
        if self._once:
            for position in positions:
                self._answers[position] = LOST

    def _refused(self, node: Node, error: ResponseError) -> None:
        self._why = (node.address, str(error))
        if without_function(error):
            self._lacking.add(node)
        elif not not_executed(error):
            self._error = lasting(node.address, error)


_fleets: WeakValueDictionary[Servers, Fleet] = WeakValueDictionary()


def fleet_of(servers: Servers) -> Fleet:
    """Return the servers, which know each other already if another store of this process uses them."""
    found = _fleets.get(servers)
    if found is None:
        found = _fleets[servers] = Fleet(servers)
    return found
