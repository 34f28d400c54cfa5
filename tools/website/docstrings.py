"""Docstrings as Markdown: numpydoc's names in single backticks are links, and ``::`` is not shown."""

from __future__ import annotations

import re
from typing import Any

import griffe

_BLOCK = re.compile(r"^::\n|:(?=:$)", re.MULTILINE)
# As it stands, a type and its shape would be read as a call, and shown as one.
_SHAPE = re.compile(r"\bshape (?=\()")
_NAME = re.compile(r"(?<!`)`([A-Za-z_][\w.]*)`(?!`)")


class Docstrings(griffe.Extension):
    """Rewrites docstrings before they are parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            text = _SHAPE.sub("shape\N{NO-BREAK SPACE}", _BLOCK.sub("", obj.docstring.value))
            obj.docstring.value = _NAME.sub(lambda match: _linked(obj, match[1]), text)


def _linked(obj: griffe.Object, name: str) -> str:
    """Return the name as a reference that stays code where nothing of the name is in the reference."""
    return f'<autoref optional identifier="{_path(obj, name)}"><code>{name}</code></autoref>'


def _path(obj: griffe.Object, name: str) -> str:
    first = name.partition(".")[0]
    scope: griffe.Object | None = obj
    while scope is not None:
        if first in scope.members:
            return f"{scope.path}.{name}"
        scope = scope.parent
    return name
