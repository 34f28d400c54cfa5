"""A plugin of pytest that leaves only the tests of one clause, and says which of them fails."""

from __future__ import annotations

from collections.abc import Generator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add its option."""
    parser.addoption("--of-clause", metavar="ID", help="the clause; all, if not given")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the others."""
    clause = config.getoption("--of-clause")
    if clause is None:
        return
    items[:] = [item for item in items if clause in getattr(item.get_closest_marker("clause"), "args", ())]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say that a test has failed."""
    report = yield
    if report.failed:
        print(f"\nKILLER {item.path.stem}::{getattr(item, 'originalname', item.name)}")
    return report
