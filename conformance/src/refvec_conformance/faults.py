"""Faults on demand, for the tests of programs that use a store.

>>> from refvec import VectorStore
>>> from refvec_conformance.faults import Faults, faulty
>>> store = faulty(VectorStore(2, backend="python"), Faults(seed=1, error_rate=0.5, methods={"add_vector"}))
>>> [attempt(store) for _ in range(4)]  # doctest: +SKIP
['stored', 'OSError', 'stored', 'stored']

The faults come from a seed: the same seed and the same calls give the same
faults. A fault happens before the call, so the store is as it was, or after
it, so that the store has changed and the caller was not told: programs must
survive both. Nothing sleeps unless you pass `time.sleep`.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from refvec import VectorStore

WRITERS = frozenset(
    {"add_vector", "add_vectors", "upsert_vector", "upsert_vectors", "remove_vector", "remove_vectors", "clear"}
)
# What may be called item by item, and the method for one item.
_BATCHES = {"add_vectors": "add_vector", "upsert_vectors": "upsert_vector", "remove_vectors": "remove_vector"}


@dataclass
class Faults:
    """When which fault happens.

    Attributes
    ----------
    seed : int
        The seed of all choices.
    error_rate : float
        The share of calls that raise before anything happens.
    lost_reply_rate : float
        The share of calls that happen and then raise: the caller is not told.
    partial_rate : float
        The share of batch writes of which only a first part happens, then they raise.
    latency : tuple of float
        Every call waits for a number of seconds between these two.
    wait : callable
        Waits; does nothing by default, so that tests are fast. Pass ``time.sleep``
        for real delays, or the method of a fake clock.
    error : callable
        Makes the exception, given a message.
    methods : collection of str
        The methods that are subject to faults; the writing ones by default.
    """

    seed: int = 0
    error_rate: float = 0.0
    lost_reply_rate: float = 0.0
    partial_rate: float = 0.0
    latency: tuple[float, float] = (0.0, 0.0)
    wait: Callable[[float], object] = lambda _seconds: None
    error: Callable[[str], Exception] = OSError
    methods: Collection[str] = WRITERS

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def strikes(self, rate: float) -> bool:
        """Return whether a fault of that rate happens now."""
        return self._random.random() < rate

    def delay(self) -> None:
        """Wait for the latency of one call."""
        if self.latency[1] > 0:
            self.wait(self._random.uniform(*self.latency))

    def part(self, length: int) -> int:
        """Return how many items of a batch happen when it fails in between."""
        return self._random.randrange(length) if length else 0


class FaultyStore:
    """A store behind faults; everything that is not subject to them is the store's own."""

    def __init__(self, store: VectorStore, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    @property
    def store(self) -> VectorStore:
        """The store itself, to look at it without faults."""
        return self._store

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name not in self._faults.methods or not callable(found):
            return found
        return functools.wraps(found)(functools.partial(self._call, name, found))

    def __len__(self) -> int:
        return len(self._store)

    def __contains__(self, chunk_id: object) -> bool:
        return chunk_id in self._store

    def __iter__(self) -> Iterator[Any]:
        return iter(self._store)  # type: ignore[call-overload, no-any-return]  # raises, as the store does

    def __enter__(self) -> FaultyStore:
        self._store.__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        self._store.__exit__(*details)

    def __repr__(self) -> str:
        return f"faulty({self._store!r})"

    def _call(self, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        faults = self._faults
        faults.delay()
        if faults.strikes(faults.error_rate):
            raise faults.error(f"injected before {name}; nothing happened")
        if name in _BATCHES and faults.strikes(faults.partial_rate):
            self._part(name, *args, **kwargs)
        result = method(*args, **kwargs)
        if faults.strikes(faults.lost_reply_rate):
            raise faults.error(f"injected after {name}; it happened")
        return result

    def _part(self, name: str, chunk_ids: Any, *vectors: Any, **named: Any) -> None:
        columns = [list(chunk_ids), *(list(one) for one in (*vectors, *named.values()))]
        items = list(zip(*columns, strict=True))
        done = self._faults.part(len(items))
        for item in items[:done]:
            getattr(self._store, _BATCHES[name])(*item)
        raise self._faults.error(f"injected during {name}; {done} of {len(items)} items happened")


def faulty(store: VectorStore, faults: Faults) -> FaultyStore:
    """Return a store that fails now and then as a real one may.

    Parameters
    ----------
    store : VectorStore
        Any store.
    faults : Faults
        What goes wrong, how often, and with which seed.
    """
    return FaultyStore(store, faults)
