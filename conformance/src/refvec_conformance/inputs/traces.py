"""Sequences of calls for one purpose or another."""

from __future__ import annotations

from random import Random

from .operations import READS, Op, Trace
from .wild import Wild

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
