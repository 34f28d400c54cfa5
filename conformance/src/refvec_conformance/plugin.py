"""The pytest plugin: which backends, which tier, and the fixtures of every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from refvec import VectorStore, backends

from .marks import TIERS
from .target import Target, resolved


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("refvec", "conformance of refvec backends")
    group.addoption(
        "--refvec-backend",
        action="append",
        metavar="NAME",
        help="a backend to test, or module:Class; repeatable (default: every installed backend that loads)",
    )
    group.addoption("--refvec-tier", choices=TIERS, default="standard", help="how deep (default: %(default)s)")
    group.addoption("--refvec-seed", type=int, default=0, help="seed of everything random (default: %(default)s)")


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark."""
    config.addinivalue_line("markers", "clause(*ids, tier, requires): the clauses that a test judges")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that asks for `target` once for each backend."""
    if "target" in metafunc.fixturenames:
        metafunc.parametrize("target", chosen(metafunc.config), indirect=True, scope="session")


def chosen(config: pytest.Config) -> list[str]:
    """Return the spellings of the backends to test."""
    given: list[str] | None = config.getoption("--refvec-backend")
    return given or [row.name for row in backends() if row.error is None]


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The backend under test."""
    with resolved(request.param) as found:
        yield found


@pytest.fixture
def make(target: Target) -> Callable[..., VectorStore]:
    """Open stores of the backend under test: ``make(dimension, ...)``."""
    return target.open


@pytest.fixture
def store(target: Target) -> VectorStore:
    """An empty store of dimension 4."""
    return target.open(4)
