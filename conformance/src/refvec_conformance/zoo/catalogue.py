"""What is in the zoo."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar
from unittest import mock

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
    "primitives",
    "journals",
    "steps",
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
    "durability",
    "compaction",
    "corruption",
    "crashes",
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
    host : str
        The spelling of the backend that runs while the front door is broken.
    """

    clause: str
    family: str
    name: str
    subject: Callable[..., Any]
    host: str = HOST

    @property
    def is_backend(self) -> bool:
        """Whether it is a backend, not a broken front door."""
        return isinstance(self.subject, type)

    @property
    def spelling(self) -> str:
        """What ``--refvec-backend`` takes to test it."""
        return f"{__package__}.{self.family}:{self.name}" if self.is_backend else self.host

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


def breaks(clause: str, host: str = HOST) -> Callable[[Subject], Subject]:
    """Put a backend, or the function of a broken front door, into the zoo."""

    def keep(subject: Subject) -> Subject:
        family = subject.__module__.rpartition(".")[2]
        _kept.append(Mutant(clause, family, subject.__name__, subject, host))
        return subject

    return keep


def mutant(clause: str, name: str, summary: str, base: type = Specimen) -> Row:
    """Begin the row of a mutant that is told in one line: ``mutant(...).does(...)`` puts it into the zoo.

    Parameters
    ----------
    clause, name, summary : str
        As of any mutant; it becomes part of the module that wrote the change.
    base : type
        What a backend is made of.
    """
    return Row(clause, name, summary, base)


@dataclass(frozen=True)
class Row:
    """What a mutant is called; how it is broken is still to be said."""

    clause: str
    name: str
    summary: str
    base: type

    def does(self, **changes: Callable[..., Any]) -> None:
        """Put a backend into the zoo some methods of which, or hooks of its base, do something else.

        What stands for a method takes what it asks for by the names of its parameters:

        ``found``
            what the method answers, which is then called first;
        ``call``
            the method itself: ``call()`` with what the caller gave, ``call(k=3)`` with another ``k``;
        ``store``
            the store;
        the name of an argument of the method
            that argument, also where it is called as one of the above.
        """
        body = {method: _changed(getattr(self.base, method), change) for method, change in changes.items()}
        self._put(type(self.name, (self.base,), body), next(iter(changes.values())).__module__)

    def patches(self, context: Callable[[], AbstractContextManager[Any]], host: str = HOST) -> None:
        """Put a front door into the zoo that is broken within a context."""
        context.__name__ = self.name
        self._put(context, context.__module__, host)

    def _put(self, subject: Callable[..., Any], module: str, host: str = HOST) -> None:
        subject.__module__, subject.__doc__ = module, self.summary
        setattr(sys.modules[module], self.name, breaks(self.clause, host)(subject))


def _changed(original: Callable[..., Any], change: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)
    wanted = [name.lstrip("_") for name in inspect.signature(change).parameters]  # "_found": called, not used

    @functools.wraps(original)
    def changed(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(self, *args, **kwargs)
        given.apply_defaults()

        def call(**others: Any) -> Any:
            asked = inspect.BoundArguments(signature, OrderedDict(given.arguments | others))
            return original(*asked.args, **asked.kwargs)

        known = {"store": self, "call": call, **given.arguments}
        if "found" in wanted and "found" not in known:
            known["found"] = call()
        return change(*[known[name] for name in wanted])

    return changed


def refuse(error: BaseException) -> NoReturn:
    """Raise an error, within an expression."""
    raise error


def translated(call: Callable[[], Any], kind: type[BaseException], into: Callable[[Any], BaseException]) -> Any:
    """Call; what it raises of a kind comes out as something else."""
    try:
        return call()
    except kind as error:
        raise into(error) from None


def patched(owner: Any, name: str, change: Callable[..., Any]) -> AbstractContextManager[Any]:
    """Return the context in which a function is another one, that is given the original first."""
    return mock.patch.object(owner, name, functools.partial(change, getattr(owner, name)))


def or_python(error: type[Exception], find: Callable[[str], Any], name: str) -> Any:
    """Find the backend of this name; where that raises an error of this kind, find the python backend."""
    try:
        return find(name)
    except error:
        return find("python")


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
