"""The events of a flush, of which only those become objects that somebody looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import overload

from refvec.state import Columns, Event, EventColumns

from ._native import Events as NativeEvents


class Events(EventColumns):
    """As the native store has noted them.

    Parameters
    ----------
    events : NativeEvents
        At least one.
    first : tuple
        The first of them, an object by which it is known.
    """

    def __init__(self, events: NativeEvents, first: Event) -> None:
        self._events = events
        self._first = first

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._listed())

    @overload
    def __getitem__(self, at: int) -> Event: ...
    @overload
    def __getitem__(self, at: slice) -> list[Event]: ...
    def __getitem__(self, at: int | slice) -> Event | list[Event]:
        return self._first if at == 0 else self._listed()[at]

    def _listed(self) -> list[Event]:
        events = self._events.listed()
        events[0] = self._first
        return events

    def columns(self) -> Columns:
        """Return them as arrays."""
        return Columns(*self._events.columns())
