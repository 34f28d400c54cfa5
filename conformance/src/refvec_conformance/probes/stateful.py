"""A state machine over the whole interface, against the oracle (CONFORMANCE 8).

Every rule makes the same call on the store and on the model. Results, error
classes and the whole observable state have to agree bit for bit after each.
"""

from __future__ import annotations

import copy
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from refvec import SearchResult, VectorStore

from ..inputs import strategies as draw
from ..judging.target import Target
from ..oracle import scoring
from ..oracle.canonical import the_queries
from ..oracle.model import Model
from .atomicity import observe
from .outcomes import Outcome, attempt, frozen

# What a backend without dense_indices or ordered_ids may answer in its own way.
_NUMBERED = {
    "add_vector",
    "add_vectors",
    "upsert_vector",
    "upsert_vectors",
    "get_index",
    "get_indices",
    "get_all_vectors",
    "indices",
    "ids",
    "ids_at",
    "find_vector",
    "snapshot",
    "iter_batches",
    "get_statistics",
}
_BY_INDEX = {"get_vector_by_index", "get_vectors_by_indices", "get_refcount", "get_refcounts", "ids_at"}


class StoreMachine(RuleBasedStateMachine):
    """The store under test beside the model; `machine_for` binds it to a backend."""

    target: Target
    store: VectorStore
    model: Model

    @property
    def exact(self) -> bool:
        """Whether indices and orders are those of the model."""
        return self.target.capabilities.dense_indices and self.target.capabilities.ordered_ids

    @initialize(
        dimension=st.sampled_from([None, 1, 2, 3]),
        capacity=st.sampled_from([1, 2, 3, 1000]),
        precision=st.sampled_from([None, 0, 3, 6, 7, "exact"]),
    )
    def open(self, dimension: int | None, capacity: int, precision: Any) -> None:
        """Open both."""
        self.width = dimension or 2
        self.store = self.target.open(dimension, capacity, precision=precision)
        self.model = Model(dimension, capacity, backend=self.target.name, precision=precision)

    def teardown(self) -> None:
        """Close the store, if it was opened."""
        if hasattr(self, "store"):
            self.store.close()

    def both(self, method: str, *args: Any, **kwargs: Any) -> None:
        """Call a method of both and compare the outcomes."""
        found = attempt(lambda: getattr(self.store, method)(*args, **kwargs))
        expected = attempt(lambda: getattr(self.model, method)(*args, **kwargs))
        if not self.exact:
            if method in _BY_INDEX:
                return
            if method in _NUMBERED:
                found, expected = _only_error(found), _only_error(expected)
        call = f"{method}(*{args}, **{kwargs})"
        assert found == expected, f"{call}\n  expected {expected}\n  got      {found}"

    def precision(self) -> Any:
        """Return the precision, for strategies."""
        return self.model.precision

    @rule(data=st.data(), chunk_id=draw.any_ids, method=st.sampled_from(["add_vector", "upsert_vector"]))
    def write(self, data: Any, chunk_id: Any, method: str) -> None:
        """Add or replace one vector, now and then with one that is none."""
        good = draw.vectors(self.width, self.precision())
        self.both(method, chunk_id, data.draw(st.one_of(good, good, good, draw.bad_vectors(self.width))))

    @rule(data=st.data(), method=st.sampled_from(["add_vectors", "upsert_vectors"]), few=draw.batches())
    def write_batch(self, data: Any, method: str, few: list[Any]) -> None:
        """Add or replace a batch of distinct or repeated ids."""
        rows = data.draw(draw.matrices(self.width, len(few), self.precision()))
        self.both(method, few, rows)

    @rule(data=st.data(), method=st.sampled_from(["add_vectors", "upsert_vectors"]), off=st.integers(-1, 2))
    def write_bad_batch(self, data: Any, method: str, off: int) -> None:
        """Try a batch with something wrong at any position, or with differing lengths."""
        few = data.draw(draw.batches(draw.any_ids))
        good = draw.matrices(self.width, max(0, len(few) + off), self.precision())
        large = np.full((max(1, len(few)), self.width), 1e39)
        self.both(method, few, data.draw(st.one_of(good, draw.bad_vectors(self.width), st.just(large))))

    @rule(chunk_id=draw.any_ids)
    def remove(self, chunk_id: Any) -> None:
        """Remove one id."""
        self.both("remove_vector", chunk_id)

    @rule(few=draw.batches(draw.any_ids))
    def remove_batch(self, few: list[Any]) -> None:
        """Remove several ids."""
        self.both("remove_vectors", few)

    @rule(rarely=st.integers(0, 9))
    def clear(self, rarely: int) -> None:
        """Remove everything."""
        if not rarely:
            self.both("clear")

    @rule(chunk_id=draw.any_ids, method=st.sampled_from(["get_vector", "get_index", "__contains__"]))
    def look_up(self, chunk_id: Any, method: str) -> None:
        """Look up one id."""
        self.both(method, chunk_id)

    @rule(few=draw.batches(draw.any_ids), method=st.sampled_from(["get_vectors", "get_indices"]))
    def look_up_batch(self, few: list[Any], method: str) -> None:
        """Look up several ids."""
        self.both(method, few)

    @rule(
        index=st.one_of(draw.indices, draw.bad_integers),
        method=st.sampled_from(["get_vector_by_index", "ids_at", "get_refcount"]),
    )
    def by_index(self, index: Any, method: str) -> None:
        """Ask about one index."""
        self.both(method, index)

    @rule(
        few=st.lists(st.one_of(draw.indices, draw.indices, draw.bad_integers), max_size=5),
        method=st.sampled_from(["get_vectors_by_indices", "get_refcounts"]),
    )
    def by_indices(self, few: list[Any], method: str) -> None:
        """Ask about several indices."""
        self.both(method, few)

    @rule(few=st.lists(st.integers(0, 4), max_size=4), dtype=st.sampled_from(["=f4", ">f4", "=f8"]))
    def into_out(self, few: list[int], dtype: str) -> None:
        """Have an array filled; untouched if the call raises."""
        outs = [np.full((len(few), self.model.dimension or 0), 7, dtype) for _ in range(2)]
        found = attempt(lambda: self.store.get_vectors_by_indices(few, out=outs[0]))
        expected = attempt(lambda: self.model.get_vectors_by_indices(few, out=outs[1]))
        if self.exact:
            assert (found, frozen(outs[0])) == (expected, frozen(outs[1]))

    @rule(size=st.one_of(st.integers(-1, 5), st.just(2**70), draw.bad_integers))
    def iterate(self, size: Any) -> None:
        """Go through the store in batches."""
        self.both("iter_batches", size)

    @rule(data=st.data())
    def find(self, data: Any) -> None:
        """Find a vector, or what is none."""
        self.both("find_vector", data.draw(draw.vectors(self.width, self.precision())))
        self.both("find_vector", data.draw(draw.bad_vectors(self.width)))

    @rule(
        data=st.data(),
        k=st.one_of(st.integers(-1, 4), st.just(2**70), draw.bad_integers),
        metric=st.sampled_from([*scoring.METRICS, "manhattan"]),
        within=st.one_of(st.none(), draw.batches(draw.any_ids)),
    )
    def search(self, data: Any, k: Any, metric: str, within: Any) -> None:
        """Search: the same errors, and hits that SEARCH-3 allows."""
        if not self.target.capabilities.search:
            return
        query = data.draw(st.one_of(draw.vectors(self.width), draw.integral(self.width)))
        found = self._searched(self.store, query, k, metric, within)
        expected = self._searched(self.model, query, k, metric, within)
        if isinstance(found, SearchResult) and isinstance(expected, SearchResult):
            self._compare_hits(found, query, k, metric, within)
        else:
            assert found == expected

    def _searched(self, side: Any, query: Any, k: Any, metric: str, within: Any) -> Any:
        kept: list[SearchResult] = []

        def call() -> None:
            kept.append(side.search(query, k, metric=metric, within=within))

        outcome = attempt(call)
        return kept[0] if kept else outcome

    def _compare_hits(self, found: SearchResult, query: Any, k: int, metric: str, within: Any) -> None:
        allowed = (
            None if within is None else [str(one) if type(one) is not draw.Text else one for one in within]
        )
        members = self.model.candidates(allowed)
        if not self.exact:
            return
        vectors = {index: self.model.get_vector_by_index(index).tobytes() for index in members}
        row = the_queries(query, self.model.dimension)[0][0]
        assert not scoring.complaints(row, vectors, k, metric, found)
        assert [sorted(ids) for ids in found.ids] == [
            sorted(members[index]) for index in found.indices.tolist()
        ]

    @rule(how=st.sampled_from(["pickle", "copy", "deepcopy", "save"]))
    def renew(self, how: str) -> None:
        """Go on with a copy; the original is closed and must not matter."""
        original, self.store = self.store, _COPIES[how](self.store)
        original.close()

    @rule(rarely=st.integers(0, 19))
    def close(self, rarely: int) -> None:
        """Close both, see that everything refuses, and begin again."""
        if rarely:
            return
        spec = (self.model.dimension, self.model.precision)
        self.both("close")
        for method in ("ids", "clear", "snapshot", "get_all_vectors", "flush", "get_statistics"):
            self.both(method)
        self.store = self.target.open(spec[0], 2, precision=spec[1])
        self.model = Model(spec[0], 2, backend=self.target.name, precision=spec[1])

    @invariant()
    def agree(self) -> None:
        """Compare everything that can be seen."""
        if not hasattr(self, "store"):
            return
        if self.exact:
            seen, wanted = observe(self.store), observe(self.model)  # type: ignore[arg-type]
        else:
            seen, wanted = by_id(self.store), by_id(self.model)
        assert seen == wanted


def by_id(side: Any) -> dict[str, object]:
    """Return what a store holds without its numbering: id -> vector, and the ids that share it."""
    ids = sorted(side.ids())
    sharing = {chunk_id: sorted(side.ids_at(side.get_index(chunk_id))) for chunk_id in ids}
    return {
        "sizes": (len(side), side.total_references, side.dimension),
        "vectors": {chunk_id: frozen(side.get_vector(chunk_id)) for chunk_id in ids},
        "sharing": sharing,
    }


def _only_error(outcome: Outcome) -> Outcome:
    return Outcome(None, outcome.error, outcome.position, outcome.chunk_id)


def _through_file(store: VectorStore) -> VectorStore:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "saved")
        store.save(path)
        return VectorStore.load(path, backend=store.backend)


_COPIES: dict[str, Callable[[VectorStore], VectorStore]] = {
    "pickle": lambda store: pickle.loads(pickle.dumps(store)),  # noqa: S301 - our own bytes
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "save": _through_file,
}


def machine_for(target: Target) -> type[StoreMachine]:
    """Return the machine for one backend."""
    return type("StoreMachine", (StoreMachine,), {"target": target})
