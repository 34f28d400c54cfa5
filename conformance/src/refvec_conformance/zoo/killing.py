"""What becomes of mutants when the tests of their own clauses are set on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from .catalogue import Mutant, mutants, nothing
from .scattered import Scattered
from .sessions import Tests, meet, own_tests
from .specimen import Specimen

_RIGHT: tuple[type[Specimen], ...] = (Specimen, Scattered)
_DOORS = ("OPEN-3", "OPEN-4", "OPEN-6", "OPEN-8", "PLUGIN-1", "PLUGIN-2")


@dataclass(frozen=True)
class Fate:
    """What became of a mutant.

    Attributes
    ----------
    family, name, clause : str
        Which mutant.
    summary : str
        What is broken.
    killer : str or None
        The test of its own clause that failed first; None if it survived.
    ran : int
        How many tests of its clause it met.
    told : str
        What its author would read of the test that failed.
    """

    family: str
    name: str
    clause: str
    summary: str
    killer: str | None
    ran: int
    told: str = ""


def groups(chosen: Sequence[int]) -> list[list[int]]:
    """Return positions in the catalogue, those together that one session can judge.

    Backends that break the same clause meet its tests together; a broken
    front door is alone.
    """
    known = mutants()
    found: dict[object, list[int]] = {}
    for position in chosen:
        together = known[position].clause if known[position].is_backend else position
        found.setdefault(together, []).append(position)
    return list(found.values())


def fates_of(
    group: Sequence[int], tests: Mapping[str, Tests], usual: Mapping[str, str]
) -> list[tuple[int, Fate]]:
    """Return what becomes of a group of mutants: who survives its usual killer meets all tests, tier by tier.

    Parameters
    ----------
    group : sequence of int
        Positions in the catalogue, one of `groups`.
    tests : mapping
        Of every tier, the tests of every clause.
    usual : mapping
        Of mutants by "family.name", the test that killed them last time.
    """
    known = mutants()
    alive = {known[position].spelling: position for position in group}
    clause = known[group[0]].clause
    last = {
        spelling: usual.get(f"{known[position].family}.{known[position].name}", "")
        for spelling, position in alive.items()
    }
    killers: dict[int, str] = {}
    read: dict[int, str] = {}
    ran: Counter[int] = Counter()
    for only, (tier, own) in product((last, None), tests.items()):
        if alive:
            met = [one for one in own.get(clause, []) if only is None or _function(one) in _functions(only)]
            witness = meet([known[position] for position in alive.values()], met, tier, only)
            ran.update({position: witness.ran[spelling] for spelling, position in alive.items()})
            read.update({alive[spelling]: text for spelling, text in witness.told.items()})
            killers.update({alive.pop(spelling): test for spelling, test in witness.killers.items()})
    return [(one, _fate(known[one], killers.get(one), ran[one], read.get(one, ""))) for one in group]


def _function(address: str) -> str:
    """Return the id of a test without its case, as `Fate.killer` begins."""
    path, _, name = address.partition("::")
    return f"{Path(path).stem}::{name}"


def _functions(only: Mapping[str, str]) -> set[str]:
    return {test.partition("[")[0] for test in only.values()}


def _fate(mutant: Mutant, killer: str | None, ran: int, told: str = "") -> Fate:
    return Fate(mutant.family, mutant.name, mutant.clause, mutant.summary, killer, ran, told)


def unharmed(tier: str) -> list[Fate]:
    """Return what the tests make of what is not broken: who kills it is a test that is wrong.

    The quick tier meets the stock of which the zoo is made, and what promises
    less; the standard tier meets a front door in order.
    """
    own = own_tests(tier)
    if tier == "quick":
        right = [Mutant("", kind.__module__.rpartition(".")[2], kind.__name__, kind) for kind in _RIGHT]
    else:
        right = [Mutant("", "catalogue", "nothing", nothing)]
        own = {clause: tests for clause, tests in own.items() if clause in _DOORS}
    witness = meet(right, list(dict.fromkeys(test for tests in own.values() for test in tests)), tier)
    return [_fate(one, witness.killers.get(one.spelling), witness.ran[one.spelling]) for one in right]
