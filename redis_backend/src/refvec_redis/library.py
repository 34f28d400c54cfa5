"""The functions in the servers: one library, named after what it says, so that versions live side by side."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

PARTS = ("content", "directory", "meta", "register")


@cache
def _body() -> str:
    folder = resources.files(__package__) / "lua"
    return "\n".join((folder / f"{part}.lua").read_text("utf-8") for part in PARTS)


@cache
def name() -> str:
    """Return the name of the library, which every client with the same functions has."""
    return f"refvec_{hashlib.blake2b(_body().encode(), digest_size=6).hexdigest()}"


@cache
def source() -> bytes:
    """Return what ``FUNCTION LOAD`` takes."""
    return f"#!lua name={name()}\nlocal LIBRARY = '{name()}'\n{_body()}".encode()


def function(short: str) -> bytes:
    """Return the full name of a function."""
    return f"{name()}_{short}".encode()
