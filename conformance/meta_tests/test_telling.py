"""What the author of a backend reads of a failure: one sentence, with values as one would write them."""

from __future__ import annotations

import numpy as np
import pytest
from refvec_conformance.probes.children import ChildError, run_child
from refvec_conformance.probes.outcomes import Outcome, frozen
from refvec_conformance.telling.expressions import as_called
from refvec_conformance.telling.values import brief, difference, shown

HOSTILE = type("Hostile", (), {"__repr__": lambda _: 1 / 0, "__eq__": lambda *_: 1 / 0})()
ROWS = np.array([[0.1, -0.0], [np.nan, 2.0]], np.float32)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([0.1, 1.0], np.float32), "[0.1, 1.0]"),
        (np.array([1, 2]), "[1, 2]"),
        (np.array([1], ">i4"), "np.array([1], '>i4')"),
        (frozen([3, "a"]), "[3, 'a']"),
        (frozen(ROWS), "[[0.1, -0.0], [nan, 2.0]]"),
        (Outcome(frozen(["d"])), "returned ['d']"),
        (Outcome(None, KeyError, 2, "x"), "raised KeyError (position=2, chunk_id='x')"),
        (KeyError("a"), "KeyError('a')"),
        (DeprecationWarning, "DeprecationWarning"),
        (HOSTILE, "a Hostile"),
        (10**5000, "an integer of 16610 bits"),
        ("x" * 70_000, f"{'x' * 30!r}... (70,000 characters)"),
        (list(range(100)), "[0, 1, 2, 3, 4, 5, ... 100 items]"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 99 else type(value).__name__,
)
def test_values_are_shown_as_a_user_would_write_them(value, text):
    assert shown(value) == text


def test_of_a_long_argument_the_first_item_is_shown():
    assert brief(np.ones((3, 40), np.float32)) == "[[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, ... 40 items], ... 3 items]"


@pytest.mark.parametrize(
    ("got", "wanted", "told"),
    [
        ({"a": [1, 2]}, {"a": [1, 3]}, ("['a'][1]", "2", "3")),
        ({"a": 1}, {}, ("['a']", "1", "missing")),
        (list(range(99)), list(range(98)), ("[98]", "98 (of 99 items)", "missing (of 98 items)")),
        (frozen(ROWS), frozen(ROWS + 1), ("[0][0]", "0.1", "1.1")),
        ((1,), [1], ("", "(1,)", "[1]")),
        ([Outcome(frozen(1))], [Outcome(frozen(2))], ("[0]", "1", "2")),
        ([Outcome(frozen(1))], [Outcome(None, KeyError)], ("[0]", "returned 1", "raised KeyError")),
        (np.float32(-0.0), np.float32(0.0), ("", "-0.0", "0.0")),
    ],
)
def test_of_two_long_values_the_difference_is_shown(got, wanted, told):
    assert difference(got, wanted) == told


def test_one_nan_is_told_from_another():
    words = np.array([0x7FC00000, 0x7FC00001], np.uint32).view(np.float32)
    where, one, other = difference(words[:1], words[1:])
    assert (where, one) == ("[0]", "nan (bits 0000c07f)")
    assert other == "nan (bits 0100c07f)"


CALLS = {"add": lambda store, vector: store.add_vector("one", vector)}


def test_a_call_through_a_table_is_shown_as_the_call():
    assert as_called(CALLS["add"], object(), [1.0]) == "store.add_vector('one', [1.0])"


def test_a_child_that_fails_tells_what_it_printed_last():
    error = ChildError(run_child("raise SystemExit('no luck')"))
    assert error.telling.sentence.startswith(
        "a child process ended with 1, and printed last 'no luck'; expected"
    )


def test_of_an_assertion_in_a_child_its_message_is_told():
    error = ChildError(run_child("assert 2 < 1, 'two is more'"))
    assert "printed last 'two is more'; expected" in error.telling.sentence


