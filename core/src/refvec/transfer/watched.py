"""A copy of a whole store that tells how far it is."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from ..interchange.content import Progress
from ..state import State
from .payloads import NoPayloads

_SHOWN = 256  # payloads between two reports of progress


class Watched:
    """What is copied as a whole, telling how far that is: payloads first."""

    def __init__(self, state: State, payloads: NoPayloads, progress: Progress) -> None:
        self._state, self._payloads, self._progress = state, payloads, progress
        self._done, self._total = 0, len(state.layout.indices) + len(payloads)

    def state(self) -> State:
        """Return the state, of which every block is told."""
        return self._state._replace(blocks=self._blocks())

    def _blocks(self) -> Iterator[NDArray[np.float32]]:
        for block in self._state.blocks:
            yield block
            self._tell(len(block))

    def payloads(self) -> Generator[tuple[str, bytes]]:
        """Yield the payloads, and tell of some at a time."""
        count = 0
        for count, pair in enumerate(self._payloads.items(), 1):
            yield pair
            if not count % _SHOWN:
                self._tell(_SHOWN)
        self._tell(count % _SHOWN)

    def _tell(self, more: int) -> None:
        if more:
            self._done += more
            self._progress(self._done, self._total)
