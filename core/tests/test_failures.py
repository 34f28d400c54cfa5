"""Errors: what they say, and that they travel."""

import copy
import pickle

import pytest
import refvec
from refvec import errors, failures
from refvec.ids import canonical_ids

CLASSES = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.RefvecError)
]


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_travel_with_what_they_carry(kind, again):
    error = kind("what was wrong", chunk_id="a", index=3, position=7)
    found = again(error)
    assert type(found) is kind
    assert (found.args, found.chunk_id, found.index, found.position) == (("what was wrong",), "a", 3, 7)
    assert str(found) == "what was wrong (position 7 of the batch)"


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_without_a_position_says_none(kind):
    error = kind("what was wrong", position=7)
    error.position = None
    assert str(error) == "what was wrong"


@pytest.mark.parametrize("kind", CLASSES)
def test_errors_are_exported_and_drawn(kind):
    assert getattr(refvec, kind.__name__) is kind
    assert kind.__name__ in errors.__doc__


def test_an_outcome_that_is_unknown_is_a_connection_error():
    assert issubclass(refvec.OutcomeUnknownError, refvec.BackendUnavailableError)
    assert issubclass(refvec.BackendUnavailableError, ConnectionError)


LONG = "a common prefix/" * 100_000 + "end"


@pytest.mark.parametrize(
    "error",
    [
        failures.duplicate_id(LONG, 1),
        failures.duplicate_id(LONG, 1, repeated=True),
        failures.unknown_id(LONG, 1),
        failures.invalid_index(2**100_000, 5, 1),
    ],
)
def test_a_message_is_short(error):
    assert len(str(error)) < 250


def test_both_ends_of_a_long_id_are_shown():
    assert "prefix/end'" in str(failures.unknown_id(LONG, None))
    assert f"{len(LONG)} characters" in str(failures.unknown_id(LONG, None))


@pytest.mark.parametrize("text", ["", "a", "\n", "x" * 60])
def test_a_short_id_is_shown_as_it_is(text):
    assert repr(text) in str(failures.unknown_id(text, None))


def test_a_long_name_of_a_type_is_cut():
    with pytest.raises(refvec.IdTypeError) as caught:
        canonical_ids([type(LONG, (), {})()])
    assert len(str(caught.value)) < 250
