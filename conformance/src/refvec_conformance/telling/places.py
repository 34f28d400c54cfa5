"""Where in the suite a test failed: the statement that made the call, or noticed."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

_SUITE = Path(__file__).parents[1]
# In our package, and no part of what judges: the zoo is judged, and the rest runs tests.
_OTHERS = tuple(str(_SUITE / one) for one in ("zoo", "faults.py", "telling", "judging", "plugin.py", "runner"))
# Who only passes calls on: above our frames, and between them.
_PASSING = ("/_pytest/", "/pluggy/", "/hypothesis/", "contextlib.py", "/unittest/mock.py", "/functools.py")


@dataclass(frozen=True)
class Place:
    """A statement of the suite, and what its names meant.

    Attributes
    ----------
    statement : ast.AST
        The innermost one; of a lambda, its body.
    names : dict
        What its names are bound to.
    within : tuple of ast.stmt
        The statements around it, the innermost last, up to its function.
    function : ast.AST
        The whole function.
    callee : str
        The name of the function that was called there, if that is Python code.
    caller : Place or None
        From where in the suite its function was called.
    """

    statement: ast.AST
    names: dict[str, Any]
    within: tuple[ast.stmt, ...]
    function: ast.AST
    callee: str = ""
    caller: Place | None = None

    def assigned(self, name: str) -> ast.expr | None:
        """Return what was last assigned to a name before the statement."""
        line = getattr(self.statement, "lineno", 0)
        found: ast.expr | None = None
        for node in ast.walk(self.function):
            if (
                isinstance(node, ast.Assign)
                and node.lineno < line
                and any(_is(name, one) for one in node.targets)
            ):
                found = node.value
        return found


def _is(name: str, node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def place_of(traceback: TracebackType | None, folder: Path, *, noticed: bool = False) -> Place | None:
    """Return the place where the suite called what failed, or where it noticed.

    Parameters
    ----------
    traceback : TracebackType
        Of the exception.
    folder : Path
        Where the test is: for tests that are none of the suite's.
    noticed : bool
        Where it noticed, be that in what a backend called back.
    """
    own: list[tuple[FrameType, int]] = []
    callee, leaving = "", False
    for frame, line in _frames(traceback):
        name = frame.f_code.co_filename
        # A block that expects something fails when it is left: what was called stands in it.
        leaving = leaving or (name.endswith("contextlib.py") and frame.f_code.co_name == "__exit__")
        if _ours(name, folder):
            own += [] if own and leaving else [(frame, line)]
        elif own and not noticed and not any(part in name for part in _PASSING):
            callee = frame.f_code.co_name
            break
    found: Place | None = None
    for frame, line in own:
        found = _place(frame, line, callee if frame is own[-1][0] else frame.f_code.co_name, found)
    return found


def _frames(traceback: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next


def _ours(name: str, folder: Path) -> bool:
    inside = name.startswith(str(_SUITE)) and not name.startswith(_OTHERS)
    return inside or Path(name).parent == folder


def _place(frame: FrameType, line: int, callee: str, caller: Place | None) -> Place | None:
    tree = _parsed(frame.f_code.co_filename)
    if tree is None:
        return None
    function = _function(tree, frame.f_code.co_firstlineno, frame.f_code.co_name)
    names = {**frame.f_globals, **frame.f_locals}
    if isinstance(function, ast.Lambda):
        return Place(function.body, names, (), function, callee, caller)
    chain = list(_chain(function or tree, line))
    if not chain:
        return caller
    return Place(chain[-1], names, tuple(chain[:-1]), function or tree, callee, caller)


@lru_cache(maxsize=64)
def _parsed(file: str) -> ast.Module | None:
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return None


def _function(tree: ast.AST, line: int, name: str) -> ast.AST | None:
    """Return the function that begins at that line; a lambda only if no other begins there."""
    kinds = ast.Lambda if name == "<lambda>" else (ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(tree) if isinstance(node, kinds) and line in _heads(node)]
    return found[0] if len(found) == 1 else None


def _heads(node: ast.AST) -> set[int]:
    decorators = [one.lineno for one in getattr(node, "decorator_list", [])]
    return {getattr(node, "lineno", 0), *decorators}


def _chain(node: ast.AST, line: int) -> Iterator[ast.stmt]:
    """Yield the statements around a line, from the outermost to the innermost."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt) and child.lineno <= line <= (child.end_lineno or child.lineno):
            yield child
            yield from _chain(child, line)
        elif isinstance(child, ast.excepthandler | ast.match_case):
            yield from _chain(child, line)


def expression_of(function: Any) -> tuple[ast.arguments, ast.expr] | None:
    """Return parameters and expression of a function that is no more, if its source is found."""
    code = getattr(function, "__code__", None)
    tree = None if code is None else _parsed(code.co_filename)
    found = None if tree is None or code is None else _function(tree, code.co_firstlineno, code.co_name)
    if isinstance(found, ast.Lambda):
        return found.args, found.body
    if not isinstance(found, ast.FunctionDef):
        return None
    first = 1 if ast.get_docstring(found) is not None else 0
    match found.body[first:]:
        case [ast.Return(value=ast.expr() as value)] if not found.decorator_list:
            return found.args, value
    return None
