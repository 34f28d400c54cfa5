"""Data for the benchmarks, and a table of medians as ratios at the end."""

import uuid

import numpy as np
import pytest
from refvec import VectorStore, backends

VECTORS, DIMENSION = 10_000, 384
BASELINE = "numpy"


def pytest_generate_tests(metafunc):
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", [row.name for row in backends() if row.error is None], scope="session")


@pytest.fixture(scope="session")
def rows():
    return np.random.default_rng(1).standard_normal((VECTORS, DIMENSION)).astype(np.float32)


@pytest.fixture(scope="session")
def ids():
    rng = np.random.default_rng(2)
    return [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(VECTORS)]


@pytest.fixture(scope="session")
def filled(backend, ids, rows):
    """A store with all vectors, for reading only."""
    store = VectorStore(DIMENSION, backend=backend)
    store.add_vectors(ids, rows)
    return store


@pytest.fixture
def fresh(backend, ids, rows):
    """Return a set-up for benchmarks that change the store: (store,) with the first `count` vectors."""

    def setup(count):
        store = VectorStore(DIMENSION, backend=backend)
        if count:
            store.add_vectors(ids[:count], rows[:count])
        return (store,), {}

    return setup


def pytest_terminal_summary(terminalreporter, config):
    medians = {}
    for bench in config._benchmarksession.benchmarks:
        medians.setdefault(bench.group, {})[bench.params["backend"]] = bench.stats.median
    names = sorted(
        {name for found in medians.values() for name in found}, key=lambda name: (name != BASELINE, name)
    )
    if not medians or BASELINE not in names:
        return
    write = terminalreporter.write_line
    terminalreporter.section(f"medians, and times faster than {BASELINE}")
    write(f"{'':32}" + "".join(f"{name:>22}" for name in names))
    for group, found in medians.items():
        cells = (f"{1000 * found[n]:>11.3f} ms {found[BASELINE] / found[n]:6.2f}x" for n in names if n in found)
        write(f"{group:32}" + "".join(f"{cell:>22}" for cell in cells))
