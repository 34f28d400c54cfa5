"""A backend that does not declare ``dense_indices`` need not reuse an index, and may not lie about it.

Those that lie are `numbering.HidesFreed` and `crashes.ReusesAtOnceInDisorder`, which the kill matrix kills.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from refvec_conformance.zoo.undeclared import harmless

JUDGED = ("COUNT-3", "DUR-8")


def test_to_reuse_nothing_is_right_where_no_order_is_promised():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        killers, ran = pool.submit(harmless, *JUDGED).result()
    assert killers == {}
    assert ran.keys() == {"OnceOnly", "OnceOnlyInFiles"}
    assert min(ran.values()) >= 15
