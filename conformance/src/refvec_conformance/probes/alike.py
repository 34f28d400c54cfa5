"""Where a store differs from the model: in an outcome, or in anything that can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from refvec import SearchResult

from ..inputs.operations import Op
from ..oracle import scoring
from ..oracle.canonical import the_ids, the_queries
from .atomicity import differences, observe
from .outcomes import Outcome, frozen
from .traces import Player, Players, exactly

# What a backend without dense_indices or ordered_ids may answer in its own way.
_NUMBERED = {"add_vector", "add_vectors", "upsert_vector", "upsert_vectors", "get_index", "get_indices"}
_NUMBERED |= {"get_all_vectors", "indices", "ids", "find_vector", "snapshot", "iter_batches", "get_statistics"}
_BY_INDEX = {
    "get_vector_by_index",
    "get_vectors_by_indices",
    "get_refcount",
    "get_refcounts",
    "ids_at",
    "filled",
}


class Alike:
    """Tells where a store differs from the model, in an outcome or in anything that can be seen.

    Parameters
    ----------
    exact : bool
        Indices and orders have to be those of the model.
    """

    def __init__(self, exact: bool) -> None:
        self._exact = exact

    def __call__(self, op: Op, players: Players, outcomes: Mapping[str, Outcome]) -> str:
        """Return what differs after a call of the model and, second, of the store."""
        model, store = players.values()
        if isinstance(model.result, SearchResult) and isinstance(store.result, SearchResult):
            told = self._hits(op, model, store)
        else:
            told = exactly(op, players, self._comparable(op, outcomes))
        if told or model.store.closed:
            return told
        look = observe if self._exact else by_id
        return "\n".join(differences(look(model.store), look(store.store)))

    def _comparable(self, op: Op, outcomes: Mapping[str, Outcome]) -> Mapping[str, Outcome]:
        if self._exact or op.name not in _NUMBERED | _BY_INDEX:
            return outcomes
        if op.name in _BY_INDEX:
            return {"": Outcome()}
        return {name: Outcome(None, one.error, one.position, one.chunk_id) for name, one in outcomes.items()}

    def _hits(self, op: Op, model: Player, store: Player) -> str:
        """Tell what is wrong with hits, by the numbers of the model or those of the store."""
        query, k = map(model.value, op.args)
        options = {name: model.value(value) for name, value in op.options}
        within = None if options["within"] is None else the_ids(options["within"])
        vectors, members = _candidates((model if self._exact else store).store, within)
        row, found = the_queries(query, model.store.dimension)[0][0], store.result
        told = scoring.complaints(row, vectors, k, options["metric"], found)
        wanted = (
            [sorted(members[one]) for one in found.indices.tolist()] if options.get("with_ids", True) else None
        )
        if (found.ids and list(map(sorted, found.ids))) != wanted:
            told.append(f"the ids of the hits are {found.ids}")
        return "\n".join(told)


def _candidates(side: Any, within: list[str] | None) -> tuple[dict[int, bytes], dict[int, list[str]]]:
    """Return the vectors that compete, and the ids to report with each (SEARCH-4)."""
    seen = side.snapshot()
    members: dict[int, list[str]] = {}
    for chunk_id, index in zip(seen.ids, seen.id_indices.tolist(), strict=True):
        if within is None or chunk_id in within:
            members.setdefault(index, []).append(chunk_id)
    rows = dict(zip(seen.indices.tolist(), seen.vectors, strict=True))
    return {index: rows[index].tobytes() for index in members}, members


def by_id(side: Any) -> dict[str, object]:
    """Return what a store holds without its numbering: id -> vector, and the ids that share it."""
    ids = sorted(side.ids())
    return {
        "sizes": (len(side), side.total_references, side.dimension),
        "vectors": {chunk_id: frozen(side.get_vector(chunk_id)) for chunk_id in ids},
        "sharing": {chunk_id: sorted(side.ids_at(side.get_index(chunk_id))) for chunk_id in ids},
    }
