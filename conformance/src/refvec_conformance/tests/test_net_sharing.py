"""NET-1: the same store for any number of processes, until somebody drops it."""

from __future__ import annotations

from operator import attrgetter, methodcaller

import pytest
from refvec import DuplicateIdError, StoreClosedError

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.accounts import held, swept
from refvec_conformance.probes.atomicity import observe
from refvec_conformance.probes.children import output_of
from refvec_conformance.probes.fixtures import UNITS
from refvec_conformance.probes.site import Site


@clause("NET-1", requires="networked", since="1.1")
def test_what_one_process_adds_another_has(site: Site) -> None:
    address = site.new()
    store = site.stocked(address)
    (client,) = site.clients.run(
        site.job(
            address,
            methodcaller("ids"),
            methodcaller("get_vectors", ["a", "c"]),
            methodcaller("add_vector", "d", UNITS[1]),
            dimension=None,
        )
    )
    ids, rows, index = client.results()
    assert sorted(ids) == ["a", "b", "c"]
    assert rows.tolist() == UNITS[:2].tolist()
    assert index == store.get_index("c") == store.get_index("d")
    assert store.get_refcount(index) == 2


@clause("NET-1", requires="networked", since="1.1")
def test_stores_of_one_process_are_the_same_store(site: Site) -> None:
    address = site.new()
    one, other = site.open(address), site.open(address, None)
    index = one.add_vector("a", UNITS[0])
    assert other.add_vector("b", UNITS[0]) == index
    with pytest.raises(DuplicateIdError):
        other.add_vector("a", UNITS[1])
    other.remove_vector("a")
    assert observe(one) == observe(other)
    assert one.ids() == ["b"]


@clause("NET-1", requires="networked", since="1.1")
def test_it_stays_when_its_last_client_has_closed_it(site: Site) -> None:
    address = site.new()
    steps = methodcaller("add_vectors", ["a", "b"], UNITS[:2]), methodcaller("close")
    site.clients.run(site.job(address, *steps))[0].results()
    store = site.open(address, None, mode="r+")
    assert held(store) == {"a": tuple(UNITS[0]), "b": tuple(UNITS[1])}
    before = observe(store)
    store.close()
    assert observe(site.open(address, None, mode="r+")) == before


@clause("NET-1", requires="networked", since="1.1")
def test_it_stays_when_its_last_client_has_died(site: Site) -> None:
    address = site.new()
    site.clients.run(site.job(address, methodcaller("add_vectors", ["a", "b"], UNITS[:2])))[0].results()
    assert held(site.open(address, None, mode="r+")) == {"a": tuple(UNITS[0]), "b": tuple(UNITS[1])}


@clause("NET-1", requires="networked", since="1.1")
def test_an_opening_is_enough_for_it_to_exist(site: Site) -> None:
    address = site.new()
    with pytest.raises(FileNotFoundError):
        site.open(address, None, mode="r+")
    site.open(address, precision=3).close()
    store = site.open(address, None, mode="r+")
    assert (store.dimension, store.precision, len(store)) == (4, 3, 0)
    with pytest.raises(FileExistsError):
        site.open(address, mode="x")


@clause("NET-1", requires="networked", since="1.1")
def test_those_who_open_it_first_at_the_same_time_have_the_same(site: Site) -> None:
    for _ in range(5):
        address = site.new()
        jobs = [site.job(address, methodcaller("add_vector", str(one), UNITS[0])) for one in range(4)]
        indices = {index for client in site.clients.run(*jobs) for index in client.results()}
        store = site.open(address, None, mode="r+")
        assert len(indices) == 1
        assert (sorted(store.ids()), store.count) == (["0", "1", "2", "3"], 1)


@clause("NET-1", requires="networked", since="1.1")
def test_the_first_vector_fixes_the_dimension_for_all(site: Site) -> None:
    address = site.new()
    one, other = site.open(address, None), site.open(address, None)
    assert one.dimension is None
    other.add_vector("a", [1, 2, 3])
    (client,) = site.clients.run(site.job(address, attrgetter("dimension"), dimension=None))
    assert client.results() == [3]
    with pytest.raises(ValueError, match="expected 3, got 2"):
        one.add_vector("b", [1, 2])
    assert one.ids() == ["a"]


@clause("NET-1", requires="networked", since="1.1")
def test_drop_removes_it_for_all(site: Site) -> None:
    address = site.new()
    store = site.stocked(address)
    site.clients.run(site.job(address, methodcaller("drop")))[0].results()
    with pytest.raises(StoreClosedError):
        store.add_vector("d", UNITS[2])
    with pytest.raises(FileNotFoundError):
        site.open(address, None, mode="r+")
    assert site.open(address, 3).ids() == []


@clause("NET-1", requires="networked", since="1.1")
def test_drop_closes_the_object_and_leaves_nothing(site: Site) -> None:
    address = site.new()
    store = site.stocked(address)
    assert site.traces(address) > 0
    store.drop()
    assert store.closed
    with pytest.raises(StoreClosedError):
        store.ids()
    assert site.traces(address) == 0


@clause("NET-1", requires="networked", since="1.1")
def test_a_dropped_store_does_not_come_back_through_who_still_has_it(site: Site) -> None:
    address = site.new()
    old = site.stocked(address)
    site.open(address).drop()
    new = site.open(address)
    new.add_vector("x", UNITS[3])
    with pytest.raises(StoreClosedError):
        old.add_vector("y", UNITS[2])
    with pytest.raises(StoreClosedError):
        old.remove_vector("x")
    assert held(new) == {"x": tuple(UNITS[3])}
    assert swept(new) == []


@clause("NET-1", requires="networked", since="1.1")
def test_dropping_a_dropped_store_leaves_the_next_one_alone(site: Site) -> None:
    address = site.new()
    old, other = site.open(address), site.open(address)
    other.drop()
    new = site.stocked(address)
    old.drop()
    assert sorted(new.ids()) == ["a", "b", "c"]


@clause("NET-1", "DUR-2", requires="networked", since="1.1")
def test_a_forked_child_has_the_same_store_and_leaves_it_to_its_parent(spelling: str) -> None:
    # Temporary, which goes with the process that opened it: not with the child.
    found = output_of(
        """
        import os, sys
        from refvec_conformance.judging.target import resolved
        with resolved(sys.argv[1]) as target:
            store = target.open(2)
            store.add_vector("a", [1, 0])
            child = os.fork()
            if not child:
                store.add_vector("b", [0, 1])
                store.close()
                os._exit(0)
            ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(ended, sorted(store.ids()), store.get_vector("b").tolist())
        """,
        spelling,
    )
    assert found == "0 ['a', 'b'] [0.0, 1.0]"
