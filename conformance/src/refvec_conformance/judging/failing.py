"""What to tell about a test that failed."""

from __future__ import annotations

import shlex

import pytest

from ..telling import Comparison, Telling, told
from .records import Failure
from .selection import spelling_of, test_id

_LIMIT = 8000


def failure_of(
    item: pytest.Item,
    call: pytest.CallInfo[None],
    report: pytest.TestReport,
    comparison: Comparison | None = None,
) -> Failure:
    """Return the failure of a test that has just failed.

    An exception may bring its own `refvec_conformance.telling.Telling` as the
    attribute ``telling``, and a reproduction, the text of a Python script, as
    ``script``. `comparison` is the one that did not hold, if it was one.
    """
    error = call.excinfo
    assert error is not None
    telling = _told(error.value, comparison, item)
    backend, option = spelling_of(item) or "", item.config.getoption
    return Failure(
        kind="assertion" if isinstance(error.value, AssertionError) else "exception",
        exceptions=tuple(_name(one) for one in type(error.value).__mro__ if one is not object),
        message=_clip("\n".join([telling.sentence, *_further(telling, error.value)])),
        cause=telling.cause,
        traceback=_clip(report.longreprtext),
        output=_clip("".join(text for title, text in report.sections if title.startswith("Captured"))),
        command=command(backend, test_id(item), option("--refvec-tier"), option("--refvec-seed")),
        script=str(getattr(error.value, "script", "")),
    )


def command(backend: str, test: str, tier: str, seed: int) -> str:
    """Return the command that runs the test of that id alone."""
    return shlex.join(["refvec", "conformance", backend, "--test", test, "--tier", tier, "--seed", str(seed)])


def _further(telling: Telling, error: BaseException) -> list[str]:
    """Return the lines after the sentence: details, and the example for which a generated test failed."""
    return [*telling.details.strip("\n").splitlines(), *getattr(error, "__notes__", ())]


def _told(error: BaseException, comparison: Comparison | None, item: pytest.Item) -> Telling:
    try:
        return told(error, comparison, item.path.parent)
    except Exception as own:  # a failure is told in any case
        name = type(error).__name__
        return Telling(f"{name}: {error} (told as raised, because of {type(own).__name__}: {own})", name)


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _clip(text: str) -> str:
    if len(text) <= _LIMIT:
        return text
    half = _LIMIT // 2
    return f"{text[:half]}\n... {len(text) - _LIMIT} characters left out ...\n{text[-half:]}"
