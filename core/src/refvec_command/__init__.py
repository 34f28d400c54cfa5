"""The command ``refvec``; needs the extra ``cli`` (typer and rich).

It is a package of its own because whatever is in ``refvec`` waits for all of it, and for numpy: a list of the
commands needs neither. The commands themselves are in ``refvec.cli``.
"""

from __future__ import annotations

import sys

from .output import guard_output


def main() -> None:
    """Run the command line, or say what to install for it."""
    try:
        from .app import app
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("typer", "rich", "click"):
            raise
        sys.exit(f"The command needs {error.name}: install 'refvec-core[cli]', or the distribution refvec.")
    guard_output()
    try:
        app(prog_name="refvec")
    finally:
        sys.stdout.flush()  # at the end of the process it would be too late to say what went wrong
