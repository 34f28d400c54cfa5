"""The zoo itself: complete, documented, and broken in nothing but what it says."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from refvec import InProcessVectorStore, Layout, OpenSpec, State, VectorStore, backends
from refvec_conformance.judging.clauses import clauses
from refvec_conformance.judging.target import resolved
from refvec_conformance.zoo import mutants
from refvec_conformance.zoo.catalogue import _changed
from refvec_conformance.zoo.kill_matrix import unrepresented
from refvec_conformance.zoo.specimen import Specimen

ZOO = {f"{one.family}.{one.name}": one for one in mutants()}
BACKENDS = {name: one for name, one in ZOO.items() if one.is_backend}
# Those with which nothing, or nothing like this, can be opened: that is what is broken.
EMPTY = State(Layout([], np.empty(0, np.int64), None, 0, 1000, 1), [])
UNOPENABLE = {"opening.DimensionRequired", "plugins.other_group"}


def test_every_must_is_broken_by_a_mutant():
    assert unrepresented() == []


def test_names_are_unique():
    assert len(ZOO) == len(mutants())


def test_no_mutant_of_the_published_matrix_is_gone():
    page = Path(__file__).parents[2] / "docs" / "kill-matrix.md"
    published = re.findall(r"^\| ([A-Z]+-\d+) \| `([\w.]+)` \|", page.read_text("utf-8"), re.MULTILINE)
    assert len(published) >= 289
    assert set(published) <= {(one.clause, name) for name, one in ZOO.items()}


def test_the_specimen_keeps_its_own_books():
    assert not issubclass(Specimen, InProcessVectorStore)
    assert Specimen.__mro__ == (Specimen, *VectorStore.__mro__)


def test_a_journaled_specimen_holds_freed_indices_back_until_they_are_reclaimed():
    store = Specimen._restore(OpenSpec(1, journaled=True), EMPTY)
    store.add_vectors(["a", "b"], [[1], [2]])
    store.remove_vector("a")
    assert store.add_vector("c", [3]) == 2
    told = store._changes(lambda found: found._replace(blocks=[*found.blocks]))
    assert told.events == [("a", 0), ("b", 1), ("a", -1), ("c", 2)]
    rows = np.vstack(told.blocks).tolist()
    assert (told.written.tolist(), rows, told.freed.tolist()) == ([1, 2], [[2], [3]], [0])
    assert told.size == store._size()
    assert store._changes(lambda found: found.events) == []
    store._reclaim(told.freed)
    assert store.add_vector("d", [4]) == 0


def test_an_answer_changes_one_method_and_nothing_about_it():
    mutant = ZOO["numbering.Fraction"]
    assert (mutant.summary, mutant.subject.__module__) == (
        "``utilization`` is a fraction, not per cent.",
        "refvec_conformance.zoo.numbering",
    )
    assert mutant.subject().get_statistics()["utilization"] == 0
    assert inspect.signature(mutant.subject.get_statistics) == inspect.signature(Specimen.get_statistics)


class Counting(Specimen):
    def add(self, found, by=1):
        return found + by


@pytest.mark.parametrize(
    ("change", "result"),
    [
        (lambda call: call(by=10), 11),
        (lambda call, by: call(by=-by), 0),
        (lambda store, call: (type(store).__name__, call()), ("Changed", 2)),
        (lambda found: found, 1),  # an argument goes before what the method answers
        (lambda by: by, 1),  # also where it was left out
    ],
)
def test_a_row_gets_what_its_parameters_name(change, result):
    assert type("Changed", (Counting,), {"add": _changed(Counting.add, change)})().add(1) == result


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
