"""NET-2, NET-3: messages that are lost, come late or twice, and servers that go out of reach in the middle."""

from __future__ import annotations

from operator import methodcaller

import numpy as np
import pytest
from refvec import BackendUnavailableError, OutcomeUnknownError

from refvec_conformance.faulty_network import LOSSES, Fault
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.accounts import swept, torn
from refvec_conformance.probes.arrows import ARROWS, STOCK, Arrow, Broken, broken
from refvec_conformance.probes.site import SHORT, Points, Site

every_arrow = pytest.mark.parametrize("arrow", ARROWS.values(), ids=ARROWS)


def told(one: Broken, arrow: Arrow) -> bool:
    """Return whether a call returned what it returns when nothing goes wrong."""
    (result,) = one.client.results()
    if arrow.result is not None:
        return bool(result == arrow.result)
    if not arrow.after:
        return result is None
    ids = [chunk_id for chunk_id in arrow.after if arrow.after[chunk_id] != STOCK.get(chunk_id)]
    return np.array_equal(np.atleast_1d(result), one.store.get_indices(ids))


@clause("NET-2", requires="networked", since="1.1")
@every_arrow
@pytest.mark.parametrize("kind", LOSSES)
def test_a_call_happens_once_though_a_message_is_lost(
    site: Site, arrow: Arrow, kind: str, points: Points
) -> None:
    for one in broken(site, [arrow.call], [kind], points):
        assert told(one, arrow), (one.fault, one.client.calls)
        assert one.found == arrow.after, one.fault
        assert swept(one.store) == [], one.fault
        assert one.found == arrow.after, one.fault


UNDONE = {
    "add": methodcaller("remove_vector", "x"),
    "add a batch": methodcaller("remove_vectors", ["x", "y", "z"]),
    "upsert": methodcaller("remove_vector", "c"),
}


@clause("NET-2", requires="networked", since="1.1")
@pytest.mark.parametrize("name", UNDONE)
def test_an_id_that_was_removed_is_not_brought_back_by_what_comes_late(
    site: Site, name: str, points: Points
) -> None:
    arrow, undone = ARROWS[name], UNDONE[name]
    gone = {one: row for one, row in arrow.after.items() if STOCK.get(one) == row}
    for one in broken(site, [arrow.call, undone], ["withhold"], points):
        one.client.results()
        assert one.found == gone, one.fault
        assert swept(one.store) == [], one.fault
        assert one.found == gone, one.fault


@clause("NET-2", requires="networked", since="1.1")
def test_an_id_that_was_added_again_is_not_removed_by_what_comes_late(site: Site, points: Points) -> None:
    again = methodcaller("add_vector", "c", [1, 2, 3, 4])
    for kind in ("withhold", "repeat"):
        for one in broken(site, [ARROWS["remove"].call, again], [kind], points):
            one.client.results()
            assert one.found == {**ARROWS["remove"].after, "c": (1, 2, 3, 4)}, one.fault
            assert swept(one.store) == [], one.fault


@clause("NET-3", requires="networked", since="1.1")
@every_arrow
def test_what_cannot_be_finished_says_whether_it_changed_anything(
    site: Site, arrow: Arrow, points: Points
) -> None:
    for one in broken(site, [arrow.call], ["sever"], points, timeout=SHORT):
        assert not one.client.hung, one.fault
        (done,) = one.client.calls
        if done.error is None:
            assert one.found == arrow.after, one.fault
        elif isinstance(done.error, OutcomeUnknownError):
            assert torn(one.found, STOCK, arrow.after) == [], one.fault
        else:
            assert isinstance(done.error, BackendUnavailableError), done.shown
            assert one.found == STOCK, (one.fault, done.error)
        assert swept(one.store) == [], one.fault


@clause("NET-3", requires="networked", since="1.1")
@every_arrow
def test_what_never_reached_a_server_has_surely_changed_nothing(site: Site, arrow: Arrow) -> None:
    for one in broken(site, [arrow.call], ["isolate"], lambda _: [0], timeout=SHORT):
        (done,) = one.client.calls
        assert type(done.error) is BackendUnavailableError, done.shown
        assert isinstance(done.error, ConnectionError)
        assert one.found == STOCK


READS = {
    "get_vector": methodcaller("get_vector", "a"),
    "get_vectors": methodcaller("get_vectors", ["a", "c"]),
    "get_index": methodcaller("get_index", "c"),
    "find_vector": methodcaller("find_vector", [0, 1, 0, 0]),
    "ids": methodcaller("ids"),
    "snapshot": methodcaller("snapshot"),
    "get_all_vectors": methodcaller("get_all_vectors"),
    "get_statistics": methodcaller("get_statistics"),
}


@clause("NET-3", requires="networked", since="1.1")
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_read_that_loses_its_servers_raises_and_one_that_loses_a_message_does_not(
    site: Site, read: methodcaller, points: Points
) -> None:
    for one in broken(site, [read], ["refuse", "lose", "withhold"], points):
        one.client.results()
    for one in broken(site, [read], ["isolate"], points, timeout=SHORT):
        (done,) = one.client.calls
        assert done.error is None or type(done.error) is BackendUnavailableError, done.shown


@clause("NET-2", requires="networked", since="1.1")
def test_a_batch_that_cannot_be_finished_says_which_items_happened(site: Site, points: Points) -> None:
    ids = [f"item {one}" for one in range(40)]
    rows = np.arange(160, dtype=np.float32).reshape(40, 4)
    struck = 0
    for one in broken(
        site, [methodcaller("add_vectors", ids, rows)], ["sever", "isolate"], points, timeout=SHORT
    ):
        (done,) = one.client.calls
        there = [chunk_id in one.store for chunk_id in ids]
        if isinstance(done.error, OutcomeUnknownError):
            struck += 1
            assert done.error.position is not None, done.shown
            assert all(there[: done.error.position]), (one.fault, done.error, there)
        else:
            assert set(there) == {done.error is None}, (one.fault, done.error, there)
    assert struck


@clause("NET-3", requires="networked", since="1.1")
def test_an_opening_that_loses_its_servers_raises(site: Site, points: Points) -> None:
    (client,) = site.clients.run(site.job(site.new(), since=-1))
    for at in points(client.sent):
        for kind in ("isolate", "sever"):
            (client,) = site.clients.run(site.job(site.new(), fault=Fault(kind, at), since=-1, timeout=SHORT))
            assert client.opening is not None, "it hangs"
            error = client.opening.error
            assert error is None or isinstance(error, BackendUnavailableError), client.opening.shown
