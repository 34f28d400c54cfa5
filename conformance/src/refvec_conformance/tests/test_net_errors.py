"""NET-3, OPEN-8: servers that are not there, do not let us in, or stand still."""

from __future__ import annotations

import logging
from operator import attrgetter, methodcaller

import pytest
from refvec import BackendUnavailableError, OutcomeUnknownError

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.accounts import held, torn
from refvec_conformance.probes.arrows import ARROWS, STOCK
from refvec_conformance.probes.clients import Call
from refvec_conformance.probes.fixtures import UNITS
from refvec_conformance.probes.site import PATIENT, SHORT, Site

USER, PASSWORD = "alice-of-the-suite", "hunter2/of:the@suite"
SECRETS = (USER, PASSWORD, "hunter2")

READS: dict[str, Call] = {
    "get_vector": methodcaller("get_vector", "a"),
    "get_vectors": methodcaller("get_vectors", ["a", "c"]),
    "get_indices": methodcaller("get_indices", ["a", "no"]),
    "find_vector": methodcaller("find_vector", UNITS[1]),
    "ids": methodcaller("ids"),
    "snapshot": methodcaller("snapshot"),
    "get_all_vectors": methodcaller("get_all_vectors"),
    "get_statistics": methodcaller("get_statistics"),
    "count": attrgetter("count"),
}
WRITES: dict[str, Call] = {name: arrow.call for name, arrow in ARROWS.items()}
SWEEPS: dict[str, Call] = {"vacuum": methodcaller("vacuum", 0)}


@clause("NET-3", requires="networked", since="1.1")
def test_without_a_server_opening_raises_in_time_and_names_where(site: Site) -> None:
    address = site.bed.nowhere("suite-nowhere")
    (client,) = site.clients.run(site.job(address, timeout=SHORT))
    assert client.opening is not None, "it hangs"
    assert type(client.opening.error) is BackendUnavailableError, client.opening.shown
    assert isinstance(client.opening.error, ConnectionError)
    assert address.partition("://")[2].partition("/")[0] in str(client.opening.error)


@clause("OPEN-8", "NET-3", requires="networked", since="1.1")
@pytest.mark.parametrize("where", ["address", "nowhere"])
def test_who_logs_in_is_not_shown_when_that_fails(
    site: Site, where: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    address = getattr(site.bed, where)("suite-denied", user=USER, password=PASSWORD)
    with caplog.at_level(logging.DEBUG), pytest.raises(BackendUnavailableError) as caught:
        site.open(address, timeout=SHORT)
    assert type(caught.value) is BackendUnavailableError
    (client,) = site.clients.run(site.job(address, timeout=SHORT))
    assert client.opening is not None, "it hangs"
    shown = [*capfd.readouterr(), caplog.text, client.opening.shown, *client.opening.warned]
    error: BaseException | None = caught.value
    while error is not None:
        shown += [str(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    assert [secret for secret in SECRETS for text in shown if secret in text] == []


@clause("NET-3", requires="networked", needs=("freeze",), since="1.1")
def test_when_no_server_answers_every_call_ends_and_says_what_it_may_have_changed(site: Site) -> None:
    calls = {**READS, **WRITES, **SWEEPS}
    addresses = {name: site.new() for name in calls}
    stores = {name: site.stocked(address) for name, address in addresses.items()}
    # Every client has connections, and has used them, when nobody answers any more.
    jobs = [
        site.job(addresses[name], attrgetter("dimension"), call, timeout=PATIENT)
        for name, call in calls.items()
    ]
    nodes = [node for one in site.bed.primaries() for node in [one, *site.bed.replicas(one)]]

    def freeze() -> None:
        for node in nodes:
            site.bed.freeze(node)

    found = site.clients.run_through(jobs, 0, freeze)
    for node in nodes:
        site.bed.thaw(node)
    for name, client in zip(calls, found, strict=True):
        assert not client.hung, name
        assert len(client.calls) == 2, (name, client.opening)
        done = client.calls[1]
        assert isinstance(done.error, BackendUnavailableError), (name, done)
        if name in READS:
            assert type(done.error) is BackendUnavailableError, (name, done.shown)
    for name, client in zip(calls, found, strict=True):
        after = ARROWS[name].after if name in ARROWS else STOCK
        if isinstance(client.calls[1].error, OutcomeUnknownError):
            assert torn(held(stores[name]), STOCK, after) == [], name
        else:
            assert held(stores[name]) == STOCK, name


@clause("NET-3", requires="networked", needs=("freeze",), since="1.1")
def test_when_the_servers_answer_again_so_does_the_store(site: Site) -> None:
    address = site.new()
    site.stocked(address)
    store = site.open(address, timeout=SHORT)
    nodes = [node for one in site.bed.primaries() for node in [one, *site.bed.replicas(one)]]
    for node in nodes:
        site.bed.freeze(node)
    with pytest.raises(BackendUnavailableError):
        store.get_vectors(["a", "c"])
    for node in nodes:
        site.bed.thaw(node)
    assert held(store) == STOCK
    store.add_vector("x", UNITS[3])
    assert "x" in store
