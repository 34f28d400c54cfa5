"""Other ideas of closing (DUR-2)."""

from __future__ import annotations

from typing import Any

from refvec import failures

from .catalogue import breaks, mutant
from .specimen import Specimen


@breaks("DUR-2")
class ClosesOnce(Specimen):
    """Closing twice raises."""

    def close(self, *, flush: bool = True) -> None:
        if self._closed:
            raise failures.store_closed()
        super().close(flush=flush)


@breaks("DUR-2")
class FlushesClosed(Specimen):
    """``flush()`` of a closed store does nothing."""

    def flush(self) -> None:
        pass


@breaks("DUR-2")
class NeverCloses(Specimen):
    """A closed store still answers."""

    def _require_open(self) -> None:
        pass


mutant("DUR-2", "CountsWhenClosed", "A closed store is empty, and says so.").does(
    __len__=lambda store, call: 0 if store.closed else call()
)


@breaks("DUR-2")
class WithKeepsOpen(Specimen):
    """``with`` leaves the store open when the body raised."""

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if kind is None:
            self.close()


@breaks("DUR-2")
class WithSwallows(Specimen):
    """``with`` swallows what the body raised."""

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> Any:
        self.close()
        return True


mutant("DUR-2", "WithReturnsNone", "``with store as same`` gives None.").does(__enter__=lambda _found: None)


@breaks("DUR-2")
class ValueErrorWhenClosed(Specimen):
    """A closed store raises a plain ValueError."""

    def _require_open(self) -> None:
        if self.closed:
            raise ValueError("closed")
