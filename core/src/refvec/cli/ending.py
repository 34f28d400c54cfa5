"""How commands that move data end: with a message, what is left, and a code."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.text import Text

from ..errors import RefvecError
from .bar import say

STOPPED, NOT_BEGUN, INTERRUPTED = 1, 2, 130


@contextmanager
def ending(code: int | None = None) -> Iterator[None]:
    """End the command with the message of an error; without a code, with what the error stands for."""
    try:
        yield
    except (RefvecError, OSError, ValueError, ImportError, MemoryError) as error:
        usage = (
            isinstance(error, FileExistsError | FileNotFoundError | ImportError) or type(error) is ValueError
        )
        raise failed(told(error), "", code or (NOT_BEGUN if usage else STOPPED)) from error


def told(error: BaseException) -> str:
    """Return what an error says, in one line."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return str(error) or ("there is not enough memory" if isinstance(error, MemoryError) else repr(error))


def failed(what: str, left: str, code: int) -> typer.Exit:
    """Say what went wrong and what is left; return what ends the command."""
    console = Console(stderr=True)
    console.print(Text("refvec: ", "red") + Text(what), highlight=False, soft_wrap=True)
    if left:
        say(console, left)
    return typer.Exit(code)
