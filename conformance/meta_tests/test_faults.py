"""The fault wrapper for users' own tests."""

from __future__ import annotations

import pytest
from refvec import VectorStore
from refvec_conformance.faults import Faults, faulty


def opened(**faults):
    return faulty(VectorStore(2, backend="python"), Faults(**faults))


def outcomes(store, count=60):
    found = []
    for number in range(count):
        try:
            store.add_vector(f"id{number}", [number, 1])
            found.append(True)
        except OSError:
            found.append(False)
    return found


def test_without_faults_it_is_the_store():
    with opened() as store:
        assert outcomes(store) == [True] * 60
        assert len(store) == store.count == 60
        assert "id3" in store
        with pytest.raises(TypeError):
            iter(store)
    assert store.closed


def test_an_error_before_the_call_changes_nothing():
    store = opened(error_rate=1.0)
    with pytest.raises(OSError, match="nothing happened"):
        store.add_vector("a", [1, 2])
    assert store.store.ids() == []


def test_a_lost_reply_has_happened():
    store = opened(lost_reply_rate=1.0, error=TimeoutError)
    with pytest.raises(TimeoutError, match="it happened"):
        store.add_vector("a", [1, 2])
    assert store.store.ids() == ["a"]


@pytest.mark.parametrize("named", [False, True])
def test_a_batch_fails_in_between(named):
    store = opened(partial_rate=1.0, seed=3)
    ids, rows = [f"{n}" for n in range(50)], [[n, 1] for n in range(50)]
    with pytest.raises(OSError, match="of 50 items happened"):
        store.add_vectors(chunk_ids=ids, vectors=rows) if named else store.add_vectors(ids, rows)
    assert 0 < len(store) < 50
    assert store.ids() == ids[: len(store)]


def test_the_same_seed_gives_the_same_faults():
    first, again, other = (outcomes(opened(error_rate=0.3, seed=seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert 5 < first.count(False) < 30


def test_latency_is_waited_by_what_was_passed():
    waited = []
    store = opened(latency=(0.5, 1.5), wait=waited.append)
    assert outcomes(store, 10) == [True] * 10
    assert len(waited) == 10
    assert all(0.5 <= seconds <= 1.5 for seconds in waited)


def test_reading_is_left_alone_unless_named():
    store = opened(error_rate=1.0, methods={"get_vector"})
    store.add_vector("a", [1, 2])
    with pytest.raises(OSError, match="injected"):
        store.get_vector("a")
