"""The whole interface against the oracle, call by call."""

from __future__ import annotations

import hypothesis
from hypothesis.stateful import run_state_machine_as_test

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.fixtures import Budget, settings
from refvec_conformance.probes.stateful import machine_for


@clause("ATOM-1", "INDEX-2", "VEC-5", tier="standard")
def test_every_sequence_of_calls_agrees_with_the_oracle(target: Target, seed: int, budget: Budget) -> None:
    machine = hypothesis.seed(seed)(machine_for(target))
    run_state_machine_as_test(machine, settings=settings(budget(60), stateful_step_count=30))
