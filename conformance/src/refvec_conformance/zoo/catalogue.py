"""What is in the zoo."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from .specimen import Specimen

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
    "foundation",
    "lifecycle",
    "saving",
    "replacing",
    "capabilities",
    "plugins",
    "sizes",
    "scaling",
    "torn",
    "taking",
    "order",
    "trimming",
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


def answer(
    clause: str, name: str, summary: str, *, base: type = Specimen, **changes: Callable[..., Any]
) -> None:
    """Put a backend into the zoo that only answers something else.

    Parameters
    ----------
    clause, name, summary : str
        As of any mutant; the class is put into the module that wrote the change.
    base : type
        What the backend is made of.
    **changes : callable
        By the name of a method, or of a hook of `base`: takes what that
        answers, or the store and that.
    """
    module = next(iter(changes.values())).__module__
    body = {method: _changed(getattr(base, method), change) for method, change in changes.items()}
    made = type(name, (base,), {"__module__": module, "__doc__": summary, **body})
    setattr(sys.modules[module], name, breaks(clause)(made))


def _changed(original: Callable[..., Any], change: Callable[..., Any]) -> Callable[..., Any]:
    with_store = len(inspect.signature(change).parameters) > 1

    @functools.wraps(original)
    def changed(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(self, *args, **kwargs)
        return change(self, found) if with_store else change(found)

    return changed


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
