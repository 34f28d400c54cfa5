"""The contract on the site: an anchor for each clause, its tests, and links wherever one is named.

What is said of tests comes from the suite's own registry, as ``refvec conformance --clauses`` prints it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.inlinepatterns import InlineProcessor
from refvec_conformance.judging.clauses import clauses
from refvec_conformance.judging.inventory import collected

from .layout import ROOT, shown_as

CONTRACT = "docs/contract.md"
_TESTS = "conformance/src/refvec_conformance/tests"
_TEST = re.compile(r"`(test_\w+)::(?:\w+::)?(test_\w+)(?:\[[^`\n]*\])?`")
# The anchor is for who reads the file where it lies; the site has one of its own.
_ANCHOR = r'<a id="[A-Z]+-\d+"></a>'
_CLAUSE = re.compile(rf"^- {_ANCHOR}([A-Z]+-\d+) (.*?)(?=^- |^#|\Z)", re.MULTILINE | re.DOTALL)


@cache
def _collecting() -> Future[dict[str, tuple[str, ...]]]:
    """Begin to collect the suite, in a process of its own, while mkdocs is at work."""
    return ThreadPoolExecutor(1).submit(collected)


def begin() -> None:
    """Begin what takes long."""
    _collecting()


def modules() -> list[str]:
    """Return the paths of the modules of tests."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / _TESTS).glob("test_*.py"))


@cache
def held_by_module() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the clauses of each test function, by the path of its module and its name."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for test, held in _collecting().result().items():
        module, _, name = test.partition("[")[0].partition("::")
        tests = found.setdefault(f"{_TESTS}/{module}.py", {})
        tests.setdefault(name.rpartition("::")[2], {}).update(dict.fromkeys(held))
    order = list(clauses())
    return {
        path: {name: tuple(sorted(held, key=order.index)) for name, held in tests.items()}
        for path, tests in sorted(found.items())
    }


def contract_page(text: str) -> str:
    """Return the contract with an anchor for each clause, and the tests that hold it."""

    def one(match: re.Match[str]) -> str:
        name, words = match[1], match[2].rstrip()
        indented = words.replace("\n  ", "\n    ")
        return f"- [**{name}**](#{name}){{ #{name} .clause }} {indented}\n\n{_tests_of(name)}\n"

    return _CLAUSE.sub(one, text)


def _tests_of(clause: str) -> str:
    found = [
        (path, [name for name, held in tests.items() if clause in held])
        for path, tests in held_by_module().items()
    ]
    found = [(path, names) for path, names in found if names]
    count = sum(len(names) for _, names in found)
    head = f'    ??? quote "{count} test{"s" * (count != 1)}"\n\n'
    return head + "".join(f"        {line}\n" for line in _listed(found))


def _listed(found: list[tuple[str, list[str]]]) -> Iterator[str]:
    for path, names in found:
        page = posixpath.relpath(shown_as(path), posixpath.dirname(CONTRACT))
        yield f"- {posixpath.basename(path).removesuffix('.py')}"
        yield from (f"    - [{name.removeprefix('test_').replace('_', ' ')}]({page}#{name})" for name in names)


def with_links_to_tests(page: str, text: str) -> str:
    """Return the page with every test that it names in code leading to its source."""

    def linked(match: re.Match[str]) -> str:
        path = f"{_TESTS}/{match[1]}.py"
        if match[2] not in held_by_module().get(path, {}):
            return match[0]
        return f"[{match[0]}]({posixpath.relpath(shown_as(path), posixpath.dirname(page))}#{match[2]})"

    return _TEST.sub(linked, text)


class ClauseLinks(Extension):
    """Markdown in which the id of a clause leads to it, in pages and in docstrings."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Markdown's name
        """Add the pattern, behind those of code and links."""
        names = "|".join(sorted(clauses(), key=len, reverse=True))
        md.inlinePatterns.register(_ClauseLink(rf"(?<![\w/#-])({names})(?![\w-])", md), "clauses", 65)


class _ClauseLink(InlineProcessor):
    ANCESTOR_EXCLUDES = ("a", "h1", "h2", "h3", "h4", "h5", "h6")

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Any, int, int]:  # type: ignore[override]  # noqa: N802
        """Return a reference that the plugin autorefs makes a link."""
        reference = Element("autoref", identifier=m[1])
        reference.text = m[1]
        return reference, m.start(0), m.end(0)
