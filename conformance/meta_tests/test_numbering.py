"""A backend that does not declare ``dense_indices`` numbers as it likes, and may not lie about it.

Those that lie are `numbering.HidesFreed` and `crashes.ReusesAtOnceInDisorder`, which the kill matrix kills.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from refvec_conformance.zoo.undeclared import harmless

JUDGED = ("INDEX-1", "INDEX-3", "COUNT-3", "REMOVE-2", "REMOVE-3", "DUR-8")


def test_another_order_is_right_where_none_is_promised():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        killers, ran = pool.submit(harmless, *JUDGED).result()
    assert killers == {}
    assert ran.keys() == {"DownFromTheHighest", "OnceOnly", "OnceOnlyInFiles"}
    assert min(ran.values()) > 50
