"""The clauses of the contract, read from the one machine-readable file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

LEVELS = ("Core", "Search", "Concurrent", "Durable")


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
    since : str
        The version of the contract that added it.
    withdrawn : str or None
        The version of the contract that no longer has it.
    """

    id: str
    keyword: str
    level: str
    text: str
    capability: str | None = None
    planned: str | None = None
    since: str = "1.0"
    withdrawn: str | None = None

    @property
    def family(self) -> str:
        """The part of the contract that it is in, such as "ADD"."""
        return self.id.rpartition("-")[0]

    def in_force(self, contract: str) -> bool:
        """Return whether it is part of that version of the contract."""
        version = numbers(contract)
        return numbers(self.since) <= version and (self.withdrawn is None or version < numbers(self.withdrawn))


def numbers(version: str) -> tuple[int, ...]:
    """Return "1.0" as (1, 0); raises ``ValueError`` for anything else."""
    return tuple(int(part) for part in version.split(".")[:2])


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("clauses.toml").read_text("utf-8"))


@cache
def clauses() -> dict[str, Clause]:
    """Return every clause by its id, in the order of the contract."""
    return {row["id"]: Clause(**row) for row in _document()["clause"]}


def contract_version() -> str:
    """Return the version of the contract that the clauses are from."""
    return str(_document()["contract"])
