"""One generated trace on several stores at once, compared bit for bit (CONFORMANCE 9).

A trace is a list of Python expressions over ``store``, so that a difference is
shown as a script that anyone can run.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from ..probes.atomicity import STATISTICS
from ..probes.outcomes import Outcome, attempt
from .strategies import NANS, SPECIAL, edges

Trace: TypeAlias = list[str]
Open: TypeAlias = Callable[[], Any]

IDS = ["''", "'a'", "'b'", "'c'", "'d'", "'\\u00e9'", "'e\\u0301'", "uuid.UUID(int=7)", "str(uuid.UUID(int=7))"]
NO_IDS = ["None", "1", "b'a'", "'\\ud800'", "('a',)", "1.5"]
INDICES = [*map(str, range(9)), "-1", "99", "2**31", "2**32", "2**63", "-2**63", "2**64", "-2**70", "10**5000"]
NO_INDICES = ["True", "1.0", "'1'", "None", "np.True_", "[0]"]
NO_VECTORS = [
    "None",
    "'x'",
    "3",
    "[[1]]",
    "[True]*{d}",
    "[1j]*{d}",
    "['1']*{d}",
    "[None]*{d}",
    "[1]*({d}+1)",
    "[]",
]
NO_VECTORS += [
    "[1e39]*{d}",
    "np.ma.zeros({d})",
    "np.zeros({d}, object)",
    "np.zeros(({d}, 1, 1))",
    "[2**70]*{d}",
]
READS = [f"store.{call}()" for call in ("ids", "indices", "snapshot", "get_all_vectors", "flush")]
# Without the name of the backend, and without what a backend may add.
READS += [f"[store.get_statistics()[name] for name in {STATISTICS[1:]}]"]


def run(trace: Trace, open_store: Open) -> list[Outcome]:
    """Return the outcome of every expression of the trace, on a new store."""
    names = {"store": open_store(), "np": np, "uuid": uuid, "f32": f32}
    code = [compile(line, "trace", "eval") for line in trace]
    return [attempt(partial(eval, one, names)) for one in code]


def f32(blob: str, *shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return float32 components from the hexadecimal digits of their words."""
    words = [int(blob[start : start + 8], 16) for start in range(0, len(blob), 8)]
    return np.array(words, np.uint32).view(np.float32).reshape(shape)


class Writer:
    """Writes traces: few ids and components, so that they meet, and all kinds of errors."""

    def __init__(self, rng: np.random.Generator, dimension: int, precision: int | str) -> None:
        self._rng, self._dimension = rng, dimension
        edge = np.array(edges(precision), np.float32).view(np.uint32).tolist()
        self._words = [0, 0x3F800000, 0xBF800000, *SPECIAL, *NANS, *edge]

    def trace(self, length: int) -> Trace:
        """Return a trace of so many calls; each ends with a look at everything now and then."""
        lines: Trace = []
        for position in range(length):
            lines.append(f"store.{self._call()}")
            if position % 16 == 15:
                lines += READS
        return lines + READS

    def _call(self) -> str:
        kinds = [self._write] * 4 + [self._write_batch] * 3 + [self._remove] * 3
        kinds += [self._read] * 3 + [self._read_by_index] * 2 + [self._find]
        return str(self._pick(kinds)())

    def _write(self) -> str:
        method = self._pick(["add_vector", "upsert_vector"])
        return f"{method}({self._id()}, {self._vector()})"

    def _write_batch(self) -> str:
        count = int(self._rng.integers(0, 6))
        method = self._pick(["add_vectors", "upsert_vectors"])
        rows = count + (self._pick([-1, 1]) if self._rarely() else 0)
        return f"{method}({self._ids(count)}, {self._matrix(max(rows, 0))})"

    def _remove(self) -> str:
        if self._rng.random() < 0.03:
            return "clear()"
        ids = self._ids(int(self._rng.integers(0, 4)))
        return self._text([f"remove_vector({self._id()})", f"remove_vectors({ids})"])

    def _read(self) -> str:
        one, few = self._id(), self._ids(int(self._rng.integers(0, 4)))
        calls = [f"get_vector({one})", f"get_index({one})", f"__contains__({one})"]
        return self._text(
            [*calls, f"get_vectors({few})", f"get_indices({few})", f"iter_batches({self._index()})"]
        )

    def _read_by_index(self) -> str:
        one = self._index()
        few = f"[{', '.join(self._index() for _ in range(self._rng.integers(0, 4)))}]"
        calls = [f"get_vector_by_index({one})", f"ids_at({one})", f"get_refcount({one})"]
        return self._text([*calls, f"get_vectors_by_indices({few})", f"get_refcounts({few})"])

    def _find(self) -> str:
        return f"find_vector({self._vector()})"

    def _id(self) -> str:
        return self._text(NO_IDS if self._rarely() else IDS)

    def _ids(self, count: int) -> str:
        return f"[{', '.join(self._id() for _ in range(count))}]"

    def _index(self) -> str:
        return self._text(NO_INDICES if self._rarely() else INDICES)

    def _vector(self) -> str:
        if self._rarely():
            return self._text(NO_VECTORS).format(d=self._dimension)
        return f"f32('{self._digits(1)}', {self._dimension})"

    def _matrix(self, rows: int) -> str:
        if self._rarely():
            return f"[{self._vector()}] * {rows}"
        return f"f32('{self._digits(rows)}', {rows}, {self._dimension})"

    def _digits(self, rows: int) -> str:
        few = self._words if self._rng.random() < 0.3 else self._words[:3]
        return "".join(f"{word:08x}" for word in self._rng.choice(few, rows * self._dimension).tolist())

    def _rarely(self) -> bool:
        return bool(self._rng.random() < 0.06)

    def _text(self, choices: list[str]) -> str:
        return str(self._pick(choices))

    def _pick(self, choices: list[Any]) -> Any:
        return choices[int(self._rng.integers(len(choices)))]


