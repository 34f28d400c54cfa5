"""Which modules of the suite to collect where tests are named: to import all of them takes seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from ..judging.clauses import clauses
from ..judging.records import Outcome, TestRecord

# Nothing is known of what these would have judged, so no clause passes.
OTHERS = TestRecord(
    "tests of other modules",
    tuple(clauses()),
    outcome=Outcome.NOT_NAMED,
    reason="not among the tests asked for",
)


def modules_of(package: str, only: Iterable[str]) -> list[str]:
    """Return the modules of the tests that are named, in their order in the package.

    It is the package itself if none is named, or if one is not found where it should be:
    then the nearest of all tests is to be told.
    """
    named = {one.partition("::")[0].removeprefix(f"{package}."): None for one in only}
    if not named or not all(_has(package, one) for one in only):
        return [package]
    return [f"{package}.{module}" for module in sorted(named)]


def _has(package: str, test: str) -> bool:
    """Return whether the source of a module defines a function of that name; nothing is imported."""
    module, _, rest = test.partition("::")
    module = module.removeprefix(f"{package}.")
    function = rest.partition("[")[0].rpartition("::")[2]
    source = _folder(package) / f"{module}.py"
    if not re.fullmatch(r"test_\w+", module) or not function.isidentifier() or not source.is_file():
        return False
    return re.search(rf"^\s*(async )?def {function}\(", source.read_text("utf-8"), re.MULTILINE) is not None


def _folder(package: str) -> Path:
    spec = find_spec(package)
    places = None if spec is None else spec.submodule_search_locations
    return Path(next(iter(places or ()), ""))
