"""Generated traces on all chosen backends at once, and on the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Any

import pytest
from refvec import VectorStore, backends

from refvec_conformance.inputs.operations import Trace
from refvec_conformance.inputs.traces import mixed, searches, unordered
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.prerequisites import NeighbourError
from refvec_conformance.judging.target import Target
from refvec_conformance.oracle.model import Model
from refvec_conformance.probes.alike import Alike
from refvec_conformance.probes.fixtures import Budget
from refvec_conformance.probes.neighbours import beside
from refvec_conformance.probes.traces import Open, compare, exactly, run

PRECISIONS = [0, 3, 6, 7, "exact"]


def fit(target: Target, trace: Trace) -> Trace:
    """Return the trace as far as it is the same for every backend with these capabilities."""
    return trace if target.capabilities.ordered_ids else unordered(trace)


def _stores(target: Target, **opening: object) -> Mapping[str, Open]:
    model = partial(Model, backend=target.name, **opening)  # type: ignore[arg-type]
    return {"model": model, target.name: partial(target.open, **opening)}


@clause("ERR-1", "VEC-5", tier="standard", requires="dense_indices")
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("dimension", [1, 3])
def test_a_random_trace_agrees_with_the_oracle_bit_for_bit(
    target: Target, seed: int, budget: Budget, dimension: int, precision: int | str
) -> None:
    trace = fit(target, mixed(Random(seed), dimension, precision, budget(400)))
    opening = {"dimension": dimension, "initial_capacity": 2, "precision": precision}
    compare(trace, _stores(target, **opening), opening)


@clause("ERR-1", "VEC-5", "SAVE-1", tier="standard", requires="dense_indices")
@pytest.mark.parametrize("precision", [2, "exact"])
def test_all_installed_backends_agree_on_a_random_trace(
    target: Target, seed: int, budget: Budget, precision: int | str
) -> None:
    opening: dict[str, Any] = {"dimension": 2, "initial_capacity": 3, "precision": precision}
    trace = fit(target, mixed(Random(seed), 2, precision, budget(300)))
    strangers = []
    for name in _numbered_alike(target):
        peer = partial(VectorStore, backend=name, **opening)

        def experiment(one: Target, name: str = name, peer: Open = peer) -> None:
            compare(trace, {name: peer, one.name: partial(one.open, **opening)}, opening)

        try:
            beside(target, name, experiment)
        except NeighbourError as error:
            strangers.append(error)
    if strangers:
        raise strangers[0]


def _numbered_alike(target: Target) -> list[str]:
    """Return the other installed backends that number and order as the contract says."""
    declared = {row.name: row.capabilities for row in backends() if row.capabilities is not None}
    return [
        name
        for name, one in declared.items()
        if name != target.name and one.dense_indices and one.ordered_ids >= target.capabilities.ordered_ids
    ]


@clause("OPEN-7", tier="standard", requires="dense_indices")
def test_a_random_trace_without_a_dimension_agrees_with_the_oracle(
    target: Target, seed: int, budget: Budget
) -> None:
    random = Random(seed)
    for _ in range(budget(30)):
        compare(fit(target, mixed(random, 2, 6, 20)), _stores(target), {})


@clause("SEARCH-3", tier="quick", requires="search")
def test_dot_products_of_small_integers_give_every_backend_the_hits_of_the_oracle(
    target: Target, seed: int, budget: Budget
) -> None:
    trace = searches(Random(seed), 3, budget(150))
    differ = exactly if target.capabilities.dense_indices else Alike(exact=False)
    compare(trace, _stores(target, dimension=3), {"dimension": 3}, differ)


@clause("ERR-1", tier="quick", requires="dense_indices")
def test_the_same_trace_gives_the_same_outcomes_again(target: Target, seed: int) -> None:
    trace = fit(target, mixed(Random(seed), 3, 6, 150))
    first, second = (run(trace, partial(target.open, 3)) for _ in range(2))
    assert [line for line, one, other in zip(trace, first, second, strict=True) if one != other] == []
