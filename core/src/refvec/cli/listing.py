"""``refvec backends`` and ``refvec info``: what is installed."""

from __future__ import annotations

import json
import os
import platform
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import CONTRACT_VERSION, Backend, OpenSpec, RefvecError, __version__, backends
from ..selecting import VARIABLE, select_backend
from .paths import local

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


def list_backends(as_json: AsJson = False) -> None:
    """List the installed backends: versions, distributions, capabilities, and why one does not load."""
    rows = backends()
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    table = Table(title="Installed backends", title_justify="left")
    for column in ("backend", "version", "distribution", "contract", "capabilities"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row.name, row.version, row.distribution, row.contract or "-", _abilities(row))
    console = Console()
    console.print(table if rows else "No backend is installed. Install refvec to have rust, numpy and python.")
    console.print(
        f"VectorStore(384, backend=NAME) opens one; the default, 'auto', takes {_auto()}.", markup=False
    )


def _abilities(row: Backend) -> Text:
    if row.capabilities is None:
        return Text(row.error or "", style="red")
    limits = f"\nup to {row.capabilities.max_dimension:,} components"
    if row.capabilities.max_vectors is not None:
        limits += f", {row.capabilities.max_vectors:,} vectors"
    return Text(", ".join(row.capabilities.declared())) + Text(limits, style="dim")


def _auto() -> str:
    try:
        with warnings.catch_warnings(action="ignore"):  # what is passed over has a row that says why
            return repr(select_backend("auto", OpenSpec(), os.environ).backend)
    except RefvecError as error:
        return f"none: {error}"


def show_info(
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", parser=local, help="A durable store to describe.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show versions and settings: what to paste into a bug report; or, of a durable store, what it holds."""
    if path is None:
        _show(_settings(), as_json)
        return
    from .stores import facts_of

    _show(facts_of(path), as_json)


def _settings() -> dict[str, Any]:
    return {
        "refvec": __version__,
        "contract": CONTRACT_VERSION,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "numpy": numpy.__version__,
        "platform": platform.platform(),
        "executable": sys.executable,
        "cores": os.cpu_count(),
        VARIABLE: os.environ.get(VARIABLE) or "(not set)",
        "backend='auto' takes": _auto(),
        "backends": {row.name: row.error or f"{row.version} ({row.distribution})" for row in backends()},
    }


def _show(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts, indent=2))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, fact in facts.items():
        shown = "\n".join(f"{k}  {v}" for k, v in fact.items()) if isinstance(fact, dict) else str(fact)
        table.add_row(Text(name, style="bold"), Text(shown))
    Console().print(table)
