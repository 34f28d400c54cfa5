"""The sentence with which a failure begins, and what it has in common with others of the same cause."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .calls import call_of, expected_error, guard_of, guarded_call, method_of
from .comparing import compared
from .evaluating import known
from .forms import CHANGED, Comparison, Telling
from .places import Place, place_of
from .values import as_error, shown


def told(error: BaseException, comparison: Comparison | None, folder: Path) -> Telling:
    """Return how a failure is told.

    Parameters
    ----------
    error : BaseException
        What ended the test.
    comparison : Comparison or None
        The last comparison that did not hold, if the assertion was one.
    folder : Path
        Where the test is.
    """
    own = getattr(error, "telling", None)
    if isinstance(own, Telling):
        return own
    noticed = isinstance(error, AssertionError | pytest.fail.Exception)
    place = place_of(error.__traceback__, folder, noticed=noticed)
    if place is None:
        return Telling(f"{as_error(error)} was raised; expected no error", type(error).__name__)
    if isinstance(error, pytest.fail.Exception):
        return _failed(error, place)
    if isinstance(error, AssertionError) and isinstance(place.statement, ast.Assert) and not place.callee:
        return compared(place, comparison, error)
    return _raised(error, place)


def _failed(error: BaseException, place: Place) -> Telling:
    said, guard = str(error).strip(), guard_of(place)
    if said.startswith("DID NOT RAISE") and guard is not None:
        call, wanted = guarded_call(*guard), expected_error(*guard)
        return Telling(f"{call} raised nothing; expected {wanted}", f"no {wanted} is raised")
    first, _, more = said.partition("\n")
    if first.startswith(CHANGED):
        return _changed(more, place)
    return Telling(first, first.partition(":")[0], more)


def _changed(differences: str, place: Place) -> Telling:
    around = [one for one in (*place.within, place.statement) if isinstance(one, ast.With)]
    call = guarded_call(around[-1], place) if around else call_of(place)
    first, _, more = differences.partition("\n")
    text = f"{call} changed the store, and must not: {first.rpartition(', expected ')[0]}"
    text += f"; expected {first.rpartition(', expected ')[2]}"
    return Telling(text, f"{method_of(call)} changes the store", differences if more else "")


def _raised(error: BaseException, place: Place) -> Telling:
    if not place.callee and (found := _of_result(error, place)):
        return found
    guard = guard_of(place)
    call = call_of(place) if guard is None or guard[0] is not place.statement else guarded_call(*guard)
    if guard is None:
        text = f"{call} raised {as_error(error)}; expected no error"
        return Telling(text, f"{type(error).__name__} is raised where no error is expected")
    wanted = expected_error(*guard)
    if isinstance(error, AssertionError) and "did not match" in str(error):
        return Telling(_unmatched(call, wanted, error), f"{wanted} has another text")
    text = f"{call} raised {as_error(error)}; expected {wanted}"
    return Telling(text, f"{type(error).__name__} is raised where {wanted} is expected")


def _of_result(error: BaseException, place: Place) -> Telling | None:
    """Return how to tell an error of the suite's own statement, which could not work with what came back."""
    call = call_of(place)
    if isinstance(error, AttributeError) and isinstance(error.obj, BaseException):
        text = f"{as_error(error.obj)} was raised, which has no {error.name}; expected an error of refvec's"
        return Telling(text, f"{type(error.obj).__name__} is raised")
    if isinstance(error, AttributeError) and error.name:
        text = f"{call} returned {shown(error.obj)}; expected a value that has `{error.name}`"
        return Telling(text, f"{method_of(call)} returned another value")
    key = error.args[0] if type(error) is KeyError and error.args else None
    items = [one for one in ast.walk(place.statement) if isinstance(one, ast.Subscript)]
    if key is not None and any(known(one.slice, place.names) == (True, key) for one in items):
        return Telling(
            f"{call} returned nothing for {key!r}; expected a value", f"{method_of(call)} returned too little"
        )
    return None


def _unmatched(call: str, wanted: str, error: BaseException) -> str:
    """Return the sentence for an error of the right class that lacks a fact in its text."""
    facts = {
        name.strip(): text.strip() for name, _, text in (one.partition(":") for one in str(error).splitlines())
    }
    pattern = facts.get("Expected regex", facts.get("Regex", "what it should"))
    actual = facts.get("Actual message", facts.get("Input", "something else"))
    return f"{call} raised {wanted} with the text {actual}; expected a text that matches {pattern}"
