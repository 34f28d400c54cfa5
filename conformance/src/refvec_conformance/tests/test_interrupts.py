"""ATOM-1: a call that is interrupted has happened wholly or not at all."""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from refvec import VectorStore

from refvec_conformance.inputs.hostile import after
from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.atomicity import differences, observe, unchanged
from refvec_conformance.probes.fixtures import UNITS, Make

CHANGES: dict[str, Callable[[VectorStore], object]] = {
    "add_vector": lambda store: store.add_vector("x", UNITS[3]),
    "add_vectors": lambda store: store.add_vectors(["x", "y", "z"], UNITS[1:] + 5),
    "upsert_vector": lambda store: store.upsert_vector("c", UNITS[3]),
    "upsert_vectors": lambda store: store.upsert_vectors(["a", "c", "x"], UNITS[1:] + 5),
    "remove_vector": lambda store: store.remove_vector("c"),
    "remove_vectors": lambda store: store.remove_vectors(["a", "b", "d"]),
    "clear": lambda store: store.clear(),
}


class Interruptor:
    """Raises KeyboardInterrupt at the n-th line of Python that a call executes."""

    def __init__(self, after_lines: int) -> None:
        self.left = after_lines

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        """Count a line."""
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self

    def run(self, call: Callable[[], object]) -> bool:
        """Return whether the call was interrupted."""
        before = sys.gettrace()
        gc.disable()  # what is raised in a callback of the collector, such as Hypothesis's, is lost
        sys.settrace(self)
        try:
            call()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
            gc.enable()
        return False


@clause("ATOM-1", tier="standard", requires="interrupt_safe")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_interrupted_call_has_happened_wholly_or_not_at_all(make: Make, change: Any) -> None:
    def fresh() -> VectorStore:
        store = make(4, 2)
        store.add_vectors(["a", "b", "c", "d"], UNITS[[0, 0, 1, 2]])
        return store

    done = fresh()
    change(done)
    wholly = observe(done)
    for lines in range(1, 2000):
        store = fresh()
        before = observe(store)
        interrupted = Interruptor(lines).run(partial(change, store))
        seen = observe(store)
        assert seen in (before, wholly), differences(before, seen)
        if not interrupted:
            return


@clause("SAVE-1", "ATOM-1", tier="standard")
def test_an_interrupted_save_leaves_the_old_file_or_the_new_one(make: Make, tmp_path: Path) -> None:
    store = make(4, 2)
    store.add_vectors(["a", "b", "c", "d"], UNITS[[0, 0, 1, 2]])
    path = tmp_path / "saved"
    store.save(path)
    new = path.read_bytes()
    for lines in range(1, 5000):
        path.write_bytes(b"old")
        with warnings.catch_warnings():
            # Between the body of a "with" and its end there is a line: the file is closed as garbage.
            warnings.simplefilter("ignore", ResourceWarning)
            interrupted = Interruptor(lines).run(partial(store.save, path))
        assert [one.name for one in tmp_path.iterdir()] == ["saved"]
        assert path.read_bytes() in (b"old", new)
        if not interrupted:
            return


@clause("ATOM-1", requires="!interrupt_safe")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_keyboard_interrupt_is_not_swallowed(stocked: VectorStore, change: Any) -> None:
    try:
        interrupted = Interruptor(2).run(lambda: change(stocked))
    finally:
        sys.settrace(None)
    assert interrupted


@clause("ATOM-1")
def test_a_keyboard_interrupt_of_the_callers_own_code_changes_nothing(stocked: VectorStore) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with unchanged(stocked), pytest.raises(KeyboardInterrupt):
        stocked.add_vectors(after(["x", "y"], interrupt), UNITS[:2])
