"""A throw-away cluster for all tests, and a new name for the store of each."""

from __future__ import annotations

import itertools
import shutil

import pytest
from refvec import VectorStore
from refvec_redis.cluster import LocalCluster
from refvec_redis.testbed import local_bed

_names = itertools.count()


def pytest_collection_modifyitems(items):
    if shutil.which("redis-server") is None:
        for item in items:
            if {"bed", "cluster", "single"} & set(item.fixturenames):
                item.add_marker(pytest.mark.skip(reason="there is no redis-server on PATH"))


@pytest.fixture(scope="session")
def cluster():
    with LocalCluster() as found:
        yield found


@pytest.fixture(scope="session")
def bed():
    """Servers to be broken, and mended by whoever did it."""
    with local_bed() as found:
        yield found


@pytest.fixture(scope="session")
def single():
    """A single server that is no cluster."""
    with LocalCluster(1, 0) as found:
        yield found


@pytest.fixture
def address(cluster):
    return f"{cluster.url}store-{next(_names)}?buckets=16&timeout=10"


@pytest.fixture
def open_store(address):
    """Open the store of the test, as often as wanted."""
    opened = []

    def open_it(dimension=4, **arguments):
        opened.append(VectorStore(dimension, path=address, **arguments))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()
