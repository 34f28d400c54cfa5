"""The commands; other distributions add theirs through the entry-point group ``refvec.commands``.

A command is imported when it is called, so that ``refvec --help`` need not wait for all of them.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from importlib import metadata
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from . import elsewhere
from .elsewhere import how_to_install

COMMANDS = "refvec.commands"
_OURS = {
    "demo": (
        "refvec.cli.demo.command:demo",
        "Put real text embeddings into a store on every backend and compare the answers.",
    ),
    "backends": ("refvec.cli.listing:list_backends", "List the installed backends, and why one does not load."),
    "info": (
        "refvec.cli.listing:show_info",
        "Show versions and settings: what to paste into a bug report; or what a durable store holds.",
    ),
    "compact": (
        "refvec.cli.stores:compact",
        "Give the space that a durable store does not need back to the disk.",
    ),
    "verify": ("refvec.cli.stores:verify", "Check all that a durable store holds, and list what is damaged."),
    "copy": (
        "refvec.cli.copying:copy",
        "Copy a store between a directory, a saved file and servers.",
    ),
    "export": (
        "refvec.cli.interchange:export",
        "Write a store to a file: npy and ids, safetensors, Parquet.",
    ),
    "import": (
        "refvec.cli.interchange:import_",
        "Put the rows of a file into a durable store: npy and ids, safetensors, Parquet.",
    ),
}


class Later(TyperCommand):
    """A command that is imported when it is called.

    Parameters
    ----------
    point : importlib.metadata.EntryPoint
        A function, or a Typer application.
    summary : str
        What the list of commands says about it.
    """

    def __init__(self, point: metadata.EntryPoint, summary: str) -> None:
        super().__init__(point.name, help=summary)
        self._point = point

    def make_context(self, info_name: Any, args: Any, parent: Any = None, **extra: Any) -> Any:
        """Import the command and return its own context."""
        return self._command().make_context(info_name, args, parent, **extra)

    def _command(self) -> Any:
        try:
            loaded = self._point.load()
        except Exception as error:
            raise typer.BadParameter(f"the command {self.name!r} does not load: {error}") from error
        if not isinstance(loaded, typer.Typer):
            single = typer.Typer(add_completion=False)
            single.command(self.name)(loaded)
            loaded = single
        command = typer.main.get_command(loaded)
        command.name = self.name
        return command


class Commands(TyperGroup):
    """Our commands, then the installed ones."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return [*_OURS, *sorted(self._installed.keys() - _OURS.keys())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command that is not imported yet, None if there is none."""
        if cmd_name in _OURS:
            target, summary = _OURS[cmd_name]
            return Later(metadata.EntryPoint(cmd_name, target, COMMANDS), summary)
        if cmd_name in self._installed:
            return Later(self._installed[cmd_name], _summary(self._installed[cmd_name]))
        if cmd_name in elsewhere.COMMANDS:
            distribution = elsewhere.COMMANDS[cmd_name].distribution
            raise typer.BadParameter(
                f"{cmd_name!r} is in the distribution {distribution}: {how_to_install(distribution)}"
            )
        return None

    @cached_property
    def _installed(self) -> dict[str, metadata.EntryPoint]:
        return installed()


def installed() -> dict[str, metadata.EntryPoint]:
    """Return the commands of other distributions, by name; the first on the path counts."""
    found: dict[str, metadata.EntryPoint] = {}
    for dist in metadata.distributions():
        with suppress(Exception):  # unreadable metadata of one distribution is no reason to lose the others
            # Parsing the entry points of all of them takes as long as importing typer.
            if COMMANDS in (dist.read_text("entry_points.txt") or ""):
                found = {point.name: point for point in dist.entry_points.select(group=COMMANDS)} | found
    return found


def _summary(point: metadata.EntryPoint) -> str:
    ours = elsewhere.COMMANDS.get(point.name)
    if ours and point.dist and point.dist.name == ours.distribution:
        return ours.summary
    described = point.dist and point.dist.metadata["Summary"]
    return described or f"See {point.value}."


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    epilog="Begin with [bold]refvec demo[/bold].",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from refvec import __version__  # with all of refvec, which no other option needs

        typer.echo(f"refvec {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Identical vectors stored once: look at the backends, and see them at work."""
