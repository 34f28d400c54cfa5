"""What is in the zoo."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

FAMILIES = (
    "opening",
    "arguments",
    "ids",
    "vectors",
    "inputs",
    "storage",
    "identity",
    "adding",
    "upserting",
    "reading",
    "listing",
    "removing",
    "numbering",
    "searching",
    "atomicity",
    "races",
    "lifecycle",
    "saving",
    "replacing",
    "capabilities",
    "plugins",
)
VARIABLE = "REFVEC_ZOO"  # tells child processes which front door is broken
HOST = "python"  # the backend that runs while the front door is broken

Subject = TypeVar("Subject", bound=Callable[..., Any])


@dataclass(frozen=True)
class Mutant:
    """One broken thing.

    Attributes
    ----------
    clause : str
        The clause that it breaks.
    family, name : str
        The module of the zoo and what it is called there.
    subject : Callable
        A backend, or a function that returns the context in which the front door is broken.
    """

    clause: str
    family: str
    name: str
    subject: Callable[..., Any]

    @property
    def is_backend(self) -> bool:
        """Whether it is a backend, not a broken front door."""
        return isinstance(self.subject, type)

    @property
    def spelling(self) -> str:
        """What ``--refvec-backend`` takes to test it."""
        return f"{__package__}.{self.family}:{self.name}" if self.is_backend else HOST

    @property
    def summary(self) -> str:
        """What is broken, in one line."""
        return (self.subject.__doc__ or "").splitlines()[0]

    def broken(self) -> AbstractContextManager[Any]:
        """Return the context in which to test it."""
        if self.is_backend:
            return nullcontext()
        context: AbstractContextManager[Any] = self.subject()
        return context


_kept: list[Mutant] = []


def breaks(clause: str) -> Callable[[Subject], Subject]:
    """Put a backend, or the function of a broken front door, into the zoo."""

    def keep(subject: Subject) -> Subject:
        family = subject.__module__.rpartition(".")[2]
        _kept.append(Mutant(clause, family, subject.__name__, subject))
        return subject

    return keep


def mutants() -> list[Mutant]:
    """Return everything in the zoo, by family."""
    for family in FAMILIES:
        importlib.import_module(f"{__package__}.{family}")
    return list(_kept)


def broken_as_named(name: str) -> AbstractContextManager[Any]:
    """Return the context of the broken front door that is called "family:name"."""
    family, _, attribute = name.partition(":")
    context: AbstractContextManager[Any] = getattr(
        importlib.import_module(f"{__package__}.{family}"), attribute
    )()
    return context


def nothing() -> AbstractContextManager[Any]:
    """Nothing is broken."""
    return nullcontext()
