"""Expressions of the suite as a user would write them: names replaced by what they are bound to."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from refvec import VectorStore

from ..judging.target import Target
from .evaluating import UnknownValueError, attribute_of, branch, evaluated, known, value_of
from .places import expression_of
from .values import brief


def rendered(node: ast.AST, names: Mapping[str, Any]) -> str:
    """Return an expression as text, with values for names; runs no code of a backend."""
    try:
        return brief(evaluated(node, names))
    except UnknownValueError:
        pass
    render = _RENDERS.get(type(node))
    return _shortened(ast.unparse(node)) if render is None else render(node, names)


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
    attribute = attribute_of(node, names)
    if attribute:
        return f"{rendered(node.args[0], names)}.{attribute}"
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
        return value_of(node, names) if isinstance(node, ast.Name | ast.Subscript) else None
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
    ast.IfExp: lambda node, names: _conditional(node, names),
    ast.Attribute: lambda node, names: _attribute(node, names),
    ast.Subscript: lambda node, names: f"{rendered(node.value, names)}[{_inner(node.slice, names)}]",
    ast.Starred: _starred,
    ast.List: lambda node, names: f"[{', '.join(rendered(one, names) for one in node.elts)}]",
    ast.Tuple: lambda node, names: f"({', '.join(rendered(one, names) for one in node.elts)})",
}


def _conditional(node: ast.IfExp, names: Mapping[str, Any]) -> str:
    taken = branch(node, names)
    return _shortened(ast.unparse(node)) if taken is node else rendered(taken, names)


def _inner(node: ast.AST, names: Mapping[str, Any]) -> str:
    return ast.unparse(node) if isinstance(node, ast.Slice | ast.Tuple) else rendered(node, names)
