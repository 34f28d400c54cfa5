"""The calls in statements of the suite, and the blocks that expect them to raise."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from ..probes.interposing import Interposed
from .evaluating import known
from .expressions import as_called, rendered
from .places import Place
from .values import shown

_COMPOUND = (ast.With, ast.For, ast.While, ast.If, ast.Try, ast.FunctionDef)
# What looks at results, and is nothing that a backend was asked.
_LOOKING = {
    "tolist",
    "tobytes",
    "copy",
    "reshape",
    "list",
    "sorted",
    "len",
    "type",
    "set",
    "bits",
    "frozen",
    "range",
}


def call_of(place: Place) -> str:
    """Return the call that a statement made."""
    statement: ast.AST = place.statement
    if isinstance(statement, _COMPOUND):
        statement = ast.Module(_heads(statement), [])
    return first_call(statement, place.names, place.callee) or f"the suite's `{_first_line(place.statement)}`"


def first_call(node: ast.AST, names: Mapping[str, Any], callee: str = "") -> str:
    """Return the call in a piece of source: of the function of that name, else of a store, else any."""
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
    named = [one for one in calls if callee and called(one, names) == callee]
    asking = [one for one in calls if called(one, names) not in _LOOKING]
    methods = [one for one in asking if isinstance(one.func, ast.Attribute)]
    of_store = [one for one in methods if "store" in rendered(one.func, names).partition("(")[0]]
    chosen = (named or of_store or asking or calls)[:1]
    return rendered(chosen[0], names) if chosen else ""


def called(call: ast.Call, names: Mapping[str, Any]) -> str:
    """Return the name of the function or method that a call is of."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    if isinstance(call.func, ast.Call) and ast.unparse(call.func.func) == "getattr" and call.func.args[1:]:
        return str(known(call.func.args[1], names)[1])
    return ast.unparse(call.func)


def method_of(text: str) -> str:
    """Return the name of what is called, of a call as text."""
    return text.partition("(")[0].rpartition(".")[2].strip("`")


def _heads(statement: ast.AST) -> list[ast.stmt]:
    """Return what a compound statement computes by itself."""
    found = [one.context_expr for one in statement.items] if isinstance(statement, ast.With) else []
    found += [getattr(statement, name) for name in ("iter", "test") if hasattr(statement, name)]
    return [ast.Expr(one) for one in found]


def _first_line(statement: ast.AST) -> str:
    shown = statement.test if isinstance(statement, ast.Assert) else statement
    return ast.unparse(shown).partition("\n")[0][:90]


def guard_of(place: Place | None) -> tuple[ast.With, Place] | None:
    """Return the innermost block around a statement that expects an error, and where that is."""
    while place is not None:
        around = [one for one in (*place.within, place.statement) if isinstance(one, ast.With)]
        found = next((one for one in reversed(around) if _expecting(one)), None)
        if found is not None:
            return found, place
        place = place.caller
    return None


def guard_named(name: str, place: Place) -> ast.With | None:
    """Return the block that keeps its error under a name."""
    blocks = [one for one in ast.walk(place.function) if isinstance(one, ast.With) and _expecting(one)]
    return next(
        (one for one in blocks if any(ast.unparse(i.optional_vars or _NONE) == name for i in one.items)), None
    )


_NONE = ast.Constant(None)


def guarded_call(guard: ast.With, place: Place) -> str:
    """Return the call of which a block expects an error: its last."""
    calls = [text for one in guard.body if (text := first_call(one, place.names))]
    return calls[-1] if calls else f"the suite's `{_first_line(guard.body[-1])}`"


def part_of_error(node: ast.AST, place: Place) -> str:
    """Return how to speak of a part of an error that was caught."""
    parts = ast.unparse(node).split(".")
    guard = guard_named(parts[0], place)
    if guard is None or len(parts) < 2:
        return ""
    part = " ".join(parts[2:]) if len(parts) > 2 else "class"
    return f"the {part} of the error of {guarded_call(guard, place)}"


def interrupted(node: ast.AST, place: Place) -> str:
    """Return how to speak of the result of a call that another came into; "" for any other expression."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return ""
    if not isinstance(place.names.get(node.value.id), Interposed) or node.attr != "call":
        return ""
    read, store = place.names.get("read"), place.names.get("store")
    return f"{as_called(read, store) or 'a call'}, in the middle of which another call was made,"


def expected_error(guard: ast.With, place: Place) -> str:
    """Return the names of the classes that a block expects."""
    call = _expecting(guard)
    first = 1 if call is not None and ast.unparse(call.func).endswith("refused") else 0
    if call is None or len(call.args) <= first:
        return "an error"
    return " or ".join(map(shown, _classes(call.args[first], place.names))) or ast.unparse(call.args[first])


def _expecting(block: ast.With) -> ast.Call | None:
    calls = [one.context_expr for one in block.items if isinstance(one.context_expr, ast.Call)]
    return next(
        (one for one in calls if ast.unparse(one.func).rpartition(".")[2] in ("raises", "refused")), None
    )


def _classes(node: ast.expr, names: Mapping[str, Any]) -> Sequence[Any]:
    try:
        value = eval(compile(ast.Expression(node), "<suite>", "eval"), dict(names))  # noqa: S307 - our own source
    except Exception:  # a name that is bound no more
        return ()
    return value if isinstance(value, tuple) else (value,)
