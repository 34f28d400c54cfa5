"""The commands; other distributions add theirs through the entry-point group ``refvec.commands``."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from .. import __version__
from .demo.command import demo
from .listing import list_backends, show_info

COMMANDS = "refvec.commands"


class PluginGroup(TyperGroup):
    """A group that imports the commands of other distributions only when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return our commands, then the installed ones."""
        ours = super().list_commands(ctx)
        return [*ours, *sorted({point.name for point in metadata.entry_points(group=COMMANDS)} - set(ours))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return one of our commands, or import an installed one."""
        ours = super().get_command(ctx, cmd_name)
        if ours is not None:
            return ours
        for point in metadata.entry_points(group=COMMANDS, name=cmd_name):
            return _load(point)
        return None


def _broken(name: str, error: Exception) -> Any:
    def command() -> None:
        raise typer.BadParameter(f"the command {name!r} does not load: {error}") from error

    single = typer.Typer(add_completion=False)
    single.command(name, help=f"Does not load: {escape(str(error))}")(command)
    return typer.main.get_command(single)


def _load(point: metadata.EntryPoint) -> Any:
    try:
        loaded = point.load()
    except Exception as error:
        return _broken(point.name, error)
    if isinstance(loaded, typer.Typer):
        command = typer.main.get_command(loaded)
        command.name = point.name
        return command
    single = typer.Typer(add_completion=False)
    single.command(point.name)(loaded)
    return typer.main.get_command(single)


app = typer.Typer(
    cls=PluginGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Identical vectors stored once: look at the backends, and see them at work.",
    epilog="Begin with [bold]refvec demo[/bold].",
)
app.command("demo")(demo)
app.command("backends")(list_backends)
app.command("info")(show_info)


def _print_version(wanted: bool) -> None:
    if wanted:
        Console().print(f"refvec {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Identical vectors stored once: look at the backends, and see them at work."""
