"""The steps of a single id in a store that keeps a journal: what it tells of is what has happened."""

import sys

import numpy as np
import pytest
from refvec import VectorStore
from refvec.inprocess import lines, shortcuts
from refvec.opening import OpenSpec
from refvec.registry import load_backend

ONE, OTHER = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
STEPS = {
    "fill": lambda store: store.add_vector("new", np.array([2, 2], np.float32)),
    "join": lambda store: store.add_vector("new", ONE),
    "leave": lambda store: store.remove_vector("a"),
    "empty": lambda store: store.remove_vector("c"),
}
backends = pytest.mark.parametrize("backend", ["python", "numpy"])
steps = pytest.mark.parametrize("step", STEPS)


def journaled(backend):
    empty = VectorStore(2, backend=backend)._scan(lambda state: state)
    store = load_backend(backend)._restore(OpenSpec(2, journaled=True), empty)
    store.add_vectors(["a", "b", "c"], [ONE, ONE, OTHER])
    told(store)
    return store


def told(store):
    """Return what the store tells of its changes, and what it is without a look at the journal."""
    changes = store._changes(lambda changes: changes._replace(blocks=list(changes.blocks)))
    rows = np.concatenate([np.empty((0, 2), np.float32), *changes.blocks])
    return changes.events, changes.written.tolist(), rows.tolist(), changes.freed.tolist(), shown(store)


def shown(store):
    ids, id_indices, indices, vectors = store.snapshot()
    counts = store.get_refcounts(indices).tolist()
    return ids, id_indices.tolist(), indices.tolist(), vectors.tolist(), counts, store.get_statistics()


@backends
def test_single_steps_are_told_of(backend):
    store = journaled(backend)
    assert STEPS["fill"](store) == 2
    assert told(store)[:4] == ([("new", 2)], [2], [[2, 2]], [])
    assert STEPS["leave"](store)
    assert STEPS["empty"](store)
    assert store.add_vector("d", OTHER) == 3  # the index that was freed is held back
    assert told(store)[:4] == ([("a", -1), ("c", -1), ("d", 3)], [3], [[0, 1]], [1])
    store._reclaim(np.array([1]))
    assert store.add_vector("e", np.array([5, 5], np.float32)) == 1
    assert store.add_vector("f", OTHER) == 3
    assert told(store)[:4] == ([("e", 1), ("f", 3)], [1], [[5, 5]], [])


@backends
@steps
def test_single_steps_take_the_short_way(backend, step, monkeypatch):
    store, seen, original = journaled(backend), [], getattr(lines, step)
    monkeypatch.setattr(shortcuts, step, lambda *given: seen.append(step) or original(*given))
    STEPS[step](store)
    assert seen == [step]


@backends
@steps
def test_a_store_that_was_just_opened_knows_its_vectors(backend, step, tmp_path):
    with VectorStore(path=tmp_path / "store", backend=backend) as store:
        store.add_vectors(["a", "b", "c"], [ONE, ONE, OTHER])
    with VectorStore(path=tmp_path / "store", backend=backend) as store:
        assert STEPS[step](store) == STEPS[step](journaled(backend))
        store.flush()
        found = shown(store)[:-1]
    with VectorStore(path=tmp_path / "store", backend=backend) as store:
        assert shown(store)[:-1] == found
        assert len({tuple(row) for row in found[3]}) == len(found[3])


@backends
@steps
def test_an_error_between_any_two_lines(backend, step):
    before, whole = told(journaled(backend)), journaled(backend)
    STEPS[step](whole)
    after, at, outcomes = told(whole), 0, set()
    while True:
        store = journaled(backend)
        if not interrupted(STEPS[step], store, at):
            break
        found = told(store)
        assert found in (before, after), at
        outcomes.add(found == after)
        store.add_vector("next", np.array([7, 7], np.float32))
        assert told(store)[0][-1][0] == "next"
        at += 1
    assert at > 10
    assert False in outcomes


def interrupted(step, store, at):
    """Make a step, with an error before the line of that number; return whether it was reached."""
    left = [at]

    def trace(frame, event, _):
        if frame.f_code.co_filename != lines.__file__:
            return None
        if event == "line" and frame.f_code.co_name in STEPS:
            if not left[0]:
                sys.settrace(None)
                raise KeyboardInterrupt
            left[0] -= 1
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        step(store)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(former)
    return False
