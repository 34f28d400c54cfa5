"""The conformance suite of refvec: the contract, clause by clause, for any backend.

>>> from refvec_conformance import run
>>> result = run("python", tier="smoke")  # doctest: +SKIP
>>> result.exit_code, result.backends[0].totals  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .judging.marks import clause, provisional
    from .judging.results import RunResult
    from .runner import run

__all__ = ["RunResult", "__version__", "clause", "provisional", "run"]

_HOMES = {
    "RunResult": "judging.results",
    "clause": "judging.marks",
    "provisional": "judging.marks",
    "run": "runner",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: pytest loads this package in every session where it is installed.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