SUITE = """
import pytest

def put(store, vector):
    return store.add_vector("x", vector)

@clause("ADD-1")
def test_value(store):
    store.add_vector("a", [1, 2, 3, 4])
    assert store.get_refcount(0) == 1

@clause("ADD-1")
def test_named(store):
    found = store.add_vectors(["b"], [[1.0, 2.0, 3.0, 4.0]])
    assert found.tolist() == [0]

@clause("ADD-1")
def test_error(store):
    import pytest, refvec
    store.add_vector("a", [1, 2, 3, 4])
    with pytest.raises(refvec.DuplicateIdError):
        store.add_vector("a", [1.0, 2.0, 3.0, 4.0])

@clause("ADD-1")
def test_none(store):
    import pytest
    with pytest.raises((TypeError, ValueError)):
        put(store, None)

class Kept:
    def __init__(self, store):
        self.store = store

@clause("ADD-1")
def test_held(store):
    kept = Kept(store)
    assert [kept.store.get_refcount(one) for one in (0, 1)] == [1, 2]

@clause("ADD-1")
def test_part(store):
    import pytest
    with pytest.raises(KeyError) as caught:
        store.remove_vector("nobody")
    assert getattr(caught.value, "args") == ()

@clause("ADD-1")
def test_either(store):
    count = store.count
    assert count > 5 or store.get_refcount(0) == 1

@clause("ADD-1")
def test_changed(store):
    from refvec_conformance.probes.atomicity import unchanged
    with unchanged(store):
        store.add_vector("c", [0.0, 0.0, 0.0, 1.0])

@clause("GET-4")
@pytest.mark.parametrize("fact", ["writeable", "type"])
def test_conditional(store, fact):
    import numpy as np
    store.add_vector("a", [1.0, 2.0, 3.0, 4.0])
    found = store.get_vector("a")
    facts = {"type": type(found) is np.ndarray}
    assert facts[fact] if fact in facts else getattr(found.flags, fact)

@clause("GET-4")
def test_other_method(store):
    assert store.get_all_vectors().flags.writeable

@clause("GET-4")
def test_branch(store):
    one = None
    assert store.get_vector("b" if one is None else one) is not None

@clause("GET-1")
def test_checked(store):
    flags = store.get_vector("zero").flags
    assert flags.writeable and flags.aligned

@clause("GET-1")
def test_missing(store):
    assert store.get_vector("nobody").tolist() == []

@clause("REMOVE-1")
def test_uncaught(store):
    assert store.remove_vector("nobody") is False
"""
BROKEN = """
def get_refcount(self, index):
    return 2
def add_vectors(self, chunk_ids, vectors):
    return super().add_vectors(chunk_ids, vectors) + 1
def add_vector(self, chunk_id, vector):
    if chunk_id in self:
        raise KeyError(chunk_id)
    return 0 if vector is None else super().add_vector(chunk_id, vector)
def get_vector(self, chunk_id):
    import numpy as np
    found = np.ones(4, np.float32)
    found.flags.writeable = False
    return None if chunk_id in ("b", "nobody") else found
def get_all_vectors(self):
    return self.get_vector("a").reshape(1, 4)
def remove_vector(self, chunk_id):
    raise KeyError(chunk_id)
"""
SENTENCES = {
    "test_value": "store.get_refcount(0) returned 2; expected 1",
    "test_named": "store.add_vectors(['b'], [[1.0, 2.0, 3.0, 4.0]]) returned [1]; expected [0]",
    "test_error": "store.add_vector('a', [1.0, 2.0, 3.0, 4.0]) raised KeyError('a'); expected DuplicateIdError",
    "test_none": "store.add_vector('x', None) raised nothing; expected TypeError or ValueError",
    "test_held": "store.get_refcount(one), for each in turn, returned [2, 2]; expected [1, 2]",
    "test_part": "the args of the error of store.remove_vector('nobody') is ('nobody',); expected ()",
    "test_either": "store.get_refcount(0) returned 2; expected 1",
    "test_changed": "store.add_vector('c', [0.0, 0.0, 0.0, 1.0]) changed the store, and must not: "
    "len is 1; expected 0",
    "test_conditional[writeable]": "store.get_vector('a').flags.writeable is false; expected true",
    "test_branch": "store.get_vector('b') returned None; expected another value",
    "test_checked": "the suite's check `flags.writeable and flags.aligned` is false; expected true",
    "test_missing": "store.get_vector('nobody') returned None; expected a value that has `tolist`",
    "test_uncaught": "store.remove_vector('nobody') raised KeyError('nobody'); expected no error",
}


@pytest.fixture(scope="module")
def failures(shared_bench):
    result = shared_bench.judge(BROKEN, more=SUITE)
    return {row.id.rpartition("::")[2]: row.failure for row in result.failures}


@pytest.fixture(scope="module")
def told(failures):
    return {name: one.message.partition("\n")[0] for name, one in failures.items()}


def test_what_the_results_of_several_methods_lack_is_one_cause(failures):
    one, other = failures["test_conditional[writeable]"], failures["test_other_method"]
    assert one.cause == other.cause


@pytest.mark.parametrize("test", SENTENCES)
def test_a_failure_begins_with_what_was_called_what_came_back_and_what_was_expected(told, test):
    assert told[test] == SENTENCES[test]
