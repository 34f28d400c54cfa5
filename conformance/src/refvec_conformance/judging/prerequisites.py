"""What a test cannot run without, and that is missing for no fault of the backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ..testbed import Bed, factory_of
from .target import Target


class PrerequisiteError(Exception):
    """A test cannot run here: it counts as not run, for this reason, and no level is earned without it."""


class NeighbourError(Exception):
    """A test fails for another backend that is installed: it says nothing about the one under test.

    Parameters
    ----------
    name : str
        The other backend.
    fault : str
        How it fails with a store of the suite's own.
    """

    def __init__(self, name: str, fault: str) -> None:
        super().__init__(f"{NEIGHBOUR} {name!r} is at fault: with a store of the suite's own, too, {fault}")


NEIGHBOUR = "the backend installed beside it,"


class Beds:
    """The test beds of one backend, each made when it is first asked for.

    Parameters
    ----------
    target : Target
        The backend.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._found: dict[bool, Bed | str] = {}
        self._open = ExitStack()

    def get(self, needs: tuple[str, ...]) -> Bed:
        """Return a test bed that has these powers; raises `PrerequisiteError`."""
        breakable = bool(needs)
        if breakable not in self._found:
            self._found[breakable] = self._made(breakable)
        bed = self._found[breakable]
        if isinstance(bed, str):
            raise PrerequisiteError(bed)
        missing = [bed.lacking[one] for one in needs if one in bed.lacking]
        if missing:
            raise PrerequisiteError("; ".join(missing))
        return bed

    def _made(self, breakable: bool) -> Bed | str:
        factory = factory_of(self._target.store)
        if factory is None:
            return (
                f"no test bed is installed for the backend {self._target.name!r} (refvec_conformance.testbed)"
            )
        try:
            return self._open.enter_context(factory(breakable=breakable))
        except Exception as error:
            return f"there is no test bed: {type(error).__name__}: {error}"

    def close(self) -> None:
        """End all servers."""
        self._open.close()


@contextmanager
def beds_of(target: Target) -> Iterator[Beds]:
    """Yield the test beds of a backend, which end with the block."""
    beds = Beds(target)
    try:
        yield beds
    finally:
        beds.close()
