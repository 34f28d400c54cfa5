"""DUR-2: how a durable store ends: by close, with its last reference, or with its process."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from refvec import (
    StoreClosedError,
)

from refvec_conformance.inputs.hostile import OwnError
from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.children import output_of
from refvec_conformance.probes.durability import held, kept, names_in
from refvec_conformance.probes.fixtures import UNITS

from .helpers import stock


@clause("DUR-2", requires="durable")
def test_close_flushes_and_releases(target: Target, place: Path) -> None:
    store = stock(target, place)
    store.add_vector("d", UNITS[2])
    wanted = held(store)
    store.close()
    with target.open(path=place, mode="r+") as again:
        assert held(again) == wanted


@clause("DUR-2", requires="durable")
def test_with_flushes_also_when_the_body_raised(target: Target, place: Path) -> None:
    with pytest.raises(OwnError), stock(target, place) as store:
        store.add_vector("d", UNITS[2])
        raise OwnError
    assert store.closed
    assert len(kept(target, place)["ids"]) == 4


@clause("DUR-2", requires="durable")
@pytest.mark.parametrize("cycle", [False, True])
def test_a_dropped_store_releases_and_discards(target: Target, place: Path, cycle: bool) -> None:
    store = stock(target, place)
    wanted = held(store)
    store.add_vector("d", UNITS[2])
    if cycle:
        vars(store)["itself"] = store
    handles = len(names_in(Path("/proc/self/fd")))
    del store
    gc.collect()
    assert len(names_in(Path("/proc/self/fd"))) < handles
    with target.open(path=place, mode="r+") as again:
        assert held(again) == wanted


@clause("DUR-2", requires="durable")
@pytest.mark.parametrize("method", ["flush", "refresh", "verify", "compact", "ids"])
def test_a_closed_durable_store_refuses(target: Target, place: Path, method: str) -> None:
    store = stock(target, place)
    store.close()
    store.close()
    with pytest.raises(StoreClosedError):
        getattr(store, method)()


FORK = """
import os, sys
from refvec import StoreClosedError, StoreLockedError
from refvec_conformance.judging.target import resolved
with resolved(sys.argv[1]) as target:
    store = target.open(2, path=sys.argv[2])
    store.add_vector("a", [1, 0])
    store.flush()
    store.add_vector("b", [0, 1])
    reader = target.open(path=sys.argv[2], mode="r")
    child = os.fork()
    if not child:
        wrong = 0
        for one in (store, reader):
            calls = one.flush, one.ids, one.verify, one.compact, lambda: one.get_vector("a"), lambda: len(one)
            for call in calls:
                try:
                    call()
                    wrong += 1
                except StoreClosedError:
                    pass
            one.close()
            wrong += not one.closed
        try:
            target.open(path=sys.argv[2])
            wrong += 1
        except StoreLockedError:
            pass
        del store, reader
        if sys.argv[3] == "at once":
            os._exit(wrong)
        sys.exit(wrong)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    try:
        target.open(path=sys.argv[2])
    except StoreLockedError:
        print("locked")
    store.flush()
    store.verify()
    print(reader.refresh(), reader.ids(), store.ids())
    store.close()
    print(target.open(path=sys.argv[2]).ids())
"""


@clause("DUR-2", tier="standard", requires="durable")
@pytest.mark.parametrize("end", ["at once", "in order"])
def test_a_forked_child_has_nothing_and_takes_nothing(spelling: str, place: Path, end: str) -> None:
    found = output_of(FORK, spelling, str(place), end).splitlines()
    assert found == ["0", "locked", "True ['a', 'b'] ['a', 'b']", "['a', 'b']"]


@clause("DUR-2", "DUR-5", tier="standard", requires="durable")
def test_the_lock_dies_with_its_process_and_not_with_its_children(spelling: str, place: Path) -> None:
    found = output_of(
        """
        import os, sys
        from refvec_conformance.judging.target import resolved
        with resolved(sys.argv[1]) as target:
            end, alive = os.pipe()
            told, tell = os.pipe()
            writer = os.fork()
            if not writer:
                store = target.open(2, path=sys.argv[2])
                store.add_vector("a", [1, 0])
                store.flush()
                if not os.fork():
                    os.write(tell, b"x")
                    os.close(alive)
                    os.read(end, 1)
                    os._exit(0)
                os.read(told, 1)
                os.kill(os.getpid(), 9)
            os.waitpid(writer, 0)
            print(target.open(path=sys.argv[2], mode="r+").ids())
            os.close(alive)
        """,
        spelling,
        str(place),
    )
    assert found == "['a']"
