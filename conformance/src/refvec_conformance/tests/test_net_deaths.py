"""NET-5: a client that dies at any point leaves every id whole, and what it leaves behind can be collected."""

from __future__ import annotations

from operator import methodcaller

import pytest
from refvec import UnsupportedError

from refvec_conformance.faulty_network import DEATHS, Fault
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.accounts import held, swept, torn
from refvec_conformance.probes.arrows import ARROWS, STOCK, A, Arrow, D, broken, messages_of
from refvec_conformance.probes.site import Points, Site

every_arrow = pytest.mark.parametrize("arrow", ARROWS.values(), ids=ARROWS)


@clause("NET-5", requires="networked", since="1.1")
@every_arrow
def test_a_client_that_dies_leaves_every_id_whole(site: Site, arrow: Arrow, points: Points) -> None:
    for one in broken(site, [arrow.call], DEATHS, points):
        assert one.client.killed or one.found == arrow.after, one.fault
        assert torn(one.found, STOCK, arrow.after) == [], one.fault
        assert swept(one.store) == [], one.fault
        assert torn(one.found, STOCK, arrow.after) == [], one.fault


@clause("NET-5", requires="networked", since="1.1")
def test_what_a_dead_client_left_is_in_nobody_s_way(site: Site, points: Points) -> None:
    for one in broken(site, [ARROWS["add a batch"].call], DEATHS, points):
        one.store.upsert_vectors(["x", "y", "z"], [D, D, A])
        assert one.found == {**STOCK, "x": D, "y": D, "z": A}, one.fault
        one.store.clear()
        assert swept(one.store) == [], one.fault
        assert one.store.get_statistics()["unique_vectors"] == 0, one.fault


@clause("NET-5", requires="networked", since="1.1")
def test_what_a_dead_client_left_is_not_found(site: Site, points: Points) -> None:
    for one in broken(site, [ARROWS["add"].call], DEATHS, points):
        index = one.store.get_index("x")
        assert sorted(one.store.ids()) == sorted(one.found), one.fault
        assert index is None or one.store.ids_at(index) == ["x"], one.fault


@clause("NET-5", requires="networked", since="1.1")
def test_a_search_does_not_find_what_a_dead_client_left(site: Site, target: Target, points: Points) -> None:
    for one in broken(site, [ARROWS["add"].call], DEATHS, points):
        if target.capabilities.search:
            found = one.store.search(D, 9).ids
            assert [ids for ids in found if set(ids) - {*STOCK}] == [("x",)] * ("x" in one.store), one.fault
            assert all(found), one.fault
        else:
            with pytest.raises(UnsupportedError):
                one.store.search(D, 9)


@clause("NET-5", "NET-1", requires="networked", since="1.1")
def test_a_client_that_dies_while_it_founds_a_store_leaves_one_that_opens(site: Site, points: Points) -> None:
    (client,) = site.clients.run(site.job(site.new(), since=-1))
    for kind in DEATHS:
        for at in points(client.sent):
            address = site.new()
            site.clients.run(site.job(address, fault=Fault(kind, at), since=-1))
            store = site.stocked(address)
            assert held(store) == STOCK


@clause("NET-5", "NET-1", requires="networked", since="1.1")
def test_a_client_that_dies_while_it_drops_a_store_leaves_none_or_all(site: Site, points: Points) -> None:
    for one in broken(site, [methodcaller("drop")], DEATHS, points):
        try:
            store = site.open(one.address, None, mode="r+")
        except FileNotFoundError:
            store = site.open(one.address)
            assert held(store) == {}, one.fault
        else:
            assert held(store) == STOCK, one.fault


@clause("NET-5", requires="networked", since="1.1")
def test_a_sweeper_may_die_as_well(site: Site, points: Points) -> None:
    arrow, vacuum = ARROWS["add a batch"], methodcaller("vacuum", 0)
    faults = [Fault(kind, at) for kind in DEATHS for at in points(messages_of(site, vacuum))]
    dead = broken(site, [arrow.call], ["die answered"], lambda count: [count - 2] * len(faults))
    jobs = [site.job(one.address, vacuum, fault=fault) for one, fault in zip(dead, faults, strict=True)]
    assert any(sweeper.killed for sweeper in site.clients.run(*jobs))
    for one, fault in zip(dead, faults, strict=True):
        assert swept(one.store) == [], fault
        assert torn(one.found, STOCK, arrow.after) == [], fault
