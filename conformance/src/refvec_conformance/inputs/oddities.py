"""A catalogue of odd objects: what a caller may hand to any method (CONFORMANCE 12)."""

from __future__ import annotations

import decimal
import fractions
import itertools
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .hostile import (
    HALF_UUID,
    Converted,
    HostileArray,
    HostileText,
    HostileUUID,
    Index,
    OnlyDlpack,
    after,
    fail,
    hostile_array,
)
from .layouts import KINDS, LAYOUTS

_ROW = np.array([1, 2, 3, 4], np.float32)
_ROWS = np.array([[1, 2, 3, 4], [0, 1, 0, 1]], np.float32)


class NoLength:
    """A sequence whose length raises."""

    __len__ = fail

    def __getitem__(self, position: int) -> str:
        """Return three ids."""
        return ["x", "y", "z"][position]


class WrongLength(list[Any]):
    """A list that lies about its length."""

    def __len__(self) -> int:
        """Lie."""
        return 2**40


class OddMeta(type):
    """A metaclass that hides the name of its classes."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]
        """Raise."""
        return fail()


class Nameless(metaclass=OddMeta):
    """An object whose type has no name to print."""


class Unprintable:
    """An object whose repr raises."""

    __repr__ = __str__ = __format__ = fail
    __hash__ = __eq__ = __bool__ = fail


class HostileInt(int):
    """An int whose methods lie."""

    __index__ = __int__ = __hash__ = __eq__ = __lt__ = __le__ = __repr__ = fail


def half_uuid_with(value: object) -> uuid.UUID:
    """Return a UUID that holds something other than 128 bits."""
    found = uuid.UUID.__new__(uuid.UUID)
    object.__setattr__(found, "int", value)
    return found


def recursive() -> list[Any]:
    """Return a list that holds itself."""
    found: list[Any] = []
    found.append(found)
    return found


def always(value: Any) -> Callable[[], Any]:
    """Return a factory of one and the same thing."""
    return lambda: value


# Factories, because some are used up by one call.
ODDITIES: dict[str, Callable[[], Any]] = {
    **{f"value {value!r}": always(value) for value in (None, True, 0, 1, 2, -1, 1.5, 1j, "", "a", "x", b"a")},
    **{f"2**{n}": always(2**n) for n in (15, 31, 32, 63, 64, 70, 128, 20_000)},
    **{f"-2**{n}": always(-(2**n)) for n in (31, 63, 64, 20_000)},
    **{f"vector {name}": partial(make, _ROW) for name, make in LAYOUTS.items()},
    **{f"batch {name}": partial(make, _ROWS) for name, make in LAYOUTS.items()},
    **{f"kind {name}": partial(make, _ROW) for name, make in KINDS.items()},
    **{f"kinds {name}": partial(make, _ROWS) for name, make in KINDS.items()},
    **{
        f"shape {shape}": partial(np.zeros, shape)
        for shape in [(), (0,), (0, 0), (0, 4), (1, 4), (4, 1), (1,) * 20]
    },
    **{f"dtype {dtype}": partial(np.zeros, 4, dtype) for dtype in ("e", ">f4", "g", "?", "O", "M8[s]", "V3")},
    "ids": lambda: ["x", "y"],
    "ids present": lambda: ["a", "c"],
    "ids repeated": lambda: ["x", "x"],
    "ids mixed": lambda: ["x", None, 1],
    "ids generator": lambda: after(["x", "y"], lambda: None),
    "ids generator that raises": lambda: after(["x", "y"]),
    "ids set": lambda: {"x", "y"},
    "ids dict": lambda: {"x": 1, "y": 2},
    "ids no length": NoLength,
    "ids wrong length": lambda: WrongLength(["x", "y"]),
    "ids uuids": lambda: [uuid.UUID(int=1), uuid.UUID(int=2)],
    "indices": lambda: [0, 1],
    "indices huge": lambda: [2**64, -(2**64)],
    "indices mixed": lambda: [0, "1", None],
    "indices uint64": lambda: np.array([0, 2**64 - 1], np.uint64),
    "indices empty": list,
    "text long": lambda: "x" * 100_000,
    "text NUL": lambda: "\0",
    "text surrogate": lambda: "\ud800",
    "text surrogates": lambda: ["\udfff", "x"],
    "text hostile": lambda: HostileText("a"),
    "texts hostile": lambda: [HostileText("a"), HostileText("q")],
    "text numpy": lambda: np.str_("a"),
    "uuid": lambda: uuid.UUID(int=5),
    "uuid hostile": lambda: HostileUUID(int=5),
    "uuid half built": lambda: HALF_UUID,
    **{
        f"uuid of {value!r}"[:24]: partial(half_uuid_with, value)
        for value in (-1, 2**128, "x", None, 1.5, True)
    },
    "object": object,
    "class": lambda: int,
    "class str": lambda: str,
    "nameless": Nameless,
    "unprintable": Unprintable,
    "unprintables": lambda: [Unprintable()],
    "index": lambda: Index(lambda: 0),
    "index of a huge int": lambda: Index(lambda: 2**70),
    "index of no int": lambda: Index(lambda: "0"),
    "index that raises": lambda: Index(fail),
    "int hostile": lambda: HostileInt(0),
    "ints hostile": lambda: [HostileInt(0)],
    "int numpy": lambda: np.int8(0),
    "bool numpy": lambda: np.True_,
    "0-d": lambda: np.array(0),
    "decimal": lambda: decimal.Decimal(1),
    "fraction": lambda: fractions.Fraction(1, 3),
    "fractions": lambda: [fractions.Fraction(1, 3)] * 4,
    "decimals": lambda: [decimal.Decimal(1)] * 4,
    "array that raises": lambda: Converted(fail),
    "array of nothing": lambda: Converted(lambda: None),
    "array of a list": lambda: Converted(lambda: [1.0] * 4),
    "array of another shape": lambda: Converted(lambda: np.zeros((2, 3))),
    "array hostile": lambda: hostile_array([1, 2, 3, 4]),
    "array hostile of ints": lambda: np.arange(2).view(HostileArray),
    "dlpack int": lambda: OnlyDlpack(np.arange(4)),
    "dlpack of one axis too many": lambda: OnlyDlpack(np.zeros((2, 4, 1), np.float32)),
    "ragged": lambda: [[1.0], [1.0, 2.0]],
    "recursive": recursive,
    "deep": lambda: [[[[[[1.0]]]]]],
    "nested empties": lambda: [[], []],
    "large": lambda: np.broadcast_to(np.float32(1), (2**40, 4)),
    "large vector": lambda: np.broadcast_to(np.float32(1), (2**40,)),
    "large int": lambda: np.broadcast_to(np.int64(0), (2, 2**40)),
    "overflow": lambda: [1e39] * 4,
    "nan": lambda: [np.nan] * 4,
    "memoryview": lambda: memoryview(bytearray(16)).cast("f"),
    "memoryview of bytes": lambda: memoryview(b"abcd"),
    "bytearray": lambda: bytearray(4),
    "range": lambda: range(4),
    "zip": lambda: zip("ab", "cd", strict=True),
    "count of ten": lambda: itertools.islice(itertools.count(), 10),
    "slice": lambda: slice(None),
    "ellipsis": lambda: ...,
    "not implemented": lambda: NotImplemented,
    "exception": lambda: ValueError("given"),
    "out": lambda: np.zeros((1, 4), np.float32),
    "out read-only": lambda: np.broadcast_to(np.float32(0), (1, 4)),
}
