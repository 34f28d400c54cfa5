"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import typer
from refvec_command.app import app
from typer.cli import get_docs_for_click
from typer.core import MARKUP_MODE_KEY, TyperGroup

PLACE = "<!-- commands -->"
_RICH = {MARKUP_MODE_KEY: "rich"}


def with_commands(text: str) -> str:
    """Return the page with the reference in its place."""
    return text.replace(PLACE, "\n".join(_commands())) if PLACE in text else text


def _commands() -> Iterator[str]:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    context = root.make_context("refvec", [], resilient_parsing=True)
    for name in root.list_commands(context):
        later = root.get_command(context, name)
        assert later is not None
        # The list holds stand-ins; the context is that of the command itself, which it imports.
        found = later.make_context(name, [], parent=context, resilient_parsing=True)
        found.obj = _RICH
        yield get_docs_for_click(
            obj=found.command, ctx=cast("typer.Context", found), indent=1, name=name, call_prefix="refvec"
        )
