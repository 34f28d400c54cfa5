"""The zoo itself: complete, documented, and broken in nothing but what it says."""

from __future__ import annotations

import pytest
from refvec import VectorStore, backends
from refvec_conformance.judging.clauses import clauses
from refvec_conformance.judging.target import resolved
from refvec_conformance.zoo import mutants
from refvec_conformance.zoo.kill_matrix import unrepresented

ZOO = {f"{one.family}.{one.name}": one for one in mutants()}
BACKENDS = {name: one for name, one in ZOO.items() if one.is_backend}
# Those with which nothing, or nothing like this, can be opened: that is what is broken.
UNOPENABLE = {"opening.DimensionRequired", "plugins.other_group"}


def test_every_must_is_broken_by_a_mutant():
    assert unrepresented() == []


def test_names_are_unique():
    assert len(ZOO) == len(mutants())


def test_clauses_are_known_and_not_planned():
    assert [name for name, one in ZOO.items() if clauses()[one.clause].planned] == []


@pytest.mark.parametrize("name", ZOO)
def test_a_mutant_says_in_one_line_what_is_broken(name):
    assert ZOO[name].summary.endswith(".")


@pytest.mark.parametrize("name", sorted(BACKENDS.keys() - UNOPENABLE))
def test_a_mutant_is_a_backend_that_opens(name):
    with resolved(BACKENDS[name].spelling) as target:
        assert isinstance(target.open(), VectorStore)


DOORS = sorted(ZOO.keys() - BACKENDS.keys())


def ordinary_use():
    names = [row.name for row in backends() if row.error is None]
    return "python" in names and VectorStore(2, backend="python").add_vector("a", [1, 2]) == 0


@pytest.mark.parametrize("name", sorted({*DOORS} - UNOPENABLE))
def test_a_broken_front_door_lets_ordinary_use_pass(name):
    # Else it would be killed for crashing, and not for what it is meant to show.
    with ZOO[name].broken():
        assert ordinary_use()


@pytest.mark.parametrize("name", DOORS)
def test_a_broken_front_door_is_mended_afterwards(name):
    with ZOO[name].broken():
        pass
    assert ordinary_use()
