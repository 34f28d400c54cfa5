"""What only a native backend can get wrong; everything else is the suite's."""

import abc
import copy
import dataclasses
import pickle
import signal
import sys
import uuid
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from refvec import RefvecError, VectorStore
from rust_vector_store import RustVectorStore

ROW = np.ones(4, np.float32)


def python_calls(call):
    """Return the names of the Python functions that a call enters."""
    entered = []
    sys.setprofile(lambda frame, event, _: entered.append(frame.f_code.co_name) if event == "call" else None)
    try:
        call()
    finally:
        sys.setprofile(None)
    return entered


@pytest.mark.parametrize(
    "chunk_id", ["text", str(uuid.UUID(int=7)), uuid.UUID(int=8)], ids=["text", "uuid text", "uuid"]
)
def test_single_calls_enter_no_python_function(chunk_id):
    store = VectorStore(4, backend="rust")
    store.add_vector("warm", ROW)
    calls = [
        lambda: store.add_vector(chunk_id, ROW),
        lambda: store.get_vector(chunk_id),
        lambda: store.get_index(chunk_id),
        lambda: chunk_id in store,
        lambda: store.upsert_vector(chunk_id, 2 * ROW),
        lambda: len(store),
        lambda: store.remove_vector(chunk_id),
    ]
    assert [name for call in calls for name in python_calls(call) if name != "<lambda>"] == []


def test_the_class_can_be_called_directly():
    store = RustVectorStore(4)
    assert isinstance(store, VectorStore)
    with pytest.raises(ValueError, match="backend 'rust', not 'numpy'"):
        RustVectorStore(4, backend="numpy")


def test_the_interpreter_ends_while_threads_use_a_store(child):
    child(
        """
        import threading
        import numpy as np
        from refvec import RefvecError, VectorStore
        store = VectorStore(64, backend="rust")
        store.add_vectors(map(str, range(20000)), np.random.default_rng(1).standard_normal((20000, 64)))
        def use():
            while True:
                store.search(np.ones((8, 64)), 3)
                store.upsert_vector("x", np.ones(64))
        for _ in range(4):
            threading.Thread(target=use, daemon=True).start()
        store.search(np.ones((8, 64)), 3)
        """
    )


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
def test_an_interrupt_leaves_a_batch_whole_or_undone(child):
    out = child(
        """
        import signal
        import numpy as np
        from refvec import RefvecError, VectorStore
        rows = np.random.default_rng(1).standard_normal((20000, 256)).astype("f4")
        ids = list(map(str, range(20000)))
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        seen, interrupts = set(), 0
        for turn in range(1, 41):
            store = VectorStore(256, backend="rust")
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005 * turn)
                store.add_vectors(ids, rows)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupts += 1
            seen.add((len(store), store.total_references))
        print(seen <= {(0, 0), (20000, 20000)}, interrupts > 0)
        """
    )
    assert out == "True True\n"


def test_segments_of_freed_rows_are_not_touched_when_a_store_is_loaded(tmp_path):
    store = VectorStore(65_536, backend="rust")
    row = np.zeros(65_536, np.float32)
    for number in range(300):
        row[0] = number
        store.upsert_vector(str(number), row)
    store.remove_vectors(map(str, range(299)))
    store.save(tmp_path / "saved")
    assert (tmp_path / "saved").stat().st_size < 300_000
    loaded = VectorStore.load(tmp_path / "saved", backend="rust")
    assert loaded.get_statistics()["free_indices"] == 299
    assert loaded.get_vector("299")[0] == 299


def test_hits_of_one_vector_share_one_tuple():
    """SEARCH: memory does not grow with queries times references."""
    store = VectorStore(2, backend="rust")
    store.add_vectors([str(number) for number in range(1000)], np.ones((1000, 2)))
    store.add_vector("other", [1, 0])
    hits = store.search([[1, 1], [0, 1], [1, 0]], 2).ids
    assert hits[0][0] is hits[1][0] is hits[2][1]
    assert len(hits[0][0]) == 1000
    assert hits[0][1] is hits[2][0] == ("other",)
    assert store.search([1, 1], with_ids=False).ids is None


class Named(Protocol):
    """What a framework asks of a store."""

    name: str


class Mine(RustVectorStore, Named, abc.ABC):
    """A user's store."""

    def __init__(self, name):
        super().__init__(4)
        self.name = name


def test_a_subclass_may_have_attributes_and_other_bases():
    """NAME-2, SAVE: and keeps both in copies."""
    store = Mine("mine")
    store.add_vector("a", ROW)
    for other in (copy.copy(store), pickle.loads(pickle.dumps(store))):
        assert (type(other), other.name, other.ids()) == (Mine, "mine", ["a"])


def test_blocks_are_readable_during_the_call_only():
    """The memory is given back, however long they are kept."""
    store = VectorStore(4, backend="rust")
    store.add_vectors(["a", "b"], [ROW, 2 * ROW])
    blocks = store._scan(lambda state: state.blocks)
    with pytest.raises(RefvecError, match="during the call"):
        next(blocks)
    first = store._scan(lambda state: next(state.blocks))
    first[:] = 0
    assert store.get_vector("b").tolist() == [2, 2, 2, 2]


def test_an_unreadable_precision_is_refused():
    """OPEN-2: never another one in its stead."""
    spec = VectorStore(4, backend="rust")._spec
    for precision in ("exakt", 2.5, -1, 300, None):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            RustVectorStore.__new__(RustVectorStore)._open(dataclasses.replace(spec, precision=precision), None)


def test_one_door():
    """Methods and functions stand in macros that catch panics; only the constructor has nothing to catch."""
    sources = Path(__file__).parents[1].glob("src/python/*.rs")
    text = {source.name: source.read_text() for source in sources}
    found = {name: code.count("#[pymethods]") for name, code in text.items() if "#[pymethods]" in code}
    assert found == {"door.rs": 1, "mod.rs": 1}
    assert [name for name, code in text.items() if "#[pyfunction]" in code] == ["door.rs"]


@pytest.mark.parametrize(
    "kind", [list, tuple, set, frozenset, iter, dict.fromkeys], ids=lambda kind: kind.__name__
)
@pytest.mark.parametrize("spelling", [str, uuid.UUID, "é{}".format], ids=["text", "uuid", "not ascii"])
def test_within_takes_ids_of_every_spelling_in_every_iterable(kind, spelling):
    named = [spelling(str(uuid.UUID(int=7**20 * one))) for one in range(300)]
    store = VectorStore(1, backend="rust")
    store.add_vectors(named, np.arange(300)[:, None])
    asked = kind([*named[::3], *named[::6], spelling(str(uuid.UUID(int=1)))])
    found = store.search([1], 200, metric="dot", within=asked)
    assert found.indices.tolist() == [*range(297, -1, -3)]
    assert found.ids == [(str(named[index]),) for index in found.indices]


def test_a_uuid_without_its_number_is_refused_by_within():
    store = VectorStore(1, backend="rust")
    broken = uuid.UUID.__new__(uuid.UUID)
    for within in ([broken], [*map(str, range(40)), broken]):
        with pytest.raises(TypeError, match="UUID without 128 bits"):
            store.search([1], within=within)
    with pytest.raises(ValueError, match="surrogate"):
        store.search([1], within=["\ud800"])
