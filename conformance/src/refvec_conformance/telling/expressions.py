"""Expressions of the suite as a user would write them: names replaced by what they are bound to."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
from refvec import VectorStore

from ..judging.target import Target
from .places import expression_of
from .values import brief

_DATA = (type(None), bool, int, float, complex, str, bytes, np.ndarray, np.generic, np.dtype)
_OF_ARRAYS = ("dtype", "shape", "ndim", "size")
_HOLDERS = (list, tuple, dict, set, frozenset)
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
}
_UNARY: dict[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.inv,
}
# Pure functions: what they return may be shown in place of the call.
_PURE = {"ids", "rows", "int64", "as_batch", "frozen_array", "len"}
_SMALL = 100_000  # of operands, in elements: larger ones are not worked out again for a message


class _UnknownError(Exception):
    """The value of an expression is not known without running somebody's code."""


def rendered(node: ast.AST, names: Mapping[str, Any]) -> str:
    """Return an expression as text, with values for names; runs no code of a backend."""
    try:
        return brief(evaluated(node, names))
    except _UnknownError:
        pass
    render = _RENDERS.get(type(node))
    return _shortened(ast.unparse(node)) if render is None else render(node, names)


def evaluated(node: ast.AST, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression of plain data; raises for any other."""
    try:
        value = _value(node, names)
    except _UnknownError:
        raise
    except Exception as error:
        raise _UnknownError from error
    if not _is_data(value):
        raise _UnknownError
    return value


def known(node: ast.AST, names: Mapping[str, Any]) -> tuple[bool, Any]:
    """Return whether the value of an expression is known, and the value."""
    try:
        return True, evaluated(node, names)
    except _UnknownError:
        return False, None


def _is_data(value: Any) -> bool:
    return (isinstance(value, _DATA) and not isinstance(value, np.ma.MaskedArray)) or type(value) in _HOLDERS


def _value(node: ast.AST, names: Mapping[str, Any]) -> Any:
    work = _VALUES.get(type(node))
    if work is None:
        raise _UnknownError
    return work(node, names)


def _name_value(node: Any, names: Mapping[str, Any]) -> Any:
    if node.id not in names:
        raise _UnknownError
    return names[node.id]


def _attribute_value(node: Any, names: Mapping[str, Any]) -> Any:
    base = _value(node.value, names)
    if not isinstance(base, ModuleType | type) and not (type(base) is np.ndarray and node.attr in _OF_ARRAYS):
        raise _UnknownError
    return getattr(base, node.attr)


def _item_value(node: Any, names: Mapping[str, Any]) -> Any:
    base = _value(node.value, names)
    if type(base) not in (np.ndarray, list, tuple, dict, str, bytes):
        raise _UnknownError
    return base[_value(node.slice, names)]


def _operation_value(node: Any, names: Mapping[str, Any]) -> Any:
    operands = [_value(one, names) for one in (node.left, node.right)]
    if not all(isinstance(one, (*_DATA, list, tuple)) and _elements(one) < _SMALL for one in operands):
        raise _UnknownError
    return _BINARY[type(node.op)](*operands)


def _elements(value: Any) -> int:
    return int(np.size(value))


def _call_value(node: Any, names: Mapping[str, Any]) -> Any:
    pure = isinstance(node.func, ast.Name) and node.func.id in _PURE
    function = _value(node.func, names) if pure or _of_numpy(node.func, names) else None
    if function is None or node.keywords:
        raise _UnknownError
    return function(*[evaluated(one, names) for one in node.args])


def _of_numpy(node: ast.AST, names: Mapping[str, Any]) -> bool:
    return (
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and names.get(node.value.id) is np
    )


_VALUES: dict[type, Callable[[Any, Mapping[str, Any]], Any]] = {
    ast.Constant: lambda node, _: node.value,
    ast.Name: _name_value,
    ast.Attribute: _attribute_value,
    ast.Subscript: _item_value,
    ast.BinOp: _operation_value,
    ast.UnaryOp: lambda node, names: _UNARY[type(node.op)](evaluated(node.operand, names)),
    ast.List: lambda node, names: [evaluated(one, names) for one in node.elts],
    ast.Tuple: lambda node, names: tuple(_value(one, names) for one in node.elts),
    ast.Slice: lambda node, names: slice(
        *(None if one is None else evaluated(one, names) for one in (node.lower, node.upper, node.step))
    ),
    ast.Call: _call_value,
}


def _name(node: Any, names: Mapping[str, Any]) -> str:
    value = names.get(node.id)
    if isinstance(value, _Source):
        return value.text
    return "store" if isinstance(value, VectorStore) and _only(value, names) else str(node.id)


def _attribute(node: Any, names: Mapping[str, Any]) -> str:
    # The store of a fixture that holds more, such as what is to be in it.
    if node.attr == "store" and isinstance(
        getattr(names.get(ast.unparse(node.value)), "store", None), VectorStore
    ):
        return "store"
    return f"{rendered(node.value, names)}.{node.attr}"


def _only(store: VectorStore, names: Mapping[str, Any]) -> bool:
    return all(one is store for one in names.values() if isinstance(one, VectorStore))


def _call(node: ast.Call, names: Mapping[str, Any]) -> str:
    function = _function_value(node.func, names)
    if function is not None and not node.keywords:
        inlined = as_called(function, *(_argument(one, names) for one in node.args))
        if inlined:
            return inlined
    given = [rendered(one, names) for one in node.args]
    given += [_keyword(one, names) for one in node.keywords]
    return f"{_callee(node.func, names)}({', '.join(given)})"


def _keyword(node: ast.keyword, names: Mapping[str, Any]) -> str:
    if node.arg:
        return f"{node.arg}={rendered(node.value, names)}"
    found, value = known(node.value, names)
    return ", ".join(f"{name}={brief(one)}" for name, one in value.items()) if found and value else "..."


def _function_value(node: ast.AST, names: Mapping[str, Any]) -> Any:
    """Return the function that a name, or an entry of a table, stands for; None if that is not known."""
    try:
        return _value(node, names) if isinstance(node, ast.Name | ast.Subscript) else None
    except Exception:  # a table without the entry
        return None


def each_in_turn(node: ast.AST, names: Mapping[str, Any]) -> str:
    """Return what a comprehension calls for each of its items; "" for any other expression."""
    if not isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
        return ""
    if not isinstance(node.elt, ast.Call):
        return ""
    targets = [one for loop in node.generators for one in ast.walk(loop.target)]
    bound = {one.id for one in targets if isinstance(one, ast.Name)}
    others = {name: value for name, value in names.items() if name not in bound}
    return f"{rendered(node.elt, others)}, for each in turn,"


class _Source:
    """An argument whose value is not known: its source."""

    def __init__(self, text: str) -> None:
        self.text = text


def _argument(node: ast.AST, names: Mapping[str, Any]) -> Any:
    found, value = known(node, names)
    if found:
        return value
    store = names.get(node.id) if isinstance(node, ast.Name) else None
    return store if isinstance(store, VectorStore) else _Source(rendered(node, names))


def as_called(function: Any, *given: Any) -> str:
    """Return what a lambda, or a helper of one call of a store, calls; "" for any other function."""
    found = expression_of(function)
    if found is None or found[0].defaults or len(found[0].args) != len(given):
        return ""
    bound = {one.arg: value for one, value in zip(found[0].args, given, strict=True)}
    text = rendered(found[1], {**function.__globals__, **_cells(function), **bound})
    return text if function.__name__ == "<lambda>" or text.startswith("store.") else ""


def _cells(function: Any) -> dict[str, Any]:
    cells = function.__closure__ or ()
    return {name: cell.cell_contents for name, cell in zip(function.__code__.co_freevars, cells, strict=True)}


def _callee(node: ast.AST, names: Mapping[str, Any]) -> str:
    if isinstance(node, ast.Name) and node.id in ("make", "open_store"):
        return "VectorStore"
    if isinstance(node, ast.Attribute) and node.attr == "open" and _is_target(node.value, names):
        return "VectorStore"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        found, method = known(node.args[1], names)
        if found and len(node.args) == 2:
            return f"{rendered(node.args[0], names)}.{method}"
    return ast.unparse(node) if isinstance(node, ast.Name) else rendered(node, names)


def _is_target(node: ast.AST, names: Mapping[str, Any]) -> bool:
    return isinstance(node, ast.Name) and isinstance(names.get(node.id), Target)


def _shortened(text: str) -> str:
    return text if len(text) <= 90 else f"{text[:60]}...{text[-25:]}"


def _starred(node: Any, names: Mapping[str, Any]) -> str:
    found, value = known(node.value, names)
    if found and type(value) in (list, tuple) and value:
        return ", ".join(map(brief, value))
    return f"*{rendered(node.value, names)}"


_RENDERS: dict[type, Callable[[Any, Mapping[str, Any]], str]] = {
    ast.Name: _name,
    ast.Call: _call,
    ast.Attribute: lambda node, names: _attribute(node, names),
    ast.Subscript: lambda node, names: f"{rendered(node.value, names)}[{_inner(node.slice, names)}]",
    ast.Starred: _starred,
    ast.List: lambda node, names: f"[{', '.join(rendered(one, names) for one in node.elts)}]",
    ast.Tuple: lambda node, names: f"({', '.join(rendered(one, names) for one in node.elts)})",
}


def _inner(node: ast.AST, names: Mapping[str, Any]) -> str:
    return ast.unparse(node) if isinstance(node, ast.Slice | ast.Tuple) else rendered(node, names)
