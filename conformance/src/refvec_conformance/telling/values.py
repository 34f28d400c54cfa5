"""Values as a user would write them, and where two of them differ."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

import numpy as np
from refvec import VectorStore

from ..probes.outcomes import Outcome

LONG = 72  # characters above which only the difference of two values is shown
_ITEMS = 6  # of a sequence
_DEPTH = 4
_PLAIN = (type(None), bool, int, float, complex, range, slice)


def shown(value: object, depth: int = 0) -> str:
    """Return a value as source text would have it, shortened; none of its own code runs."""
    kind = type(value)
    if kind in _SHOWS:
        return _SHOWS[kind](value, depth)
    if isinstance(value, type):
        return _name(value)
    for base, show in _BASES.items():
        if issubclass(kind, base):
            return show(value, depth)
    if kind.__module__.startswith("_pytest"):
        return repr(value)  # pytest.approx
    return f"{'an' if _name(kind)[:1] in 'AEIOUaeiou' else 'a'} {_name(kind)}"


def brief(value: object) -> str:
    """Return a value for an argument: of a long sequence the first item, and how many there are."""
    text = shown(value)
    if len(text) <= 60 or not isinstance(value, list | tuple | np.ndarray) or len(value) < 2:
        return text
    return f"[{brief(value[0])}, ... {len(value):,} items]"


def as_error(error: BaseException) -> str:
    """Return an error as it is raised: its class and what it says."""
    return _error(error, 0)


def _name(kind: type) -> str:
    # By the descriptor: a metaclass may have a `__name__` of its own, which is a caller's code.
    found: str = type.__dict__["__name__"].__get__(kind)
    return found


def _shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 22]}...{text[-16:]}"


def _text(value: Any, _depth: int) -> str:
    if len(value) <= 60:
        return repr(value)
    return f"{value[:30]!r}... ({len(value):,} {'characters' if isinstance(value, str) else 'bytes'})"


def _number(value: Any, _depth: int) -> str:
    if type(value) is int and value.bit_length() > 256:
        return f"an integer of {value.bit_length()} bits"
    return repr(value)


def _array(value: Any, depth: int) -> str:
    array = np.asarray(value)
    plain = array.dtype in (np.dtype("=f4"), np.dtype("=i8"))
    if array.dtype.kind not in "biufc" or array.size > 4096:
        return f"an array of {array.dtype}, {array.shape}"
    listed = shown(as_lists(array), depth)
    return listed if plain else f"np.array({listed}, {array.dtype.str!r})"


def as_lists(array: Any) -> Any:
    """Return the components of an array in lists; a float32 as the shortest number that it is nearest to."""
    if array.dtype != np.float32:
        return array.tolist()
    if array.ndim:
        return [as_lists(one) for one in array] if array.ndim > 1 else [float(str(one)) for one in array]
    return float(str(array))


def _scalar(value: Any, _depth: int) -> str:
    return str(value) if type(value) is np.float32 else f"np.{_name(type(value))}({value.item()!r})"


_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("{", "}"),
}


def _listed(value: Any, depth: int) -> str:
    opening, closing = _BRACKETS[type(value)]
    thawed = _thawed(value)
    if thawed is not value:
        return shown(thawed, depth)
    return opening + _items([shown(one, depth + 1) for one in _some(value)], value, depth) + closing


def _items(texts: list[str], value: Any, depth: int) -> str:
    if depth > _DEPTH:
        return "..."
    most = _ITEMS if depth < 2 else 4
    if len(value) > most:
        return f"{', '.join(texts[:most])}, ... {len(value):,} items"
    return ", ".join(texts) + ("," if type(value) is tuple and len(value) == 1 else "")


def _some(value: Any) -> list[Any]:
    return list(itertools.islice(value, _ITEMS))


def _mapped(value: Any, depth: int) -> str:
    pairs = [f"{shown(key, depth + 1)}: {shown(one, depth + 1)}" for key, one in _some(value.items())]
    return "{" + _items(pairs, value, depth) + "}"


def _named(value: Any, depth: int) -> str:
    fields = ", ".join(f"{name}={shown(getattr(value, name), depth + 1)}" for name in value._fields)
    return f"{_name(type(value))}({fields})"


def _outcome(value: Any, depth: int) -> str:
    if value.error is None:
        return f"returned {shown(value.value, depth)}"
    facts = {"position": value.position, "chunk_id": None if value.chunk_id == "NoneType" else value.chunk_id}
    given = ", ".join(f"{name}={fact!r}" for name, fact in facts.items() if fact is not None)
    return f"raised {_name(value.error)}" + (f" ({given})" if given else "")


def _error(value: Any, _depth: int) -> str:
    try:
        # KeyError shows the repr of its key, and would be quoted twice.
        said = value.args[0] if type(value) is KeyError and type(value.args[0]) is str else str(value)
    except Exception:  # whatever the class of a stranger does
        said = "..."
    line, _, more = said.partition("\n")
    inside = f"{_shortened(line, 160)!r}{'...' if more else ''}" if said else ""
    return f"{_name(type(value))}({inside})"


def _thawed(value: Any) -> Any:
    """Return what `frozen` was given, as far as its result tells."""
    if type(value) is not tuple or not value or not isinstance(value[0], str):
        return value
    kind, *rest = value
    if len(rest) == 3 and isinstance(rest[2], bytes) and isinstance(rest[0], str):
        try:
            return np.frombuffer(rest[2], rest[0]).reshape(rest[1])
        except (ValueError, TypeError):
            return value
    if len(rest) == 1 and kind in ("list", "tuple", "iterator") and type(rest[0]) is tuple:
        return list(rest[0]) if kind == "list" else rest[0]
    if len(rest) == 1 and kind == _name(type(rest[0])):
        return rest[0]
    return value


_SHOWS: dict[type, Callable[[Any, int], str]] = {
    str: _text,
    bytes: _text,
    bytearray: _text,
    **dict.fromkeys(_PLAIN, _number),
    **dict.fromkeys((list, tuple, set, frozenset), _listed),
    dict: _mapped,
    np.ndarray: _array,
    UUID: lambda value, _: repr(value),
    Outcome: _outcome,
}
_BASES: dict[type, Callable[[Any, int], str]] = {
    np.dtype: lambda value, _: str(value),
    np.generic: _scalar,
    VectorStore: lambda *_: "store",
    BaseException: _error,
    Enum: lambda value, _: f"{_name(type(value))}.{value.name}",
    PurePath: lambda value, _: _shortened(repr(str(value))),
    tuple: lambda value, depth: _named(value, depth) if hasattr(type(value), "_fields") else _name(type(value)),
}


def difference(got: Any, wanted: Any, path: str = "") -> tuple[str, str, str]:
    """Return where two values first differ, as it is written after their name, and the two parts there."""
    whole = _opened(got, wanted)
    if all(isinstance(one, np.ndarray) and one.dtype == np.float32 and one.ndim for one in whole):
        rows = zip(*whole, strict=False)  # bit by bit: there is more than one NaN
        place = next((j for j, pair in enumerate(rows) if _bits(pair[0]) != _bits(pair[1])), None)
        if place is not None and whole[0].shape == whole[1].shape:
            return difference(whole[0][place], whole[1][place], f"{path}[{place}]")
    got, wanted = map(_comparable, whole)
    if isinstance(got, Mapping) and isinstance(wanted, Mapping):
        for key in [*wanted, *got]:
            if key not in got or key not in wanted:
                return f"{path}[{shown(key)}]", _part(got, key), _part(wanted, key)
            if not _same(got[key], wanted[key]):
                return difference(got[key], wanted[key], f"{path}[{shown(key)}]")
    if _sequences(got, wanted) and len(got) == len(wanted):
        place = next((j for j, pair in enumerate(zip(got, wanted, strict=True)) if not _same(*pair)), None)
        if place is not None:
            return difference(got[place], wanted[place], f"{path}[{place}]")
    texts = shown(got), shown(wanted)
    many = max(map(len, texts)) > LONG or " items" in "".join(texts)
    if many and _sequences(got, wanted) and len(got) != len(wanted):
        place = next((j for j, pair in enumerate(zip(got, wanted, strict=False)) if not _same(*pair)), None)
        where = min(len(got), len(wanted)) if place is None else place
        return f"{path}[{where}]", _of_many(got, where), _of_many(wanted, where)
    return path, *_apart(*whole)


def _opened(got: Any, wanted: Any) -> tuple[Any, Any]:
    """Return what two calls returned, if both did, and what was frozen as it was."""
    if isinstance(got, Outcome) and isinstance(wanted, Outcome) and not (got.error or wanted.error):
        got, wanted = got.value, wanted.value
    return _thawed(got), _thawed(wanted)


def _of_many(items: Sequence[Any], place: int) -> str:
    return f"{shown(items[place]) if place < len(items) else 'missing'} (of {len(items):,} items)"


def _apart(got: Any, wanted: Any) -> tuple[str, str]:
    """Return two values such that they can be told apart."""
    one, other = shown(got), shown(wanted)
    if one != other:
        return one, other
    if type(got) is not type(wanted):
        return f"{one}, a {_name(type(got))}", f"a {_name(type(wanted))}"
    bits = _bits(got), _bits(wanted)
    if bits[0] == bits[1]:
        return one, f"another {other}"
    return f"{one} (bits {bits[0][:64]})", f"{other} (bits {bits[1][:64]})"


def _bits(value: Any) -> str:
    return bytes(value.tobytes()).hex() if isinstance(value, np.ndarray | np.generic) else ""


def _part(value: Mapping[Any, Any], key: object) -> str:
    return shown(value[key]) if key in value else "missing"


def _comparable(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "biuf":
        return as_lists(value)
    return value


def _sequences(got: Any, wanted: Any) -> bool:
    return (
        isinstance(got, Sequence)
        and isinstance(wanted, Sequence)
        and type(got) is type(wanted)
        and not isinstance(got, str | bytes | bytearray)
    )


def _same(got: Any, wanted: Any) -> bool:
    if got is wanted:
        return True
    try:
        return bool(np.array_equal(got, wanted)) if isinstance(got, np.ndarray) else bool(got == wanted)
    except Exception:  # whatever the class of a stranger does
        return False
