"""What to tell about a test that failed."""

from __future__ import annotations

import shlex

import pytest

from .records import Failure
from .scripts import script_for
from .selection import spelling_of, test_id

_LIMIT = 8000


def failure_of(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> Failure:
    """Return the failure of a test that has just failed.

    A test may offer its own reproduction as the user property "reproduce":
    the text of a Python script.
    """
    error = call.excinfo
    assert error is not None
    backend = spelling_of(item) or ""
    offered = dict(item.user_properties).get("reproduce")
    return Failure(
        kind="assertion" if isinstance(error.value, AssertionError) else "exception",
        exceptions=tuple(_name(one) for one in type(error.value).__mro__ if one is not object),
        message=_clip("\n".join([_message(error.value), *getattr(error.value, "__notes__", ())])),
        traceback=_clip(report.longreprtext),
        output=_clip("".join(text for title, text in report.sections if title.startswith("Captured"))),
        command=command_for(item, backend),
        script=str(offered) if offered else script_for(item, backend),
    )


def command_for(item: pytest.Item, backend: str) -> str:
    """Return the command that runs one test alone, with the same seed and tier."""
    return command(
        backend, test_id(item), item.config.getoption("--refvec-tier"), item.config.getoption("--refvec-seed")
    )


def command(backend: str, test: str, tier: str, seed: int) -> str:
    """Return the command that runs the test of that id alone."""
    return shlex.join(["refvec", "conformance", backend, "--test", test, "--tier", tier, "--seed", str(seed)])


def _message(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _clip(text: str) -> str:
    if len(text) <= _LIMIT:
        return text
    half = _LIMIT // 2
    return f"{text[:half]}\n... {len(text) - _LIMIT} characters left out ...\n{text[-half:]}"
