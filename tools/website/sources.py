"""Pages that show code: a file, the files of a folder, a module of tests with a heading for each test."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Mapping

from .layout import ROOT

_LANGUAGES = {".py": "python", ".toml": "toml", ".md": "markdown", ".rs": "rust", ".sh": "sh", ".lua": "lua"}
# Whoever searches the documentation does not want the code of 80 modules of tests.
_HEAD = "---\ntitle: {title}\nsearch:\n  exclude: true\nhide:\n  - toc\n---\n# `{path}`\n\n"


def code_page(path: str) -> str:
    """Return the Markdown of a page with a file of the repository, or all that git knows of a folder."""
    if (ROOT / path).is_file():
        return _HEAD.format(title=path, path=path) + _fenced((ROOT / path).read_text("utf-8"), path)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", path],  # noqa: S607 - whichever git made this clone
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.split("\0") if name]
    shown = (f"## `{name}`\n\n" + _fenced((ROOT / name).read_text("utf-8"), name) for name in names)
    return _HEAD.format(title=path, path=path) + "".join(shown)


def test_page(path: str, held: Mapping[str, Iterable[str]]) -> str:
    """Return the Markdown of a page with a module of tests.

    Parameters
    ----------
    path : str
        The module, in the repository.
    held : mapping
        The clauses that each test holds, by the test's name.
    """
    text = (ROOT / path).read_text("utf-8")
    page, begin = [_HEAD.format(title=path.rpartition("/")[2], path=path)], 0
    lines = text.splitlines(keepends=True)
    for name, first, last in _tests(text, held):
        page.append(_fenced("".join(lines[begin:first]), path))
        page.append(f"## {name} {{ #{name} }}\n\nHolds {', '.join(held[name])}.\n\n")
        page.append(_fenced("".join(lines[first:last]), path))
        begin = last
    page.append(_fenced("".join(lines[begin:]), path))
    return "".join(page)


def _tests(text: str, wanted: Mapping[str, object]) -> list[tuple[str, int, int]]:
    """Return name, first line (from 0, decorators included) and end of the tests of a module."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name in wanted:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)]) - 1
            found.append((node.name, first, node.end_lineno or node.lineno))
    return sorted(found, key=lambda test: test[1])


def _fenced(code: str, path: str) -> str:
    """Return the code as a block; nothing for what is blank."""
    suffix = path[path.rfind(".") :]
    code = code.strip("\n")
    return f"`````{_LANGUAGES.get(suffix, 'text')}\n{code}\n`````\n\n" if code else ""
