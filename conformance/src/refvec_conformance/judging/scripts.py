"""Write a script that runs one test with plain Python: no pytest run, and of the suite only what it needs."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Sequence
from typing import Any

import pytest

from .clauses import clauses
from .marks import claim_of
from .selection import test_id
from .slicing import CannotSliceError, Slice

# What the fixtures of pytest and of the plugin are in a script.
_KNOWN = {
    "make": "make",
    "store": "make(4)",
    "target": "SimpleNamespace(name={name}, store=type(make(4)), capabilities=make(4).capabilities, open=make)",
    "spelling": "{spelling!r}",
    "tmp_path": "Path(tempfile.mkdtemp())",
    "monkeypatch": "pytest.MonkeyPatch()",
    "pytestconfig": "SimpleNamespace(getoption={options!r}.get)",
    "request": "SimpleNamespace(config=pytestconfig, node=SimpleNamespace(originalname={test!r}))",
}
_IMPORTS = {
    "SimpleNamespace": "from types import SimpleNamespace",
    "Path(": "from pathlib import Path",
    "tempfile.": "import tempfile",
    "pytest.": "import pytest",
}


def script_for(item: pytest.Item, backend: str) -> str:
    """Return a script that runs a test of the suite on a backend.

    Parameters
    ----------
    item : pytest.Item
        The test, with its parameters.
    backend : str
        The backend: a name, or "module:Class".
    """
    assert isinstance(item, pytest.Function)
    try:
        return _Script(item, backend).text()
    except Exception as error:  # a test that cannot be cut out is still to be reported
        return (
            f"# This test needs pytest to run it ({error}).\nimport sys\n\nimport pytest\n\n"
            f"sys.exit(pytest.main(['--pyargs', {item.module.__name__!r}, '--refvec-backend', {backend!r},\n"
            f"    '-k', {item.name.partition('[')[0]!r}, '--refvec-seed', "
            f"'{item.config.getoption('--refvec-seed')}']))\n"
        )


class _Script:
    def __init__(self, item: pytest.Function, backend: str) -> None:
        self._item, self._backend = item, backend
        self._slice = Slice()
        self._setup: dict[str, str] = {}
        self._test = item.originalname

    def text(self) -> str:
        module = self._item.module.__name__
        if self._item.cls is not None:
            raise CannotSliceError("it is a method")
        function = inspect.unwrap(self._item.function)
        self._slice.define(module, self._test)
        wanted = [one for one in inspect.signature(function).parameters if one in self._item.fixturenames]
        for name in wanted:
            self._provide(name)
        call = f"{self._test}({', '.join(f'{one}={one}' for one in wanted)})"
        setup = "\n".join(self._setup.values())
        for sign, line in _IMPORTS.items():
            if sign in setup:
                self._slice.imports[line] = None
        make = self._make()
        return (
            f"{self._head()}\nfrom __future__ import annotations\n\n{self._slice.text()}\n\n\n{make}\n\n"
            f'if __name__ == "__main__":\n{textwrap.indent(setup, "    ")}\n    {call}\n'
            f'    print("It did not fail this time.")\n'
        )

    def _head(self) -> str:
        claim = claim_of(self._item, "0")
        told = [f"{one}: {clauses()[one].text.strip()}" for one in (claim.clauses if claim else ())]
        lines = "\n\n".join(textwrap.fill(line, 100) for line in told)
        text = f"{test_id(self._item)} on the backend {self._backend}.\n\n{lines}\n"
        return "\n".join(f"# {line}".rstrip() for line in text.splitlines())

    def _make(self) -> str:
        module, _, attribute = self._backend.partition(":")
        if attribute:
            self._slice.imports[f"from {module} import {attribute}"] = None
            return f"def make(*args, **kwargs):\n    return {attribute}(*args, **kwargs)\n"
        return (
            "def make(*args, **kwargs):\n    from refvec import VectorStore\n\n"
            f"    return VectorStore(*args, backend={self._backend!r}, **kwargs)\n"
        )

    def _provide(self, name: str) -> None:
        """Add the line that gives a parameter of the test or of a fixture its value."""
        if name in self._setup or name == "make":
            return
        params = self._item.callspec.params if hasattr(self._item, "callspec") else {}
        if name in params and name != "target":
            self._setup[name] = f"{name} = {self._parameter(name, params[name])}"
        elif name in _KNOWN:
            self._known(name)
        else:
            self._fixture(name)

    def _known(self, name: str) -> None:
        options = {one: self._item.config.getoption(one) for one in ("--refvec-tier", "--refvec-seed")}
        if name == "request":
            self._provide("pytestconfig")
        value = _KNOWN[name]
        for mark, text in {
            "{name}": repr(self._backend),
            "{spelling!r}": repr(self._backend),
            "{options!r}": repr(options),
            "{test!r}": repr(self._test),
        }.items():
            value = value.replace(mark, text)
        self._setup[name] = f"{name} = {value}"

    def _fixture(self, name: str) -> None:
        found = self._item._fixtureinfo.name2fixturedefs.get(name)
        if not found:
            raise CannotSliceError(f"the fixture {name} is not known")
        function = inspect.unwrap(found[-1].func)
        if inspect.isgeneratorfunction(function) or not function.__module__.startswith("refvec_conformance."):
            raise CannotSliceError(f"the fixture {name} is one of pytest's")
        needed = list(inspect.signature(function).parameters)
        for one in needed:
            self._provide(one)
        self._slice.define(function.__module__, function.__name__)
        self._setup[name] = f"{name} = {function.__name__}({', '.join(needed)})"

    def _parameter(self, name: str, value: Any) -> str:
        if type(value) in (int, str, bytes, bool, type(None)):
            return repr(value)
        return f"float({str(value)!r})" if type(value) is float else self._from_decorator(name, value)

    def _from_decorator(self, name: str, value: Any) -> str:
        """Return an expression for a parameter: the place in the list that ``parametrize`` was given."""
        for mark in self._item.iter_markers("parametrize"):
            listed = _split(mark.args[0])
            if name in listed:
                index = _place(list(mark.args[1]), listed, name, value)
                text = self._slice.expression(self._item.module.__name__, self._cases(mark))
                case = f"list({text})[{index}]"
                if len(listed) > 1:
                    return f"(lambda case: getattr(case, 'values', case))({case})[{listed.index(name)}]"
                return f"(lambda case: case.values[0] if hasattr(case, 'marks') else case)({case})"
        raise CannotSliceError(f"the parameter {name} is not in a list")

    def _cases(self, mark: pytest.Mark) -> ast.expr:
        """Return the expression in the source of the test that gave a mark its cases."""
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(self._item.function)))
        function = next(one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef))
        for one in function.decorator_list:
            if isinstance(one, ast.Name):
                given = getattr(self._item.module, one.id)
                if getattr(given, "args", None) == mark.args:
                    return ast.Subscript(ast.Attribute(one, "args", ast.Load()), ast.Constant(1), ast.Load())
            elif isinstance(one, ast.Call) and ast.unparse(one.args[0]) == repr(mark.args[0]):
                return one.args[1]
        raise CannotSliceError(f"{mark.args[0]!r} is not a decorator of the test")


def _split(names: str | Sequence[str]) -> list[str]:
    return [one.strip() for one in names.split(",")] if isinstance(names, str) else list(names)


def _place(cases: list[Any], listed: list[str], name: str, value: Any) -> int:
    position = listed.index(name)
    for index, case in enumerate(cases):
        values = case.values if hasattr(case, "marks") else case if len(listed) > 1 else (case,)
        if values[position] is value:
            return index
    raise CannotSliceError(f"the parameter {name} is made anew each time")
