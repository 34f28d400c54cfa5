"""The clauses of the contract, read from the one machine-readable file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Clause:
    """One clause of the contract.

    Attributes
    ----------
    id : str
        Permanent, such as "ADD-1".
    keyword : str
        MUST, SHOULD or MAY (RFC 2119).
    level : str
        The conformance level that it belongs to: Core, Search, Concurrent or Durable.
    text : str
        The words of the contract.
    capability : str or None
        The capability that it is about; not declared, it must be refused instead.
    planned : str or None
        Why no test exists yet.
    """

    id: str
    keyword: str
    level: str
    text: str
    capability: str | None = None
    planned: str | None = None


@cache
def clauses() -> dict[str, Clause]:
    """Return every clause by its id, in the order of the contract."""
    text = resources.files(__package__).joinpath("clauses.toml").read_text("utf-8")
    return {row["id"]: Clause(**row) for row in tomllib.loads(text)["clause"]}
