"""The whole interface against the oracle, call by call."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any

from refvec_conformance.inputs.traces import whole
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.oracle.model import Model
from refvec_conformance.probes.alike import Alike
from refvec_conformance.probes.fixtures import Budget
from refvec_conformance.probes.traces import Open, compare


@clause("ATOM-1", "INDEX-2", "VEC-5", tier="standard")
def test_every_sequence_of_calls_agrees_with_the_oracle(target: Target, seed: int, budget: Budget) -> None:
    random, declared = Random(seed), target.capabilities
    for _ in range(budget(60)):
        opening: dict[str, Any] = {
            "dimension": random.choice([None, 1, 2, 3]),
            "initial_capacity": random.choice([1, 2, 3, 1000]),
            "precision": random.choice([None, 0, 3, 6, 7, "exact"]),
        }
        stores: dict[str, Open] = {
            "model": partial(Model, backend=target.name, **opening),
            target.name: partial(target.open, **opening),
        }
        precision = 6 if opening["precision"] is None else opening["precision"]
        trace = whole(random, opening["dimension"] or 2, precision, 30, search=declared.search)
        compare(trace, stores, opening, Alike(declared.dense_indices and declared.ordered_ids))
