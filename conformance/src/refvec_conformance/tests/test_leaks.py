"""Memory stays flat over cycles; measured in a child, because native memory has no other witness."""

from __future__ import annotations

import gc
import weakref

import pytest

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes import leaks
from refvec_conformance.probes.children import output_of
from refvec_conformance.probes.fixtures import UNITS, Make
from refvec_conformance.telling import Telling

CHILD = "import sys; from refvec_conformance.probes.leaks import main; main(*sys.argv[1:])"


class LeakError(AssertionError):
    """The process grows."""

    def __init__(self, cycle: str, grown: int) -> None:
        sentence = (
            f"after {leaks.CYCLES} rounds ({leaks.title(cycle)}) the process holds {grown / 1e6:.1f} MB more; "
            f"expected at most {leaks.ALLOWED / 1e6:.0f} MB"
        )
        self.telling = Telling(sentence, "the process grows", leaks.source(cycle))
        super().__init__(sentence)


@clause("REMOVE-2", "REMOVE-3", "ATOM-2", tier="standard")
@pytest.mark.parametrize("cycle", leaks.NAMES)
def test_memory_stays_flat(spelling: str, cycle: str) -> None:
    grown = int(output_of(CHILD, spelling, cycle, fresh=True))
    if grown >= leaks.ALLOWED:
        raise LeakError(cycle, grown)


@clause("DUR-2")
@pytest.mark.parametrize("how", ["close", "drop"])
def test_a_store_that_is_let_go_is_collected(make: Make, how: str) -> None:
    store = make(4)
    store.add_vectors(["a", "b"], UNITS[:2])
    try:
        ghost = weakref.ref(store)
    except TypeError:
        return  # a native class may do without weak references
    if how == "close":
        store.close()
    del store
    gc.collect()
    assert ghost() is None
