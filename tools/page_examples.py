"""Runs what a page shows, and compares it with what the page says comes out.

The Python blocks of a page are one program. Where a comment follows an expression, it
begins with the value, with what is printed, or with the error that is raised and the
beginning of its text: ``# ValueError: Expected 1D …``; any other comment is prose.
``python tools/page_examples.py PAGE`` runs one with whatever that Python has installed.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELL = ("sh", "console")
_WHY_NOT = re.compile(r"<!-- not run by tests: (\S.*) -->\n(?:<!-- .* -->\n)*\Z")
_VALUE = re.compile(r"-?\d|True\b|False\b|None\b|['\"(\[{]")
_ERROR = re.compile(r"([A-Z]\w*Error)(?:: ([^…]*))?")
_REST = "…"  # whatever it is


def blocks(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield language, code, and the number of lines before it, of each fenced block."""
    for match in _FENCED.finditer(text):
        yield match[1], match[2], text.count("\n", 0, match.start(2))


def commands(text: str) -> Iterator[tuple[str, str, int, str]]:
    """Yield language, code, lines before it, and why it is not run, of each block for a shell.

    Why not is said by a comment before the block, ``<!-- not run by tests: … -->``;
    an empty text is a block that is run.
    """
    for match in _FENCED.finditer(text):
        if match[1] in _SHELL:
            found = _WHY_NOT.search(text, 0, match.start())
            yield match[1], match[2], text.count("\n", 0, match.start(2)), found[1] if found else ""


def run_page(page: Path, names: dict[str, Any], languages: tuple[str, ...] = ("python",)) -> None:
    """Run the blocks of a page, in the current directory.

    Parameters
    ----------
    page : Path
        The page.
    names : dict
        What its program begins with, and leaves its names in.
    languages : tuple of str
        Which blocks: "python", "sh" (lines that begin with ``refvec``).
    """
    text = page.read_text("utf-8")
    left_out = {before for _, _, before, why_not in commands(text) if why_not}
    for language, code, before in blocks(text):
        if language in languages and language == "python":
            run_python(code, names, f"{page}", before)
        elif language in languages and before not in left_out:
            run_commands(code, f"{page}", before)


def run_python(code: str, names: dict[str, Any], page: str = "page", before: int = 0) -> None:
    """Run a block, and compare the values of its expressions with their comments."""
    lines = code.splitlines()
    for statement in ast.parse(code).body:
        said = _comment(lines[(statement.end_lineno or 1) - 1], statement.end_col_offset or 0)
        ast.increment_lineno(statement, before)
        where = f"{page}:{statement.lineno}"
        if not isinstance(statement, ast.Expr) or not said:
            exec(compile(ast.Module([statement], []), page, "exec"), names)  # noqa: S102
        elif error := _ERROR.match(said):
            _compare_error(statement, error, names, where)
        else:
            shown = _shown(statement, names)
            same = said == shown or said.startswith(tuple(shown + end for end in " :;"))
            assert same or not _VALUE.match(said), f"{where} is {shown}, not {said}"


def _comment(line: str, end: int) -> str:
    # The parser counts bytes.
    return line.encode()[end:].decode().partition("#")[2].strip()


def _shown(statement: ast.Expr, names: dict[str, Any]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        value = eval(compile(ast.Expression(statement.value), "page", "eval"), names)  # noqa: S307
    return repr(value) if value is not None else printed.getvalue().strip() or "None"


def _compare_error(statement: ast.Expr, error: re.Match[str], names: dict[str, Any], where: str) -> None:
    raised: Exception | None = None
    try:
        shown = _shown(statement, names)
    except Exception as found:
        raised = found
    assert raised is not None, f"{where} is {shown} and raises no {error[1]}"
    # By the name of the class: pages need not import what they do not catch.
    assert error[1] in {one.__name__ for one in type(raised).__mro__}, f"{where} raises {raised!r}"
    assert str(raised).startswith((error[2] or "").strip()), f"{where} says: {raised}"


def run_session(code: str, names: dict[str, Any]) -> None:
    """Run a block that shows prompts; an error is shown as its last line, and … is any text."""
    for example in doctest.DocTestParser().get_examples(code):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            try:
                exec(compile(example.source, "page", "single"), names)  # noqa: S102
            except Exception as error:
                print(f"{type(error).__name__}: {error}")
        shown = printed.getvalue().strip()
        wanted = ".*".join(map(re.escape, example.want.strip().split(_REST)))
        assert re.fullmatch(wanted, shown, re.DOTALL), f"{example.source}shows {shown}\nnot {example.want}"


def run_commands(code: str, page: str = "page", before: int = 0) -> None:
    """Run the lines of a block, each of which calls ``refvec``; each must succeed."""
    from refvec_command.app import app
    from typer.testing import CliRunner

    for number, command in enumerate(code.splitlines(), before + 1):
        words = shlex.split(command, comments=True)
        if words:
            assert words[0] == "refvec", f"{page}:{number} is no command of refvec: {command}"
            done = CliRunner().invoke(app, words[1:])
            assert done.exit_code == 0, f"{page}:{number} exits with {done.exit_code}:\n{done.output}"


if __name__ == "__main__":
    run_page(Path(sys.argv[1]), {})
