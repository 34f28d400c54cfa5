"""Calls with every kind of id, component and index, and with all kinds of errors."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from ..oracle.scoring import METRICS
from .operations import Code, Operations, codes
from .strategies import NANS, SPECIAL, edges

_IDS = codes("''", "'a'", "'b'", "'c'", "'d'", "'\\u00e9'", "'e\\u0301'", "'\\0'", "'\\U0001f600'")
_IDS += codes("uuid.UUID(int=7)", "str(uuid.UUID(int=7))", "str(uuid.UUID(int=2**128-1)).upper()")
_IDS += codes("Text('a')", "Text('b')")
_NO_IDS = codes("None", "1", "b'a'", "'\\ud800'", "'a\\udfff'", "('a',)", "1.5")
_INDICES = codes(*map(str, range(9)), "-1", "99", "2**31", "2**32", "2**63", "-2**63", "2**64", "-2**70")
_INDICES += codes("10**5000")
_NO_INDICES = codes("True", "1.0", "'1'", "None", "np.True_", "[0]")
_NO_VECTORS = ["None", "'vector'", "3", "[[1]]", "[True]*{d}", "[1j]*{d}", "['1']*{d}", "[None]*{d}"]
_NO_VECTORS += ["[1]*({d}+1)", "[]", "[1e39]*{d}", "[2**70]*{d}", "np.full({d}, 1e39)", "np.ma.zeros({d})"]
_NO_VECTORS += [
    "np.zeros({d}, object)",
    "np.zeros({d}, 'U1')",
    "np.zeros(({d}, 1, 1))",
    "np.zeros((2, {d}, 1))",
]


class Wild(Operations):
    """Draws calls with all kinds of components, and now and then with wrong arguments.

    Parameters
    ----------
    random : random.Random
        Seeded by the caller.
    dimension : int
        Of most vectors.
    precision : int or "exact"
        Components near its borders are drawn, too.
    """

    def __init__(self, random: Random, dimension: int, precision: int | str) -> None:
        super().__init__(random, _IDS, ())
        self._dimension = dimension
        edge = np.array(edges(precision), np.float32).view(np.uint32).tolist()
        self._few = [0, 0x3F800000, 0xBF800000]
        self._words = [*self._few, *SPECIAL, *NANS, *edge]

    def _rarely(self) -> bool:
        return self._random.random() < 0.06

    def _one_id(self) -> Any:
        return self._random.choice(_NO_IDS if self._rarely() else _IDS)

    def _some_ids(self) -> list[Any]:
        return [self._one_id() for _ in range(self._random.randrange(6))]

    def _one_vector(self) -> Any:
        if self._rarely():
            return Code(self._random.choice(_NO_VECTORS).format(d=self._dimension))
        return Code(f"f32('{self._digits(1)}', {self._dimension})")

    def _matrix(self, count: int) -> Any:
        rows = max(0, count + self._random.choice([-1, 1, 2])) if self._rarely() else count
        good = f"f32('{self._digits(rows)}', {rows}, {self._dimension})"
        if not self._rarely():
            return Code(good)
        place = self._random.randrange(rows + 1)
        large = f"[*{good}[:{place}], [1e39]*{self._dimension}, *{good}[{place + 1}:]]"
        return Code(self._random.choice([large, f"[{self._one_vector()}] * {rows}", str(self._one_vector())]))

    def _digits(self, rows: int) -> str:
        kind = self._random.random()
        known = self._words if kind < 0.4 else self._few
        drawn = [self._random.choice(known) for _ in range(rows * self._dimension)]
        if kind < 0.1:
            drawn = [self._random.getrandbits(32) for _ in drawn]
        return "".join(f"{word:08x}" for word in drawn)

    def _one_index(self) -> Any:
        return self._random.choice(_NO_INDICES if self._rarely() else _INDICES)

    def _index(self) -> tuple[Any, ...]:
        return (self._one_index(),)

    def _indices(self) -> tuple[Any, ...]:
        return ([self._one_index() for _ in range(self._random.randrange(5))],)

    def _out(self) -> tuple[Any, ...]:
        few = [self._random.randrange(5) for _ in range(self._random.randrange(5))]
        return few, self._random.choice(["=f4", ">f4", "=f8"])

    def _query(self) -> tuple[Any, ...]:
        small = Code([self._random.randrange(-4, 5) for _ in range(self._dimension)])
        k = self._random.choice(
            codes("1", "2", "3", "4", "1", "2", "3", "4", "0", "-1", "2**70", *_NO_INDICES[:4])
        )
        return self._random.choice([self._one_vector(), small]), k

    def _options(self) -> tuple[tuple[str, Any], ...]:
        metric = self._random.choice([*METRICS * 4, "manhattan"])
        within = self._random.choice([None, tuple(self._some_ids())])
        return ("metric", metric), ("within", within), ("with_ids", self._random.random() < 0.8)
