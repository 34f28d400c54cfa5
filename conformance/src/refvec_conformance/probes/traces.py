"""One generated trace on several stores at once, compared bit for bit (CONFORMANCE 8 and 9).

A difference is cut down to a short trace, and shown as a script that anyone can run.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random
from types import CodeType
from typing import Any, TypeAlias

from refvec import SearchResult, VectorStore

from ..inputs import vocabulary
from ..inputs.operations import READS, Op, Trace, Wild
from ..oracle import scoring
from ..oracle.canonical import the_ids, the_queries
from ..oracle.model import Model
from .atomicity import STATISTICS, differences, observe
from .outcomes import Outcome, attempt, frozen

Open: TypeAlias = Callable[[], Any]
Players: TypeAlias = Mapping[str, "Player"]

# What the calls of a differential trace are; a name twice counts twice.
MIXED: tuple[str, ...] = (
    ("add_vector", "upsert_vector") * 6 + ("add_vectors", "upsert_vectors") * 5 + ("find_vector",) * 3
)
MIXED += ("remove_vector", "remove_vectors") * 5 + ("get_vector", "get_index", "__contains__", "get_vectors")
MIXED += ("get_indices", "get_vector_by_index", "ids_at", "get_refcount", "get_vectors_by_indices")
MIXED += ("get_refcounts", "iter_batches", "filled", "len", "clear")
WHOLE = (*MIXED, "search", "search", "search", "copied", "copied", "copied", "flush")
_ENDING = ("ids", "clear", "snapshot", "get_all_vectors", "flush", "get_statistics", "add_vector", "search")


def mixed(random: Random, dimension: int, precision: int | str, length: int) -> Trace:
    """Return a trace of so many calls, with a look at everything now and then."""
    found: Trace = []
    for op in Wild(random, dimension, precision).trace(MIXED, length):
        found += [op, *READS] if len(found) % 16 == 15 else [op]
    return found + READS


def whole(random: Random, dimension: int, precision: int | str, length: int, *, search: bool) -> Trace:
    """Return a trace of the whole interface: the store is copied, and now and then closed and opened anew."""
    wild = Wild(random, dimension, precision)
    names = [one for one in WHOLE if search or one != "search"]
    found: Trace = []
    while len(found) < length:
        found.append(wild.draw(names))
        if random.random() < 0.02:
            endings = [wild.draw([name]) for name in _ENDING if search or name != "search"]
            found += [Op("close"), *endings, Op("reopened")]
    return found


def searches(random: Random, dimension: int, count: int) -> Trace:
    """Return a trace of small integers and dot products, which are the same on all backends (SEARCH-3)."""
    found: Trace = []
    # All different, because in which order ids share a hit is not for every backend to keep.
    for position, number in enumerate(random.sample(range(9**dimension), min(count, 9**dimension))):
        vector = [number // 9**place % 9 - 4 for place in range(dimension)]
        within = random.choice([None, (), ("0", "1", "2", "x", "2")])
        found.append(Op("add_vector", (str(position), vector)))
        options = (("metric", "dot"), ("within", within))
        found.append(Op("search", (vector[::-1], random.randrange(1, 12)), options))
    return found


def unordered(trace: Trace) -> Trace:
    """Return the trace without what shows the order of ids (GET-5)."""
    return [op for op in trace if op.name not in ("ids", "ids_at", "snapshot")]


class Player:
    """Makes the calls of a trace on one store; a call that returns a store goes on with it.

    Attributes
    ----------
    store : object
        A store, or the model.
    result : object
        What the last call returned; None if it raised.
    """

    def __init__(self, store: Any) -> None:
        self.store = store
        self.result: Any = None
        self._names = {name: getattr(vocabulary, name) for name in vocabulary.__all__}

    def __call__(self, op: Op) -> Outcome:
        """Make one call and return its outcome."""
        self.result = None
        return attempt(lambda: self._call(op), _told)

    def value(self, source: object) -> Any:
        """Return what an argument of a call is."""
        return eval(repr(source), dict(self._names))  # noqa: S307 - our own text

    def _call(self, op: Op) -> Any:
        self.result = eval(_compiled(op.source), {**self._names, "store": self.store})  # noqa: S307
        if isinstance(self.result, VectorStore | Model):
            self.store = self.result
        return self.result


@cache
def _compiled(source: str) -> CodeType:
    return compile(source, "trace", "eval")


def _told(value: Any) -> object:
    if isinstance(value, VectorStore | Model):
        return "a store"
    if isinstance(value, dict):
        # Without the name of the backend, and without what a backend may add.
        return frozen({name: value.get(name) for name in STATISTICS[1:]})
    return frozen(value)


def run(trace: Trace, open_store: Open) -> list[Outcome]:
    """Return the outcome of every call of the trace, on a new store."""
    return list(map(Player(open_store()), trace))


# What differs between the stores after a call, "" if nothing does.
Differ: TypeAlias = Callable[[Op, Players, Mapping[str, Outcome]], str]


def exactly(_op: Op, _players: Players, outcomes: Mapping[str, Outcome]) -> str:
    """Tell outcomes that are not equal in every bit."""
    first = next(iter(outcomes.values()))
    if all(outcome == first for outcome in outcomes.values()):
        return ""
    return "\n".join(f"{name}: {outcome}" for name, outcome in outcomes.items())


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
            told = self._hits(op, model, store.result)
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

    def _hits(self, op: Op, model: Player, found: SearchResult) -> str:
        query, k = map(model.value, op.args)
        options = {name: model.value(value) for name, value in op.options}
        members = model.store.candidates(None if options["within"] is None else the_ids(options["within"]))
        if not self._exact:
            return ""
        vectors = {index: model.store.get_vector_by_index(index).tobytes() for index in members}
        row = the_queries(query, model.store.dimension)[0][0]
        told = scoring.complaints(row, vectors, k, options["metric"], found)
        wanted = [sorted(members[one]) for one in found.indices.tolist()] if options["with_ids"] else None
        if (found.ids and list(map(sorted, found.ids))) != wanted:
            told.append(f"the ids of the hits are {found.ids}")
        return "\n".join(told)


def by_id(side: Any) -> dict[str, object]:
    """Return what a store holds without its numbering: id -> vector, and the ids that share it."""
    ids = sorted(side.ids())
    return {
        "sizes": (len(side), side.total_references, side.dimension),
        "vectors": {chunk_id: frozen(side.get_vector(chunk_id)) for chunk_id in ids},
        "sharing": {chunk_id: sorted(side.ids_at(side.get_index(chunk_id))) for chunk_id in ids},
    }


def difference(trace: Trace, stores: Mapping[str, Open], differ: Differ = exactly) -> tuple[int, str] | None:
    """Return at which call the stores first differ, and how."""
    players = {name: Player(open_store()) for name, open_store in stores.items()}
    for position, op in enumerate(trace):
        told = differ(op, players, {name: player(op) for name, player in players.items()})
        if told:
            return position, told
    return None


class DifferenceError(AssertionError):
    """Stores differ.

    Attributes
    ----------
    script : str
        The text of a Python script that shows it.
    """

    def __init__(self, script: str) -> None:
        super().__init__(f"the stores differ; to see it, run:\n\n{script}")
        self.script = script


def compare(
    trace: Trace, stores: Mapping[str, Open], opening: Mapping[str, object], differ: Differ = exactly
) -> None:
    """Raise `DifferenceError` with a minimal script unless all stores agree on every outcome.

    Parameters
    ----------
    trace : list of Op
        The calls.
    stores : mapping
        Opens each of the stores.
    opening : mapping
        The arguments with which they are opened, for the script.
    differ : callable
        Tells what counts as a difference.
    """
    if difference(trace, stores, differ) is not None:
        raise DifferenceError(script(shrunk(trace, stores, differ), stores, opening, differ))


def shrunk(trace: Trace, stores: Mapping[str, Open], differ: Differ = exactly) -> Trace:
    """Return a short trace that still differs: drop chunks, then single calls, while one can."""
    found = difference(trace, stores, differ)
    kept = trace[: found[0] + 1] if found else trace
    size = max(1, len(kept) // 2)
    while True:
        smaller = next(_shorter(kept, size, stores, differ), None)
        if smaller is not None:
            kept = smaller
        elif size == 1:
            return kept
        else:
            size //= 2


def _shorter(trace: Trace, size: int, stores: Mapping[str, Open], differ: Differ) -> Iterator[Trace]:
    starts = range(0, math.ceil(len(trace) / size) * size, size)
    parts = (trace[:start] + trace[start + size :] for start in starts)
    return (part for part in parts if len(part) < len(trace) and difference(part, stores, differ))


def script(
    trace: Trace, stores: Mapping[str, Open], opening: Mapping[str, object], differ: Differ = exactly
) -> str:
    """Return a script that shows the difference without the suite."""
    found = difference(trace, stores, differ)
    seen = [] if found is None else [f"# {line}" for line in found[1].splitlines()]
    calls = [f"    lambda store: {op.source}," for op in trace]
    head = _HEAD.format(words=inspect.getsource(vocabulary), names=list(stores), opening=dict(opening))
    return "\n".join([head, *calls, "]", _LOOP, *seen])


_HEAD = """\
{words}

from refvec import VectorStore

BACKENDS = {names}
OPENING = {opening}
TRACE = ["""

_LOOP = """
for backend in BACKENDS:
    store = VectorStore(backend=backend, **OPENING)
    for call in TRACE:
        try:
            last = call(store)
        except Exception as error:
            last = error
        store = last if isinstance(last, VectorStore) else store
    print(backend, repr(last))
"""
