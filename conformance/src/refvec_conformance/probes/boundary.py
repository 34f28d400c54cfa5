"""Every public method with odd objects, in every place (ATOM-2).

Run as a program, ``python -m refvec_conformance.probes.boundary BACKEND SEED COUNT``, it
names each call before it makes it, so that an abort can be laid at its door.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import refvec
from refvec import VectorStore

from ..inputs.hostile import OwnError
from ..inputs.oddities import ODDITIES
from ..judging.target import Target, resolved
from ..telling.values import as_error
from .atomicity import differences, observe
from .fixtures import UNITS

METHODS: dict[str, int] = {
    "add_vector": 2,
    "add_vectors": 2,
    "upsert_vector": 2,
    "upsert_vectors": 2,
    "remove_vector": 1,
    "remove_vectors": 1,
    "get_vector": 1,
    "get_vectors": 1,
    "get_index": 1,
    "get_indices": 1,
    "__contains__": 1,
    "get_vector_by_index": 1,
    "get_vectors_by_indices": 2,
    "ids_at": 1,
    "get_refcount": 1,
    "get_refcounts": 1,
    "find_vector": 1,
    "iter_batches": 1,
    "search": 2,
}
SENSIBLE: dict[str, tuple[Any, ...]] = {
    "add_vector": ("new", UNITS[3]),
    "add_vectors": (["new", "newer"], UNITS[2:]),
    "upsert_vector": ("a", UNITS[3]),
    "upsert_vectors": (["a", "new"], UNITS[2:]),
    "get_vectors_by_indices": ([0], None),
    "search": (UNITS[0], 2),
}
# What the contract lets a call raise; OwnError stands for the caller's own exceptions.
DOCUMENTED = (refvec.RefvecError, TypeError, ValueError, LookupError, MemoryError, OwnError)
# What an odd object raises of its own accord, and what therefore passes through (ERR-1).
OWN_ERRORS: dict[str, type[Exception]] = {"batch memoryview": NotImplementedError}


@dataclass(frozen=True)
class Call:
    """A call with odd objects as some of its arguments, each given by its name in the catalogue."""

    method: str
    odd: tuple[str | None, ...]
    keywords: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Return it readably."""
        more = [f"{name}={odd!r}" for name, odd in self.keywords]
        return f"{self.method}({', '.join([*map(repr, self.odd), *more])})"

    def allowed(self) -> tuple[type[Exception], ...]:
        """Return the classes of errors that it may raise."""
        names = [*self.odd, *(odd for _, odd in self.keywords)]
        return (*DOCUMENTED, *(OWN_ERRORS[name] for name in names if name in OWN_ERRORS))

    def make(self, store: VectorStore) -> object:
        """Make the call."""
        sensible = SENSIBLE.get(self.method, (None,))
        args = [sensible[i] if odd is None else ODDITIES[odd]() for i, odd in enumerate(self.odd)]
        keywords = {name: ODDITIES[odd]() for name, odd in self.keywords}
        found = getattr(store, self.method)(*args, **keywords)
        return list(found) if isinstance(found, Iterator) else found


def singles() -> list[Call]:
    """Return every method with every odd object in every place, the rest being sensible."""
    found = []
    for method, places in METHODS.items():
        for place in range(places):
            found += [
                Call(method, tuple(odd if i == place else None for i in range(places))) for odd in ODDITIES
            ]
    found += [Call("search", (None, None), ((name, odd),)) for name in ("metric", "within") for odd in ODDITIES]
    return found


def pairs(rng: np.random.Generator, count: int) -> list[Call]:
    """Return so many calls with odd objects in both places."""
    names, methods = list(ODDITIES), [method for method, places in METHODS.items() if places == 2]
    picks = [(rng.choice(methods), rng.choice(names), rng.choice(names)) for _ in range(count)]
    return [Call(str(method), (str(one), str(other))) for method, one, other in picks]


def stock(target: Target) -> VectorStore:
    """Return a small store."""
    store = target.open(4, 2)
    store.add_vectors(["a", "b", "c"], UNITS[[0, 0, 1]])
    return store


def error_of(store: VectorStore, call: Call) -> Exception | None:
    """Make the call and return what it raised."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            call.make(store)
    except Exception as error:
        return error
    return None


def drive(target: Target, calls: list[Call], announce: Callable[[Call], None] = lambda _: None) -> list[str]:
    """Return the complaints about all the calls; the store is a new one whenever it has changed."""
    complaints, store = [], stock(target)
    fresh = observe(store)  # of this store: another one may number in another way
    for call in calls:
        announce(call)
        error = error_of(store, call)
        changed = differences(fresh, observe(store))
        if error is not None and not isinstance(error, call.allowed()):
            allowed = " or ".join(one.__name__ for one in call.allowed()) or "no error"
            complaints.append(f"{call} raised {as_error(error)}; expected {allowed}")
        elif error is not None and changed:
            complaints.append(f"{call} raised, and changed the store: {changed[0]}")
        if changed:
            store = stock(target)
            fresh = observe(store)
    return complaints


def main(spelling: str, seed: str, count: str) -> int:
    """Drive one backend and print each call before it is made; return the number of complaints."""
    rng = np.random.default_rng(int(seed))
    with resolved(spelling) as target:
        calls = singles() + pairs(rng, int(count))
        complaints = drive(target, calls, lambda call: print(call, flush=True))
    print(*complaints, sep="\n", file=sys.stderr)
    return min(len(complaints), 100)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
