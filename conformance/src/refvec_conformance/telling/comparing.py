"""Sentences for assertions: what an expression of the suite came to, and what it should have come to."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from ..probes.outcomes import Outcome
from .calls import interrupted, method_of, part_of_error
from .evaluating import attribute_of, chosen, known
from .expressions import each_in_turn, rendered
from .forms import Comparison, Telling
from .places import Place
from .values import LONG, difference, shown

_EXPECTED = {
    "==": "expected {}",
    "is": "expected {}",
    "!=": "expected another value",
    "is not": "expected another value",
    "in": "expected one of {}",
    "not in": "expected none of {}",
    "<": "expected less than {}",
    "<=": "expected at most {}",
    ">": "expected more than {}",
    ">=": "expected at least {}",
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
# What helpers of the suite that return complaints look for.
_FAULTS = {
    "unlike_copy": "{0} is not like {1}: ",
    "unlike_twin": "{0} and {1} saw the same calls and are not alike: ",
    "not_refused": "",
    "differences": "",
    "torn": "a change is there in part: ",
}
_MOST = 160  # characters of a value
_PLAIN_VIEWS = ("tolist", "tobytes", "item")
_WRAPPERS = ("bits", "frozen", "list", "as_twins")
_CONTENT = ("observe", "held", "kept", "contents", "by_id", "content", "look", "whole")


def compared(place: Place, comparison: Comparison | None, error: AssertionError) -> Telling:
    """Return how an assertion that did not hold is told."""
    assert isinstance(place.statement, ast.Assert)
    test, said = place.statement.test, _said(place.statement, error)
    while isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        test = test.values[-1]  # none of them held
    if isinstance(test, ast.Compare):
        comparison = comparison or _worked_out(test, place)
        found = _unequal(test, comparison, place) if comparison else _untrue(test, place)
    else:
        found = _untrue(test, place)
    return Telling(found.sentence + said, found.cause, found.details)


def _said(statement: ast.Assert, error: AssertionError) -> str:
    """Return the message that the assertion has of its own."""
    if statement.msg is None:
        return ""
    first = str(error).partition("\n")[0].strip()
    return f" ({first[:160]})" if first else ""


def _worked_out(test: ast.Compare, place: Place) -> Comparison | None:
    """Return a comparison of plain data, where pytest did not tell."""
    sides = [_known(one, place) for one in (test.left, test.comparators[0])]
    if not all(found for found, _ in sides):
        return None
    return Comparison(_sign(test.ops[0]), sides[0][1], sides[1][1])


def _known(node: ast.expr, place: Place) -> tuple[bool, Any]:
    """Return whether the value of an expression is known, and the value; a class counts as data here."""
    if _of_module(node, place):
        return True, getattr(place.names[node.value.id], node.attr)  # type: ignore[attr-defined]  # as was asked
    return known(node, place.names)


def _of_module(node: ast.expr, place: Place) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and isinstance(place.names.get(node.value.id), ModuleType)
    )


_SIGNS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_SIGNS |= {ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"}


def _sign(node: ast.cmpop) -> str:
    return _SIGNS[type(node)]


def _unequal(test: ast.Compare, found: Comparison, place: Place) -> Telling:
    sides = [test.left, *test.comparators]
    at = next((j for j, one in enumerate(test.ops) if _sign(one) == found.operator), 0)
    got, wanted, sign = sides[at], sides[at + 1], found.operator
    one, other = found.left, found.right
    if _given(got, place) and not _given(wanted, place) and sign in ("==", "is", "!=", *_MIRRORED):
        got, wanted, one, other, sign = wanted, got, other, one, _MIRRORED.get(sign, sign)
    if sign in ("in", "not in") and _given(got, place) and not _given(wanted, place):
        return _holding(wanted, other, one, sign, place)
    if sign == "==" and isinstance(one, str) and other == "" and " " in one:
        return _complained(got, one.splitlines(), place)
    if sign == "==" and _complaints(one) and not other:
        return _complained(got, one, place)
    return _differing(got, one, other, sign, place)


def _holding(node: ast.AST, got: Any, part: Any, sign: str, place: Place) -> Telling:
    """Tell of something that was to be found in what came back, or not to be found there."""
    subject, verb = _subject(node, place)
    wanted = f"expected {shown(part)} in it" if sign == "in" else f"expected no {shown(part)} in it"
    return Telling(f"{subject} {verb} {_short(got)}; {wanted}", f"{method_of(subject)} {verb} another value")


def _short(value: Any) -> str:
    """Return a value for a sentence; of a text, enough to see what is in it."""
    text = repr(value) if isinstance(value, str) else shown(value)
    return text if len(text) <= _MOST else f"{text[: _MOST - 30]}...{text[-25:]}"


def _given(node: ast.AST, place: Place) -> bool:
    """Return whether an expression is what the suite knew before it asked."""
    if isinstance(node, ast.Name):
        source = place.assigned(node.id)
        return source is None or _given(source, place)
    return not any(isinstance(one, ast.Call | ast.Attribute | ast.Name) for one in ast.walk(node)) or (
        known(node, place.names)[0] and not any(isinstance(one, ast.Name) for one in ast.walk(node))
    )


def _complaints(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _complained(node: ast.AST, complaints: list[str], place: Place) -> Telling:
    """Tell what a helper found that looks for faults."""
    source = _source(node, place)
    name = _function_name(source) if isinstance(source, ast.Call) else ""
    if name not in _FAULTS and not any(" " in one for one in complaints):
        return _differing(node, complaints, [], "==", place)  # a list of names, not of complaints
    args = source.args if isinstance(source, ast.Call) else []
    given = [rendered(_source(one, place), place.names) for one in args]
    begin = _FAULTS[name].format(*given, "", "") if name in _FAULTS else ""
    more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
    first = complaints[0].strip().partition("\n")[0]
    first += "" if "expected " in first else "; expected nothing of the kind"
    subject = method_of(given[0]) if given else name
    cause = f"{name or 'complaint'} {subject} {first.partition(':')[0].partition('[')[0][:40]}"
    return Telling(f"{begin}{first}{more}", cause, "\n".join(complaints[:4]) if more else "")


def _differing(node: ast.AST, got: Any, wanted: Any, sign: str, place: Place) -> Telling:
    node = chosen(node, place.names)
    if isinstance(node, ast.Tuple) and sign == "==" and isinstance(got, tuple) and isinstance(wanted, tuple):
        pairs = zip(node.elts, got, wanted, strict=False)
        apart = next((row for row in pairs if not _alike(row[1], row[2])), None)
        if apart is not None and not isinstance(apart[0], ast.Starred):
            return _differing(*apart, sign, place)
    subject, verb = _subject(node, place)
    if _bitwise(node, place):
        got, wanted = map(_floats, (got, wanted))
    cause = f"{method_of(subject)} {verb} another value"
    where, *texts = "", *_with_units(node, sign, got, wanted)
    if sign in ("==", "is") and (max(map(len, texts)) > LONG or texts[0] == texts[1] or " items" in texts[0]):
        where, *texts = difference(got, wanted)
    at = f" at {where}" if where else ""
    came, wanted = (text if len(text) <= _MOST else f"{text[: _MOST - 30]}...{text[-25:]}" for text in texts)
    said = came if isinstance(got, Outcome) and not where else f"{verb} {came}"  # which says itself what it is
    return Telling(f"{subject} {said}{at}; {_EXPECTED[sign].format(wanted)}", cause)


def _with_units(node: ast.AST, sign: str, got: Any, wanted: Any) -> tuple[str, str]:
    """Return two values as text; numbers that are measured are made readable, with their unit."""
    if sign not in _MIRRORED or not type(got) is type(wanted) is int:
        return shown(got), shown(wanted)
    unit = " bytes" if isinstance(node, ast.Attribute) and node.attr == "allocated" else ""
    return f"{got:,}{unit}", f"{wanted:,}{unit}"


def _alike(one: Any, other: Any) -> bool:
    try:
        return bool(np.all(one == other)) and type(one) is type(other)
    except Exception:  # whatever the class of a stranger does
        return False


def _source(node: ast.AST, place: Place) -> ast.AST:
    """Return where a value came from: of a name, what was assigned to it."""
    if isinstance(node, ast.Name):
        return place.assigned(node.id) or node
    return node


def _function_name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _subject(node: ast.AST, place: Place) -> tuple[str, str]:
    """Return what a sentence about a value is about, and its verb."""
    node = _source(node, place)
    while isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _PLAIN_VIEWS and not node.args:
            node = _source(node.func.value, place)
        elif isinstance(node.func, ast.Lambda) or _function_name(node) in _WRAPPERS:
            node = _source(node.args[-1], place)
        elif attribute_of(node, place.names):
            node = ast.Attribute(node.args[0], attribute_of(node, place.names))
        elif _function_name(node) in _CONTENT and node.args:
            return f"what {', '.join(rendered(one, place.names) for one in node.args[:2])} holds", "is"
        elif _function_name(node) == "shared" and len(node.args) == 3:
            one, *pair = (rendered(one, place.names) for one in node.args)
            return f"whether {one} keeps {' and '.join(pair)} as one vector", "is"
        else:
            return rendered(node, place.names), "returned"
    called = each_in_turn(node, place.names) or interrupted(node, place)
    if called:
        return called, "returned"
    error = part_of_error(node, place)
    return (error, "is") if error else (_with_source(node, place), "is")


def _with_source(node: ast.AST, place: Place) -> str:
    """Return an expression, the names in it replaced by what was assigned to them."""
    base, rest = node, ""
    while isinstance(base, ast.Attribute | ast.Subscript):
        rest = ast.unparse(node).removeprefix(ast.unparse(base.value))
        base = base.value
    source = place.assigned(base.id) if isinstance(base, ast.Name) else None
    if base is node or source is None:
        # What is to be told is its value: it cannot be its name, too.
        return ast.unparse(node) if known(node, place.names)[0] else rendered(node, place.names)
    if isinstance(source, ast.Call) and _function_name(source) == "work_of":
        source = source.args[0]
    return f"{rendered(source.body if isinstance(source, ast.Lambda) else source, place.names)}{rest}"


def _bitwise(node: ast.AST, place: Place) -> bool:
    source = _source(node, place)
    if not isinstance(source, ast.Call):
        return False
    return _function_name(source) == "bits" or (
        isinstance(source.func, ast.Attribute) and source.func.attr == "tobytes"
    )


def _floats(value: Any) -> Any:
    if not isinstance(value, bytes) or len(value) % 4:
        return value
    return np.frombuffer(value, np.float32)


def _untrue(test: ast.expr, place: Place) -> Telling:
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    node = chosen(test.operand if isinstance(test, ast.UnaryOp) and negated else test, place.names)
    if isinstance(node, ast.Compare) and not negated:
        worked_out = _worked_out(node, place)
        if worked_out is not None:
            return _unequal(node, worked_out, place)
    complaints = next((one for one in _seen(place.names) if _complaints(one)), None)
    if negated and complaints:
        return _complained(node, complaints, place)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
        return _misfit(node, place, negated)
    subject, verb = _subject(node, place)
    if isinstance(node, ast.BoolOp | ast.Compare | ast.UnaryOp | ast.GeneratorExp):
        subject, verb = f"the suite's check `{ast.unparse(node)[:100]}`", "is"
    came, wanted = ("true", "false") if negated else ("false", "true")
    part = subject.rpartition(")")[2] if ")" in subject else ""  # what several methods return may lack the same
    return Telling(
        f"{subject} {verb} {came}; expected {wanted}", f"{part or method_of(subject)} {verb} another value"
    )


def _seen(names: Mapping[str, Any]) -> list[Any]:
    """Return the intermediate values of an assertion that pytest rewrote."""
    return [value for name, value in names.items() if name.startswith("@py")]


def _misfit(node: ast.Call, place: Place, negated: bool) -> Telling:
    subject, verb = _subject(node.args[0], place)
    kinds = ast.unparse(node.args[1])
    found, value = known(node.args[0], place.names)
    came = f"a {type(value).__name__}" if found else "something else"
    wanted = f"no {kinds}" if negated else f"a {kinds}"
    return Telling(f"{subject} {verb} {came}; expected {wanted}", f"{method_of(subject)} {verb} another type")
