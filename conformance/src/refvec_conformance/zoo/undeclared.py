"""What never reuses an index: broken where ``dense_indices`` is declared, and as good as any where it is not.

What reuses in another order is `scattered`.
"""

from __future__ import annotations

from dataclasses import replace

from .catalogue import Mutant
from .crashes import NeverReuses
from .numbering import NoReuse
from .sessions import meet, own_tests
from .specimen import Specimen


class OnceOnly(NoReuse):
    """A freed index is never used again."""

    capabilities = replace(NoReuse.capabilities, dense_indices=False)


class OnceOnlyInFiles(NeverReuses):
    """A freed index of a durable store is lost until it is opened anew."""

    capabilities = replace(NeverReuses.capabilities, dense_indices=False)


def harmless(*clauses: str) -> tuple[dict[str, str], dict[str, int]]:
    """Set the quick tests of clauses on these backends.

    Returns
    -------
    killers : dict
        The first test that failed, by the name of the class.
    ran : dict
        How many tests each met.
    """
    kinds: tuple[type[Specimen], ...] = (OnceOnly, OnceOnlyInFiles)
    known = own_tests("quick")
    tests = list(dict.fromkeys(test for clause in clauses for test in known[clause]))
    right = [Mutant("INDEX-1", "undeclared", one.__name__, one) for one in kinds]
    witness = meet(right, tests, "quick")
    killers = {one.name: witness.killers[one.spelling] for one in right if one.spelling in witness.killers}
    return killers, {one.name: witness.ran[one.spelling] for one in right}
