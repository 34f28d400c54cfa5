"""What one thread alone would see: the oracle as a function from state and call to state and outcome."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ..inputs.operations import Op
from ..oracle.model import Contents, Model
from ..probes.outcomes import Outcome
from .history import BATCHES, Call, History
from .labels import Labels

Step = tuple[Contents, Outcome]

_INDICES = frozenset(
    {"add_vector", "add_vectors", "upsert_vector", "upsert_vectors", "get_index", "find_vector"}
)
_ORDERED = frozenset({"ids", "snapshot", "seen"})


@dataclass(frozen=True)
class Sequential:
    """The sequential store, as far as the declared capabilities say what it answers.

    Parameters
    ----------
    labels : Labels
        The vectors.
    dense : bool
        Compare indices (capability ``dense_indices``).
    ordered : bool
        Compare the order of ids (capability ``ordered_ids``).
    atomic : bool
        A batch is one operation (capability ``atomic_batch``); otherwise each of its items is.
    chained : bool
        The items of a batch that is not atomic happen in their order; otherwise in any.
    """

    labels: Labels
    dense: bool = True
    ordered: bool = True
    atomic: bool = True
    chained: bool = True

    def step(self, contents: Contents, op: Op) -> Step:
        """Return the contents after `op`, and its outcome."""
        return _step(self.labels, contents, op)

    def agree(self, op: Op, one: Outcome, other: Outcome) -> bool:
        """Return whether two outcomes are the same, as far as that is declared."""
        return self._comparable(op, one) == self._comparable(op, other)

    def _comparable(self, op: Op, outcome: Outcome) -> Outcome:
        value = outcome.value
        if op.name in _INDICES and not self.dense and value is not None:
            return Outcome("an index")
        if op.name in _ORDERED and not self.ordered and isinstance(value, tuple):
            return Outcome(tuple(sorted(value)))
        return outcome

    def prepared(self, history: History) -> History:
        """Return the history with batches taken apart where they need not be one operation."""
        if self.atomic:
            return history
        found: History = []
        for call in history:
            if call.op.name not in BATCHES or (call.failed and call.op.name != "add_vectors"):
                found.append(call)
            elif call.failed:
                self._undone(call, found)
            else:
                self._items(call, found)
        return found

    def _items(self, call: Call, found: History) -> None:
        first, values = len(found), call.outcome and call.outcome.value
        for position, args in enumerate(zip(*call.op.args, strict=True)):
            outcome = Outcome(values[position]) if isinstance(values, tuple) else None
            after = len(found) - 1 if self.chained and len(found) > first else None
            op = Op(BATCHES[call.op.name], args)
            found.append(Call(call.thread, op, call.invoked, call.returned, outcome, True, after))

    def _undone(self, call: Call, found: History) -> None:
        """Let each item of a batch that was refused be there for a time, and perhaps stay."""
        for chunk_id, vector in zip(*call.op.args, strict=True):
            for op in Op("add_vector", (chunk_id, vector)), Op("remove_vector", (chunk_id,)):
                after = len(found) - 1 if op.name == "remove_vector" else None
                found.append(Call(call.thread, op, call.invoked, call.returned, None, False, after))


# The same few states and calls come again and again, in every order that is tried.
@lru_cache(maxsize=2**17)
def _step(labels: Labels, contents: Contents, op: Op) -> Step:
    model = Model()
    model.contents = contents
    outcome = labels.perform(op, model)
    return model.contents, outcome
