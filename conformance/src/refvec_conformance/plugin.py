"""The pytest plugin: which backends, which tier, and the fixtures of every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from refvec import RefvecError, VectorStore

from . import __version__
from .judging.clauses import contract_version
from .judging.expected import Expectations, ExpectedFileError
from .judging.marks import TIERS, claim_of
from .judging.prerequisites import Beds, beds_of
from .judging.results import ExitCode
from .judging.selection import Choice
from .judging.session import SuiteSession, manifest
from .judging.target import Target, resolved
from .testbed import Bed

_NAME = "refvec-conformance-session"
_ASSERTING = ("refvec_conformance.probes", "refvec_conformance.tests", "refvec_conformance.campaign")


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
    group.addoption(
        "--refvec-seed", type=int, default=0, help="seed of everything random (default: %(default)s)"
    )
    group.addoption("--refvec-as-of", default=contract_version(), metavar="1.x", help="version of the contract")
    group.addoption("--refvec-expected", metavar="FILE", help="TOML file of expected failures")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks, and the part that lives as long as the session."""
    # What these assert is to be told as the tests' own assertions are.
    pytest.register_assert_rewrite(*_ASSERTING)
    config.addinivalue_line("markers", "clause(*ids, tier, requires, since): the clauses that a test judges")
    config.addinivalue_line("markers", "provisional(since): too new to fail anybody")
    try:
        expectations = Expectations.read(config.getoption("--refvec-expected"))
    except ExpectedFileError as error:
        raise pytest.UsageError(str(error)) from error
    choice = Choice(config.getoption("--refvec-tier"), config.getoption("--refvec-as-of"))
    given = config.getoption("--refvec-backend") or []
    config.pluginmanager.register(SuiteSession(given, choice, expectations), _NAME)


def suite_session(config: pytest.Config) -> SuiteSession:
    """Return the part of the plugin that knows how the session goes."""
    found = config.pluginmanager.get_plugin(_NAME)
    assert isinstance(found, SuiteSession)
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test of a clause that asks for `target` once for each backend."""
    # Strangers may have a `target` of their own: only tests of a clause are ours.
    if "target" in metafunc.fixturenames and metafunc.definition.get_closest_marker("clause"):
        spellings = _loadable(metafunc.config)
        metafunc.parametrize("target", spellings, indirect=True, scope="session", ids=spellings)


def _loadable(config: pytest.Config) -> list[str]:
    spellings = suite_session(config).chosen
    for spelling in spellings:
        try:
            manifest(spelling)
        except (RefvecError, ImportError, AttributeError, TypeError, ValueError) as error:
            pytest.exit(f"The backend {spelling!r} cannot be tested: {error}", returncode=ExitCode.CANNOT_RUN)
    return spellings


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The backend under test."""
    with resolved(request.param) as found:
        yield found


@pytest.fixture(scope="session")
def beds(target: Target) -> Iterator[Beds]:
    """The test beds of the backend under test."""
    with beds_of(target) as found:
        yield found


@pytest.fixture
def bed(request: pytest.FixtureRequest, beds: Beds) -> Iterator[Bed]:
    """Servers to test on; those that a test says that it breaks are whole again when it has ended."""
    claim = claim_of(request.node, __version__)
    needs = () if claim is None else claim.needs
    found = beds.get(needs)
    yield found
    if needs:
        found.restore()


@pytest.fixture
def make(target: Target) -> Callable[..., VectorStore]:
    """Open stores of the backend under test: ``make(dimension, ...)``."""
    return target.open


@pytest.fixture
def store(target: Target) -> VectorStore:
    """An empty store of dimension 4."""
    return target.open(4)