def searches(rng: np.random.Generator, dimension: int, count: int) -> Trace:
    """Return a trace of small integers and dot products, which are the same on all backends (SEARCH-3)."""
    lines: Trace = []
    # All different, because in which order ids share a hit is not for every backend to keep.
    grid = rng.permutation(9**dimension)[:count, None] // 9 ** np.arange(dimension) % 9 - 4
    for position, vector in enumerate(grid.tolist()):
        within = rng.choice(["None", "[]", "['0', '1', '2', 'x', '2']"])
        lines.append(f"store.add_vector('{position}', {vector})")
        lines.append(f"store.search({vector[::-1]}, {rng.integers(1, 12)}, metric='dot', within={within})")
    return lines


def unordered(trace: Trace) -> Trace:
    """Return the trace without what shows the order of ids (GET-5)."""
    return [line for line in trace if not any(word in line for word in (".ids()", ".ids_at(", ".snapshot("))]


def difference(trace: Trace, stores: Mapping[str, Open]) -> tuple[int, dict[str, Outcome]] | None:
    """Return where the outcomes first differ, and the outcome there of every store."""
    columns = {name: run(trace, open_store) for name, open_store in stores.items()}
    for position, row in enumerate(zip(*columns.values(), strict=True)):
        if any(outcome != row[0] for outcome in row):
            return position, dict(zip(columns, row, strict=True))
    return None


def shrunk(trace: Trace, stores: Mapping[str, Open]) -> Trace:
    """Return a short trace that still differs: drop chunks, then single calls, while one can."""
    found = difference(trace, stores)
    kept = trace[: found[0] + 1] if found else trace
    size = max(1, len(kept) // 2)
    while True:
        smaller = next(_shorter(kept, size, stores), None)
        if smaller is not None:
            kept = smaller
        elif size == 1:
            return kept
        else:
            size //= 2


def _shorter(trace: Trace, size: int, stores: Mapping[str, Open]) -> Iterator[Trace]:
    starts = range(0, math.ceil(len(trace) / size) * size, size)
    parts = (trace[:start] + trace[start + size :] for start in starts)
    return (part for part in parts if len(part) < len(trace) and difference(part, stores))


def script(trace: Trace, stores: Mapping[str, Open], opening: str) -> str:
    """Return a script that shows the difference without the suite."""
    found = difference(trace, stores)
    seen = [] if found is None else [f"# {name}: {outcome}" for name, outcome in found[1].items()]
    lines = [f"    lambda store: {line}," for line in trace]
    return "\n".join([_PREAMBLE.format(names=list(stores), opening=opening), *lines, "]", _LOOP, *seen])


def compare(trace: Trace, stores: Mapping[str, Open], opening: str) -> None:
    """Raise ``AssertionError`` with a minimal script unless all stores agree on every outcome."""
    if difference(trace, stores) is None:
        return
    small = shrunk(trace, stores)
    raise AssertionError(f"the stores differ; to see it, run:\n\n{script(small, stores, opening)}")


_PREAMBLE = """\
import uuid
import numpy as np
from refvec import VectorStore

def f32(blob, *shape):
    words = [int(blob[start : start + 8], 16) for start in range(0, len(blob), 8)]
    return np.array(words, np.uint32).view(np.float32).reshape(shape)

BACKENDS = {names}
OPENING = dict({opening})
TRACE = ["""

_LOOP = """
for backend in BACKENDS:
    store = VectorStore(backend=backend, **OPENING)
    for call in TRACE:
        try:
            last = call(store)
        except Exception as error:
            last = error
    print(backend, repr(last))
"""
