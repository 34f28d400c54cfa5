"""NET-4: what was acknowledged survives the death of any one node."""

from __future__ import annotations

from functools import partial

import pytest
from refvec import BackendUnavailableError, OutcomeUnknownError

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.accounts import held, swept, torn
from refvec_conformance.probes.arrows import ARROWS, STOCK
from refvec_conformance.probes.load import Action, kept, nothing, under_load
from refvec_conformance.probes.site import SHORT, Site

BEFORE, MEANWHILE, AFTER = 60, 20, 30  # changes


def replicas(site: Site) -> list[str]:
    """Return the replicas of all primaries."""
    return [node for one in site.bed.primaries() for node in site.bed.replicas(one)]


@clause("NET-4", requires="networked", needs=("freeze",), since="1.1")
@pytest.mark.parametrize("durability", ["strict", "available"])
def test_a_write_that_no_replica_has_is_not_acknowledged(site: Site, durability: str) -> None:
    # With "available", too: the replicas are still there, and only silent.
    addresses = {name: site.new() for name in ARROWS}
    stores = {name: site.stocked(address) for name, address in addresses.items()}
    frozen = replicas(site)
    for node in frozen:
        site.bed.freeze(node)
    jobs = [
        site.job(addresses[name], arrow.call, timeout=SHORT, durability=durability)
        for name, arrow in ARROWS.items()
    ]
    found = site.clients.run(*jobs)
    for node in frozen:
        site.bed.thaw(node)
    for (name, arrow), client in zip(ARROWS.items(), found, strict=True):
        assert not client.hung, name
        error = client.calls[0].error if client.calls else client.opening and client.opening.error
        assert isinstance(error, BackendUnavailableError), (name, client.calls)
        whole = torn(
            held(stores[name]), STOCK, arrow.after if isinstance(error, OutcomeUnknownError) else STOCK
        )
        assert whole == [], name


@clause("NET-4", requires="networked", needs=("kill",), tier="standard", since="1.1")
def test_available_goes_on_without_replicas_and_warns_and_strict_does_not(site: Site) -> None:
    strict, available = site.new(), site.new()
    for address in (strict, available):
        site.stocked(address).close()
    dead = replicas(site)
    for node in dead:
        site.bed.kill(node)
    arrow = ARROWS["add a batch"]
    refused, went_on = site.clients.run(
        site.job(strict, arrow.call, timeout=SHORT), site.job(available, arrow.call, durability="available")
    )
    site.bed.restore()
    assert isinstance(refused.calls[0].error, BackendUnavailableError), refused.calls
    went_on.results()
    assert went_on.opening is not None
    assert [text for done in (went_on.opening, *went_on.calls) for text in done.warned], "nobody was warned"
    assert held(site.open(available)) == arrow.after
    assert torn(held(site.open(strict)), STOCK, arrow.after) == []


@clause("NET-4", requires="networked", needs=("kill",), tier="standard", since="1.1")
def test_the_death_of_a_primary_loses_nothing_acknowledged(site: Site, seed: int) -> None:
    address = site.new()
    site.open(address).close()
    bed, dead = site.bed, site.bed.primaries()[0]
    expected = under_load(site, address, seed, [(BEFORE, partial(bed.kill, dead)), (AFTER, nothing)])
    assert kept(site, address, expected) == []
    site.bed.restore()
    assert kept(site, address, expected) == []
    assert swept(site.open(address)) == []


@clause("NET-4", requires="networked", needs=("kill",), tier="standard", since="1.1")
def test_a_primary_that_comes_back_takes_part_again(site: Site, seed: int) -> None:
    address = site.new()
    site.open(address).close()
    bed, dead = site.bed, site.bed.primaries()[-1]
    steps: list[Action] = [
        (BEFORE, partial(bed.kill, dead)),
        (MEANWHILE, partial(bed.start, dead)),
        (AFTER, nothing),
    ]
    expected = under_load(site, address, seed, steps)
    site.bed.restore()
    assert kept(site, address, expected) == []
    assert swept(site.open(address)) == []


@clause("NET-4", requires="networked", needs=("kill",), tier="standard", since="1.1")
def test_the_death_of_a_replica_loses_nothing_acknowledged(site: Site, seed: int) -> None:
    address = site.new()
    site.open(address).close()
    bed, dead = site.bed, replicas(site)[0]
    steps: list[Action] = [
        (BEFORE, partial(bed.kill, dead)),
        (MEANWHILE, partial(bed.start, dead)),
        (AFTER, nothing),
    ]
    expected = under_load(site, address, seed, steps)
    site.bed.restore()
    assert kept(site, address, expected) == []
    assert swept(site.open(address)) == []


@clause("NET-4", requires="networked", needs=("cut", "kill"), tier="standard", since="1.1")
@pytest.mark.parametrize("restart", [True, False], ids=["restarted", "not restarted"])
def test_a_replica_that_was_cut_off_lacks_nothing_acknowledged(site: Site, seed: int, restart: bool) -> None:
    address = site.new()
    site.open(address).close()
    bed, dead = site.bed, site.bed.primaries()[0]
    behind = bed.replicas(dead)

    def cut() -> None:
        for node in behind:
            bed.cut(node)

    def kill() -> None:
        bed.kill(dead)
        for node in behind:
            bed.heal(node)

    steps = [
        (BEFORE, cut),
        (MEANWHILE, kill),
        (MEANWHILE, partial(bed.start, dead) if restart else nothing),
    ]
    expected = under_load(site, address, seed, [*steps, (AFTER, nothing)])
    assert kept(site, address, expected) == []
    site.bed.restore()
    assert kept(site, address, expected) == []
    assert swept(site.open(address)) == []


@clause("NET-4", "NET-2", requires="networked", needs=("move",), tier="standard", since="1.1")
def test_moving_what_the_servers_hold_loses_nothing_and_keeps_indices(site: Site, seed: int) -> None:
    address = site.new()
    store = site.stocked(address)
    before = store.get_indices(list(STOCK)).tolist()
    store.remove_vectors(list(STOCK)[1:])
    expected = under_load(site, address, seed, [(BEFORE, site.bed.move), (AFTER, nothing)])
    assert store.get_indices(["a"]).tolist() == before[:1]
    store.remove_vector("a")
    assert kept(site, address, expected) == []
    assert swept(store) == []
