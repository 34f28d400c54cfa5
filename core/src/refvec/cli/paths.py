"""Arguments of commands that are for files and directories alone."""

from __future__ import annotations

from pathlib import Path

import typer

from ..location import Url, parse_location


def local(text: str) -> Path:
    """Return the path that an argument names; an address, of which a path would be made, ends the command."""
    location = parse_location(text, "PATH")
    if isinstance(location, Url):
        raise typer.BadParameter(
            f"{location} is an address, and this command is for files and directories; "
            "`refvec copy` makes a directory, or with --file a file, of a store in servers"
        )
    return location
