"""NET-2, NET-3: reads while others change the store, of many slots and of one that has gone to another id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from refvec import UnknownIdError, UnsupportedError

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target
from refvec_conformance.probes.meanwhile import Meanwhile
from refvec_conformance.probes.messages import posted
from refvec_conformance.probes.site import Points, Site

Found = dict[str, tuple[float, ...]]

COUNT = 60
STAY: Found = {f"stays {one}": (float(one), 1.0, 2.0, 3.0) for one in range(COUNT)}
COME: Found = {f"comes {one}": (float(one), 4.0, 5.0, 6.0) for one in range(COUNT)}


def of_snapshot(store: Any) -> Found:
    """Return the vector of every id in a snapshot."""
    seen = store.snapshot()
    rows = dict(zip(seen.indices.tolist(), map(tuple, seen.vectors.tolist()), strict=True))
    return {one: rows[index] for one, index in zip(seen.ids, seen.id_indices.tolist(), strict=True)}


def of_vectors(store: Any) -> Found:
    """Return all vectors, under the names that they must have."""
    names = {row: one for one, row in (STAY | COME).items()}
    return {names[row]: row for row in map(tuple, store.get_all_vectors().tolist())}


def of_batches(store: Any) -> Found:
    """Return what `iter_batches` yields."""
    names = {row: one for one, row in (STAY | COME).items()}
    return {names[row]: row for _, rows in store.iter_batches(16) for row in map(tuple, rows.tolist())}


def of_search(store: Any) -> Found:
    """Return all hits of a search that finds everything."""
    known = STAY | COME
    return {one: known[one] for ids in store.search([1, 1, 1, 1], 4 * COUNT).ids for one in ids}


READS: dict[str, Callable[[Any], Found]] = {
    "ids": lambda store: {one: (STAY | COME)[one] for one in store.ids()},
    "snapshot": of_snapshot,
    "get_all_vectors": of_vectors,
    "iter_batches": of_batches,
}


def looked(site: Site, read: Callable[[Any], Found], points: Points) -> None:
    """Read, and let others change the store between any two messages of that."""
    address = site.new()
    one, other = site.open(address), site.open(address)
    other.add_vectors(list(STAY), np.array(list(STAY.values())))

    def change() -> None:
        if "comes 0" in other:
            other.remove_vectors(list(COME))
        else:
            other.add_vectors(list(COME), np.array(list(COME.values())))

    read(one)
    for at in points(12):
        network = Meanwhile(at, change)
        with posted(network):
            found = read(one)
        assert {name: found.get(name) for name in STAY} == STAY, at
        assert found.items() <= (STAY | COME).items(), at


@clause("NET-2", requires="networked", since="1.1")
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_read_of_many_slots_holds_what_was_there_throughout(
    site: Site, read: Callable[[Any], Found], points: Points
) -> None:
    looked(site, read, points)


@clause("NET-2", requires="networked", since="1.1")
def test_a_search_compares_what_was_there_throughout(site: Site, target: Target, points: Points) -> None:
    if target.capabilities.search:
        looked(site, of_search, points)
    else:
        with pytest.raises(UnsupportedError):
            of_search(site.open(site.new()))


@clause("NET-2", requires="networked", since="1.1")
def test_the_statistics_count_what_was_there_throughout(site: Site, points: Points) -> None:
    def read(store: Any) -> Found:
        statistics = store.get_statistics()
        assert COUNT <= statistics["unique_vectors"] <= 2 * COUNT
        assert COUNT <= statistics["total_references"] <= 2 * COUNT
        return STAY

    looked(site, read, points)


OTHERS = np.arange(4 * 300, dtype=np.float32).reshape(300, 4) + 10
READERS: dict[str, Callable[[Any], Any]] = {
    "get_vector": lambda store: store.get_vector("a"),
    "get_vectors": lambda store: store.get_vectors(["a"])[0],
}


@clause("NET-3", "NET-2", requires="networked", since="1.1")
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_reader_never_gets_the_vector_of_another_id(site: Site, read: Callable[[Any], Any]) -> None:
    address = site.new()
    one, other = site.open(address), site.open(address)

    def change() -> None:
        other.remove_vector("a")
        other.add_vectors([str(number) for number in range(len(OTHERS))], OTHERS)  # some has its slot now

    for at in range(3):
        other.clear()
        other.add_vector("a", [1, 2, 3, 4])
        network = Meanwhile(at, change)
        with posted(network):
            try:
                found = read(one)
            except UnknownIdError:
                found = None
        assert found is None or found.tolist() == [1, 2, 3, 4], at
