"""Other ideas of closing (DUR-2)."""

from __future__ import annotations

from typing import Any

from refvec import failures

from .catalogue import breaks, mutant, refuse
from .specimen import Specimen

mutant("DUR-2", "ClosesOnce", "Closing twice raises.").does(
    close=lambda store, call: refuse(failures.store_closed()) if store._closed else call()
)
mutant("DUR-2", "FlushesClosed", "``flush()`` of a closed store does nothing.").does(flush=lambda: None)
mutant("DUR-2", "NeverCloses", "A closed store still answers.").does(_require_open=lambda: None)
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


mutant("DUR-2", "ValueErrorWhenClosed", "A closed store raises a plain ValueError.").does(
    _require_open=lambda store: refuse(ValueError("closed")) if store.closed else None
)
