"""A backend of which the primitives are used alone: methods that are overridden to be fast give the same."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Any

import pytest

from refvec_conformance.inputs.traces import mixed, searches, unordered, whole
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.oracle.model import Model
from refvec_conformance.probes.alike import Alike
from refvec_conformance.probes.bare import bare, stripped
from refvec_conformance.probes.fixtures import Budget
from refvec_conformance.probes.traces import Open, compare


def _both(target: Target, **opening: Any) -> Mapping[str, Open]:
    return {target.name: partial(target.open, **opening), "bare": partial(bare(target), **opening)}


@clause("ERR-1", "VEC-5", tier="standard", requires="dense_indices")
@pytest.mark.parametrize("precision", [0, 6, "exact"])
@pytest.mark.parametrize("dimension", [None, 2])
def test_a_backend_that_overrides_nothing_gives_the_same_outcomes(
    target: Target, seed: int, budget: Budget, dimension: int | None, precision: int | str
) -> None:
    trace = mixed(Random(seed), dimension or 2, precision, budget(300))
    opening = {"dimension": dimension, "initial_capacity": 2, "precision": precision}
    fit = trace if target.capabilities.ordered_ids else unordered(trace)
    compare(fit, _both(target, **opening), opening)


@clause("SEARCH-3", "SEARCH-4", requires="search")
def test_a_backend_that_overrides_nothing_finds_the_same(target: Target, seed: int, budget: Budget) -> None:
    trace = searches(Random(seed), 3, budget(100))
    opening: dict[str, Any] = {"dimension": 3}
    both = _both(target, **opening)
    if target.capabilities.dense_indices:
        compare(trace, both, opening)
        return
    for name, open_store in both.items():
        compare(trace, {"model": partial(Model, **opening), name: open_store}, opening, Alike(exact=False))


@clause("ATOM-1", "SAVE-2", "SEARCH-1", tier="standard")
def test_a_backend_that_overrides_nothing_agrees_with_the_oracle(
    target: Target, seed: int, budget: Budget
) -> None:
    random, declared = Random(seed), target.capabilities
    with stripped(target) as other:
        for _ in range(budget(20)):
            opening: dict[str, Any] = {"dimension": random.choice([None, 2]), "initial_capacity": 2}
            stores: dict[str, Open] = {
                "model": partial(Model, backend=other.name, **opening),
                other.name: partial(other.open, **opening),
            }
            trace = whole(random, 2, 6, 30, search=declared.search)
            compare(trace, stores, opening, Alike(declared.dense_indices and declared.ordered_ids))
