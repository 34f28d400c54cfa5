"""Experiments with two backends, of which only one is under test: whoever is wrong is blamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from refvec import BackendPlugin
from refvec.registry import provided

from ..judging.prerequisites import NeighbourError
from ..judging.target import Target
from ..telling.values import as_error

_NAME = "reference"


def beside(target: Target, other: str, experiment: Callable[[Target], None]) -> None:
    """Try the backend under test with another one that is installed.

    If that fails, it is tried again with a store of the suite's own in place
    of the one under test: if that fails, too, the other one is at fault.

    Parameters
    ----------
    target : Target
        The backend under test.
    other : str
        The name of the other one, which may be the same.
    experiment : callable
        Called with what is to be tried; whatever it raises is a failure.

    Raises
    ------
    NeighbourError
        If the other one is at fault.
    """
    try:
        experiment(target)
    except Exception:
        if other == target.name:
            raise
        with _reference() as stand_in:
            fault = _fault(experiment, stand_in)
        if fault is not None:
            raise NeighbourError(other, as_error(fault)) from None
        raise


def _fault(experiment: Callable[[Target], None], stand_in: Target) -> Exception | None:
    try:
        experiment(stand_in)
    except Exception as error:  # an assertion, or whatever a stranger's backend raises
        return error
    return None


@contextmanager
def _reference() -> Iterator[Target]:
    """Yield the naive store of which the zoo is made, whole."""
    from ..zoo.durability import Durable  # the zoo is large, and nobody else here needs it

    store = type("Reference", (Durable,), {"backend": _NAME, "capabilities": replace(Durable.capabilities)})
    with provided(_NAME, BackendPlugin(store)):
        yield Target(_NAME, store)
