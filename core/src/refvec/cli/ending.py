"""How commands that move data end: with a message, what is left, and a code."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.text import Text

from ..errors import BackendError, RefvecError, StoreLockedError, UnsupportedError
from .bar import say

# What is wrong before anything was moved.
_CANNOT_BEGIN = (
    BackendError,
    UnsupportedError,
    StoreLockedError,
    FileExistsError,
    FileNotFoundError,
    ImportError,
    TypeError,
)
STOPPED, NOT_BEGUN, INTERRUPTED = 1, 2, 130


@contextmanager
def ending(code: int | None = None) -> Iterator[None]:
    """End the command with the message of an error; without a code, with what the error stands for."""
    try:
        yield
    except (RefvecError, OSError, ValueError, ImportError, MemoryError) as error:
        raise failed(told(error), "", code or (NOT_BEGUN if is_usage(error) else STOPPED)) from error


def is_usage(error: BaseException) -> bool:
    """Return whether an error, raised before anything was moved, says that it cannot begin."""
    return isinstance(error, _CANNOT_BEGIN) or type(error) is ValueError


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
