"""No judging without assertions: under ``python -O`` a broken backend would pass."""

from __future__ import annotations

WHY = (
    "The suite cannot judge without assertions, and this Python leaves them out (-O or PYTHONOPTIMIZE): "
    "a broken backend would pass. Run it without."
)


class NoAssertionsError(RuntimeError):
    """Python runs without assertions."""


def require_assertions() -> None:
    """Raise `NoAssertionsError` where ``assert`` does nothing."""
    if not __debug__:
        raise NoAssertionsError(WHY)
