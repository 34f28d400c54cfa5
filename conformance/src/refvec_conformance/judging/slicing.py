"""Cut out of modules of the suite just what one function needs, as source text."""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.util
import inspect
from dataclasses import dataclass, field
from functools import cache

_OWN = "refvec_conformance"
_LEFT_OUT = ("clause", "provisional", "pytest.fixture", "pytest.mark")
_BUILTINS = frozenset(dir(builtins))


class CannotSliceError(Exception):
    """What is needed cannot be cut out."""


@dataclass
class Slice:
    """Statements collected so far, each after those that it needs.

    Attributes
    ----------
    imports : dict
        Import statements, as an ordered set.
    statements : list of str
        Definitions.
    """

    imports: dict[str, None] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)
    _owners: dict[str, str] = field(default_factory=dict)

    def define(self, module: str, name: str) -> None:
        """Add what binds `name` at the top of `module`, and all that it needs."""
        for statement in _bindings(module).get(name, ()):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self._import(module, name, statement)
            elif self._claim(name, module):
                for part in _bindings(module)[name]:
                    self._add(module, name, part)

    def _claim(self, name: str, owner: str) -> bool:
        """Return whether `name` is new; raise if it already means something else."""
        new = name not in self._owners
        if self._owners.setdefault(name, owner) != owner:
            raise CannotSliceError(f"{name} means {owner} and {self._owners[name]}")
        return new

    def expression(self, module: str, node: ast.AST) -> str:
        """Return the text of an expression of `module`, and add all that it needs."""
        for needed in _names(node):
            self.define(module, needed)
        return ast.unparse(node)

    def text(self) -> str:
        """Return the imports and definitions."""
        return "\n".join([*sorted(self.imports), "", "", "\n\n".join(self.statements)]).strip()

    def _add(self, module: str, name: str, statement: ast.stmt) -> None:
        bare = _bare(statement)
        for needed in _names(bare):
            if needed != name:
                self.define(module, needed)
        text = ast.unparse(bare)
        if text not in self.statements:
            self.statements.append(text)

    def _import(self, module: str, name: str, statement: ast.Import | ast.ImportFrom) -> None:
        alias = next(one for one in statement.names if (one.asname or one.name.split(".")[0]) == name)
        text = f"import {ast.unparse(alias)}"
        if isinstance(statement, ast.ImportFrom):
            package = module if _is_package(module) else module.rpartition(".")[0]
            source = importlib.util.resolve_name("." * statement.level + (statement.module or ""), package)
            own = source.split(".")[0] == _OWN and alias.name in _bindings(source)
            if own and alias.asname in (None, alias.name) and self._taken_over(source, alias.name):
                return
            text = f"from {source} import {ast.unparse(alias)}"
        self._claim(name, text)
        self.imports[text] = None

    def _taken_over(self, source: str, name: str) -> bool:
        """Define a name of another module; leave nothing behind where two meanings clash."""
        before = dict(self.imports), list(self.statements), dict(self._owners)
        try:
            self.define(source, name)
        except CannotSliceError:
            self.imports, self.statements, self._owners = before
            return False
        return True


def _is_package(module: str) -> bool:
    return hasattr(importlib.import_module(module), "__path__")


@cache
def _bindings(module: str) -> dict[str, list[ast.stmt]]:
    """Return the statements at the top of a module, by the names that they bind."""
    found: dict[str, list[ast.stmt]] = {}
    for statement in ast.parse(inspect.getsource(importlib.import_module(module))).body:
        for name in _bound(statement):
            found.setdefault(name, []).append(statement)
    return found


def _bound(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [one.asname or one.name.split(".")[0] for one in statement.names]
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
        return [node.id for node in stored if isinstance(node.ctx, ast.Store)]
    return []


def _bare(statement: ast.stmt) -> ast.stmt:
    """Return a copy without the decorators that only pytest understands."""
    copy = ast.parse(ast.unparse(statement)).body[0]
    if isinstance(copy, ast.FunctionDef | ast.ClassDef):
        kept = [one for one in copy.decorator_list if not ast.unparse(one).startswith(_LEFT_OUT)]
        copy.decorator_list = kept
    return copy


def _names(node: ast.AST) -> list[str]:
    # Annotations are text at run time (PEP 563), and parameters are bound.
    bound = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    skipped = {id(sub) for hint in _hints(node) for sub in ast.walk(hint)}
    found = [
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load) and id(one) not in skipped
    ]
    return [name for name in dict.fromkeys(found) if name not in bound | _BUILTINS]


def _hints(node: ast.AST) -> list[ast.AST]:
    functions = [one for one in ast.walk(node) if isinstance(one, ast.FunctionDef)]
    arguments = [one for one in ast.walk(node) if isinstance(one, ast.arg)]
    hints = [one.returns for one in functions] + [one.annotation for one in arguments]
    return [hint for hint in hints if hint is not None]
