"""What the tests share beyond the backend under test: seeds, budgets and a stocked store."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import hypothesis
import numpy as np
import pytest
from refvec import VectorStore, backends

from ..judging.marks import TIERS
from ..judging.target import Target
from .durability import folder

Make: TypeAlias = Callable[..., VectorStore]
Explore: TypeAlias = Callable[[Callable[[], Any], int], None]
Budget: TypeAlias = Callable[[int], int]

_SCALE = dict(zip(TIERS, (0.1, 0.3, 1.0, 10.0), strict=True))
UNITS = np.eye(4, dtype=np.float32)


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A number that depends on ``--refvec-seed`` and on the test, and on no backend."""
    name = f"{request.config.getoption('--refvec-seed')} {request.node.originalname}"
    return zlib.crc32(name.encode())


@pytest.fixture
def rng(seed: int) -> np.random.Generator:
    """A random generator with the seed of the test."""
    return np.random.default_rng(seed)


@pytest.fixture
def budget(pytestconfig: pytest.Config) -> Budget:
    """Scale a number of examples, given for the standard tier, to the tier that runs."""
    factor = _SCALE[pytestconfig.getoption("--refvec-tier")]
    return lambda count: max(10, round(count * factor))


@pytest.fixture
def explore(seed: int, budget: Budget) -> Explore:
    """Run a function decorated with ``hypothesis.given``, seeded, on so many examples."""

    def run(check: Callable[[], Any], examples: int) -> None:
        checks = list(hypothesis.HealthCheck)
        settings = hypothesis.settings(
            max_examples=budget(examples), database=None, deadline=None, suppress_health_check=checks
        )
        hypothesis.seed(seed)(settings(check))()

    return run


@pytest.fixture
def stocked(make: Make) -> VectorStore:
    """A store of dimension 4: "a" and "b" share a vector, "c" and "d" have their own, one slot is freed."""
    return stocked_with(make)


def stocked_with(make: Make) -> VectorStore:
    """Return the store of the fixture `stocked`, opened by `make`."""
    store = make(4, 8)
    store.add_vectors(["a", "b", "c", "d", "gone"], UNITS[[0, 0, 1, 2, 3]])
    store.remove_vector("gone")
    return store


@pytest.fixture
def spelling(request: pytest.FixtureRequest, target: Target) -> str:  # noqa: ARG001 - the test runs on it
    """How a child process names the backend under test: a name, or ``module:Class``."""
    return str(request.node.callspec.params["target"])


@pytest.fixture
def names() -> list[str]:
    """The names of the installed backends that load."""
    return [row.name for row in backends() if row.error is None]


def label(value: object) -> str:
    """Return a short name for a parameter: the same in every process, and no call of its methods."""
    plain = type(value) in (str, bytes, int, float, complex, bool, tuple, list, type(None))
    if not plain and not isinstance(value, np.generic):
        return type(value).__name__
    text = ascii(value)
    return (
        type(value).__name__ if " at 0x" in text else text if len(text) <= 40 else f"{text[:30]}({len(text)})"
    )


@pytest.fixture
def place() -> Iterator[Path]:
    """The path of a store that is not there yet."""
    with folder() as found:
        yield found / "store"
