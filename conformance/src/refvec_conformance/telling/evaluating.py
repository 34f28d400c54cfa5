"""The values of expressions of the suite, without running anybody's code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

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
_SIGNS: dict[type, Callable[[Any, Any], Any]] = {
    ast.In: lambda one, others: one in others,
    ast.NotIn: lambda one, others: one not in others,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_UNARY: dict[type, Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.inv,
}
# Pure functions: what they return may be shown in place of the call.
_PURE = {"ids", "rows", "int64", "as_batch", "frozen_array", "len"}
_SMALL = 100_000  # of operands, in elements: larger ones are not worked out again for a message


class UnknownValueError(Exception):
    """The value of an expression is not known without running somebody's code."""


def evaluated(node: ast.AST, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression of plain data; raises for any other."""
    try:
        value = value_of(node, names)
    except UnknownValueError:
        raise
    except Exception as error:
        raise UnknownValueError from error
    if not _is_data(value):
        raise UnknownValueError
    return value


def known(node: ast.AST, names: Mapping[str, Any]) -> tuple[bool, Any]:
    """Return whether the value of an expression is known, and the value."""
    try:
        return True, evaluated(node, names)
    except UnknownValueError:
        return False, None


def branch(node: ast.AST, names: Mapping[str, Any]) -> ast.AST:
    """Return the part of a conditional expression that was worked out; any other expression as it is."""
    while isinstance(node, ast.IfExp):
        holds = _holds(node.test, names)
        if holds is None:
            break
        node = node.body if holds else node.orelse
    return node


def _holds(test: ast.expr, names: Mapping[str, Any]) -> bool | None:
    """Return whether a condition of the suite about plain data is true; None if that is not known."""
    try:
        if isinstance(test, ast.Compare):
            (sign,), (other,) = test.ops, test.comparators
            return bool(_SIGNS[type(sign)](value_of(test.left, names), value_of(other, names)))
        if isinstance(test, ast.Call) and ast.unparse(test.func) == "isinstance":
            return isinstance(evaluated(test.args[0], names), value_of(test.args[1], names))
        return bool(evaluated(test, names))
    except Exception:  # of what was asked before, and is no plain data
        return None


def _is_data(value: Any) -> bool:
    return (isinstance(value, _DATA) and not isinstance(value, np.ma.MaskedArray)) or type(value) in _HOLDERS


def value_of(node: ast.AST, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression, of any kind; raises where that is not known."""
    work = _VALUES.get(type(node))
    if work is None:
        raise UnknownValueError
    return work(node, names)


def _name_value(node: Any, names: Mapping[str, Any]) -> Any:
    if node.id not in names:
        raise UnknownValueError
    return names[node.id]


def _attribute_value(node: Any, names: Mapping[str, Any]) -> Any:
    base = value_of(node.value, names)
    if not isinstance(base, ModuleType | type) and not (type(base) is np.ndarray and node.attr in _OF_ARRAYS):
        raise UnknownValueError
    return getattr(base, node.attr)


def _item_value(node: Any, names: Mapping[str, Any]) -> Any:
    base = value_of(node.value, names)
    if type(base) not in (np.ndarray, list, tuple, dict, str, bytes):
        raise UnknownValueError
    return base[value_of(node.slice, names)]


def _operation_value(node: Any, names: Mapping[str, Any]) -> Any:
    operands = [value_of(one, names) for one in (node.left, node.right)]
    if not all(isinstance(one, (*_DATA, list, tuple)) and _elements(one) < _SMALL for one in operands):
        raise UnknownValueError
    return _BINARY[type(node.op)](*operands)


def _elements(value: Any) -> int:
    return int(np.size(value))


def _call_value(node: Any, names: Mapping[str, Any]) -> Any:
    pure = isinstance(node.func, ast.Name) and node.func.id in _PURE
    function = value_of(node.func, names) if pure or _of_numpy(node.func, names) else None
    if function is None or node.keywords:
        raise UnknownValueError
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
    ast.Tuple: lambda node, names: tuple(value_of(one, names) for one in node.elts),
    ast.Slice: lambda node, names: slice(
        *(None if one is None else evaluated(one, names) for one in (node.lower, node.upper, node.step))
    ),
    ast.Call: _call_value,
}


def attribute_of(node: ast.AST, names: Mapping[str, Any]) -> str:
    """Return the attribute that a call of `getattr` asks for, "" for anything else."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr" and len(node.args) == 2:
        found, name = known(node.args[1], names)
        return str(name) if found else ""
    return ""


def chosen(node: ast.AST, names: Mapping[str, Any]) -> ast.AST:
    """Return what a test asked for: a branch, the attribute of a `getattr`, the entry of a literal table."""
    node = branch(node, names)
    attribute = attribute_of(node, names)
    if attribute and isinstance(node, ast.Call):
        return ast.Attribute(node.args[0], attribute)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Dict):
        found, key = known(node.slice, names)
        for name, value in zip(node.value.keys, node.value.values, strict=True):
            if found and name is not None and known(name, names) == (True, key):
                return value
    return node
