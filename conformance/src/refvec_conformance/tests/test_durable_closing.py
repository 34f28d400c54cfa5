"""DUR-8: a store that is closed while another thread is reading it, and the next writer."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from numpy.typing import NDArray
from refvec import State, StoreClosedError, VectorStore

from refvec_conformance.judging.marks import clause
from refvec_conformance.judging.target import Target

IDS = [f"{number}" for number in range(200)]
ROWS = np.arange(1600, dtype=np.float32).reshape(200, 8)
PATIENCE = 0.1  # seconds for a close that does not wait for scans; where one does, nobody writes meanwhile


def reopened(target: Target, place: Path) -> VectorStore:
    """Return a store that was opened with rows in its file, which it may read there."""
    with target.open(8, path=place) as first:
        first.add_vectors(IDS, ROWS)
    return target.open(path=place)


def write_over(target: Target, place: Path) -> None:
    """Write new rows, to freed indices too where these may be taken again."""
    with target.open(path=place) as second:
        second.upsert_vectors(IDS, ROWS + 10_000)
        second.flush()
        second.flush()
        second.add_vectors([f"new {one}" for one in IDS], ROWS + 20_000)


def scanned(target: Target, place: Path, store: VectorStore) -> NDArray[np.float32]:
    """Return what a scan sees during which another thread closes the store, and the next writer comes."""
    closing = Thread(target=store.close)

    def look(state: State) -> NDArray[np.float32]:
        if closing.ident is None:
            closing.start()
            closing.join(PATIENCE)
            if not closing.is_alive():
                write_over(target, place)
        return state.vectors()

    try:
        return store._scan(look)
    finally:
        closing.join()


@clause("DUR-8", "THREAD-1", requires="durable")
@pytest.mark.parametrize("read", [False, True])
def test_a_scan_of_a_store_that_is_closed_sees_no_row_of_the_next_writer(
    target: Target, place: Path, read: bool
) -> None:
    store = reopened(target, place)
    if read:  # and each checksum compared
        assert store.get_all_vectors().tobytes() == ROWS.tobytes()
    try:
        found = scanned(target, place, store)
    except StoreClosedError:
        return
    assert found.tobytes() == ROWS.tobytes()


@clause("DUR-8", requires="durable")
def test_freed_rows_are_reusable_once_no_scan_of_a_closed_store_is_left(target: Target, place: Path) -> None:
    with suppress(StoreClosedError):
        scanned(target, place, reopened(target, place))
    with target.open(path=place) as third:
        freed = third.get_index("0")
        assert freed is not None
        third.remove_vector("0")
        third.flush()
        taken = third.add_vector("again", np.full(8, 99))
        assert taken <= freed or not target.capabilities.dense_indices
