"""Servers that are there to be broken: what is done to them is what it is called."""

import numpy as np
import pytest
from refvec import BackendUnavailableError, VectorStore
from refvec_redis import library
from refvec_redis.cluster import LocalCluster
from refvec_redis.moving import Mover, slots_of
from refvec_redis.testbed import LocalBed

ROWS = np.arange(400, dtype=np.float32).reshape(100, 4)
IDS = [f"id {one}" for one in range(100)]


def offset(cluster, port):
    role = cluster.ask(int(port), b"ROLE")
    return role[1] if role[0] == b"master" else role[4]


def test_nothing_reaches_a_server_that_was_cut_off_until_it_is_healed(bed):
    if "cut" in bed.lacking:
        pytest.skip(bed.lacking["cut"])
    apart = bed.cluster
    address = bed.address("cut")
    with (
        VectorStore(4, path=f"{address}&replicas=0") as hasty,
        VectorStore(4, path=f"{address}&timeout=1") as store,
    ):
        primary = bed.primaries()[0]
        (replica,) = bed.replicas(primary)
        bed.cut(replica)
        before = offset(apart, replica), offset(apart, primary)
        hasty.add_vectors(IDS, ROWS)
        assert offset(apart, primary) > before[1]
        with pytest.raises(BackendUnavailableError, match="0 replicas have the write"):
            store.upsert_vectors(IDS, ROWS[::-1])
        assert offset(apart, replica) == before[0]
        bed.restore()
        store.upsert_vectors(IDS, ROWS[::-1])
        assert offset(apart, replica) > before[0]
        assert store.get_vectors(IDS).tolist() == ROWS[::-1].tolist()


def test_moving_slots_keeps_ids_and_indices(cluster, open_store):
    store, bed = open_store(), LocalBed(cluster)
    indices = store.add_vectors(IDS, ROWS)
    before = [sum(map(len, slots_of(cluster.node(int(one))))) for one in bed.primaries()]
    bed.move()
    after = [sum(map(len, slots_of(cluster.node(int(one))))) for one in bed.primaries()]
    assert sum(after) == sum(before)
    assert sorted(np.subtract(after, before).tolist()) == [-2500, 0, 2500]
    assert store.get_indices(IDS).tolist() == indices.tolist()
    assert store.upsert_vectors(IDS, ROWS).tolist() == indices.tolist()
    assert store.search(ROWS[3], 1, metric="euclidean").ids == [("id 3",)]


def test_a_server_that_is_added_takes_part_with_the_functions_or_without():
    with (
        LocalCluster(2, 0) as cluster,
        VectorStore(4, path=f"{cluster.url}corpus?buckets=16&replicas=0") as store,
    ):
        indices = store.add_vectors(IDS, ROWS)
        added = cluster.add(2)
        for source, target, loaded in zip(cluster.ports, added, (False, True), strict=False):
            if loaded:
                cluster.ask(target, b"FUNCTION", b"LOAD", library.source())
            Mover(cluster.node(source), cluster.node(target)).move(slots_of(cluster.node(source))[0])
            store.upsert_vectors(IDS[50:], ROWS[:50])
            assert store.get_indices(IDS[:50]).tolist() == indices[:50].tolist()
            assert store.get_vectors(IDS[50:]).tolist() == ROWS[:50].tolist()
            (found,) = cluster.ask(target, b"FUNCTION", b"LIST")
            assert library.name().encode() in found
