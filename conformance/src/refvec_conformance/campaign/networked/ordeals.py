"""What is done to the servers while clients work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from ...testbed import Bed
from .crew import Crew, waited

_LONGEST = 60.0
_WORK = 15_000  # bytes that clients write down: some hundred calls
_MEANWHILE = 1.5  # seconds that clients work on what is left, where strict ones have to wait for a replica


class Stage:
    """The servers and the clients of one run.

    Parameters
    ----------
    bed : Bed
        The servers.
    crew : Crew
        The clients.
    random : Random
        Picks servers and moments.

    Attributes
    ----------
    faults : int
        How many servers were killed, frozen or cut off, and how often slots were moved.
    """

    def __init__(self, bed: Bed, crew: Crew, random: Random) -> None:
        self.bed, self._crew, self._random = bed, crew, random
        self.faults = 0

    def primary(self) -> str:
        """Return one of the servers that take writes and have a replica."""
        return self._random.choice([node for node in self.bed.primaries() if self.bed.replicas(node)])

    def work(self, seconds: float = 1.0) -> None:
        """Let clients work, for at least so long."""
        end, enough = time.monotonic() + seconds, self._crew.written() + _WORK
        waited(lambda: time.monotonic() > end, _LONGEST, self._crew.kill_some)
        waited(lambda: self._crew.written() > enough, _LONGEST, self._crew.kill_some)

    def pause(self, seconds: float) -> None:
        """Let so much time go by."""
        end = time.monotonic() + seconds
        waited(lambda: time.monotonic() > end, _LONGEST, self._crew.kill_some)

    def kill(self, node: str) -> None:
        """Kill a server."""
        self.faults += 1
        self.bed.kill(node)

    def freeze(self, node: str) -> None:
        """Stop a server."""
        self.faults += 1
        self.bed.freeze(node)

    def cut(self, node: str) -> None:
        """Cut a server off from the others."""
        self.faults += 1
        self.bed.cut(node)

    def move(self) -> None:
        """Move slots."""
        self.faults += 1
        self.bed.move()

    def replaced(self, behind: list[str]) -> None:
        """Wait until one of these has become a primary."""
        if not waited(lambda: set(behind) & set(self.bed.primaries()), _LONGEST, self._crew.kill_some):
            raise RuntimeError(f"none of {behind} takes over")


def _killed(stage: Stage, before: Callable[[str], object] = lambda _: None) -> str:
    node = stage.primary()
    behind = stage.bed.replicas(node)
    before(node)
    stage.kill(node)
    stage.replaced(behind)
    return node


def _not_restarted(stage: Stage) -> None:
    _killed(stage)
    stage.pause(_MEANWHILE)


def _restarted(stage: Stage) -> None:
    node = _killed(stage)
    stage.pause(_MEANWHILE)
    stage.bed.start(node)


def _restarted_at_once(stage: Stage) -> None:
    node = stage.primary()
    stage.kill(node)
    stage.bed.start(node)


def _replica_killed(stage: Stage) -> None:
    node = stage.bed.replicas(stage.primary())[0]
    stage.kill(node)
    stage.pause(_MEANWHILE)
    stage.bed.start(node)


def _frozen_briefly(stage: Stage) -> None:
    node = stage.primary()
    stage.freeze(node)
    stage.pause(1.0)
    stage.bed.thaw(node)


def _frozen_long(stage: Stage) -> None:
    node = stage.primary()
    behind = stage.bed.replicas(node)
    stage.freeze(node)
    stage.replaced(behind)
    stage.pause(_MEANWHILE)
    stage.bed.thaw(node)


def _replica_frozen(stage: Stage) -> None:
    node = stage.primary()
    behind = stage.bed.replicas(node)
    for one in behind:
        stage.freeze(one)
    stage.pause(1.0)
    stage.kill(node)
    for one in behind:
        stage.bed.thaw(one)
    stage.replaced(behind)
    stage.pause(_MEANWHILE)
    stage.bed.start(node)


def _replicas_cut(stage: Stage, some: Callable[[list[str]], list[str]] = lambda behind: behind) -> None:
    node = stage.primary()
    behind = stage.bed.replicas(node)
    for one in some(behind):
        stage.cut(one)
    stage.pause(1.2)
    stage.kill(node)
    for one in some(behind):
        stage.bed.heal(one)
    stage.replaced(behind)
    stage.pause(_MEANWHILE)
    stage.bed.start(node)


def _primary_cut(stage: Stage) -> None:
    node = stage.primary()
    behind = stage.bed.replicas(node)
    stage.cut(node)
    stage.replaced(behind)
    stage.pause(_MEANWHILE)
    stage.bed.heal(node)


@dataclass(frozen=True)
class Ordeal:
    """Something that is done to servers.

    Attributes
    ----------
    name : str
        For the table.
    needs : tuple of str
        The powers of the bed.
    act : callable
        Does it once, given the stage.
    times : int
        How often in a run, with everything mended in between.
    """

    name: str
    needs: tuple[str, ...]
    act: Callable[[Stage], None]
    times: int = 2


ORDEALS = {
    "kill": Ordeal("a primary is killed, and started after another took over", ("kill",), _restarted),
    "kill-no-restart": Ordeal("a primary is killed, and not started again", ("kill",), _not_restarted, 1),
    "kill-at-once": Ordeal("a primary is killed, and started at once", ("kill",), _restarted_at_once),
    "replica": Ordeal("a replica is killed, and started later", ("kill",), _replica_killed),
    "freeze": Ordeal("a primary stands still for 1 s", ("freeze",), _frozen_briefly),
    "freeze-long": Ordeal("a primary stands still until another took over", ("freeze",), _frozen_long),
    "replica-frozen": Ordeal(
        "all replicas stand still for 1 s, then their primary is killed", ("freeze", "kill"), _replica_frozen
    ),
    "move": Ordeal("slots are moved", ("move",), Stage.move),
    "cut": Ordeal("all replicas are cut off, then their primary is killed", ("cut", "kill"), _replicas_cut),
    "cut-one": Ordeal(
        "one replica is cut off, then its primary is killed",
        ("cut", "kill"),
        lambda stage: _replicas_cut(stage, lambda behind: behind[:1]),
    ),
    "cut-primary": Ordeal(
        "a primary is cut off from all other servers, with clients on its side", ("cut",), _primary_cut
    ),
}
