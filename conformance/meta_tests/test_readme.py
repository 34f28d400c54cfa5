"""What README.md shows of the functions works: on the python backend, in place of one's own."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from refvec import VectorStore
from refvec_conformance.faults import Faults

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from page_examples import blocks, run_python  # noqa: E402

PAGE = (ROOT / "conformance/README.md").read_text("utf-8")
SHOWN = [code.replace('"mine"', '"python"') for language, code, _ in blocks(PAGE) if language == "python"]
RUN, FAULTS, DISK, NETWORK = SHOWN


def test_the_function_judges():
    names: dict = {}
    run_python(RUN.replace("quick", "smoke"), names)
    assert names["result"].exit_code == 0
    assert names["result"].backends[0].totals["pass"] > 0


def test_a_faulty_store_fails_now_and_then():
    names: dict = {}
    run_python(FAULTS.replace("0.1", "1.0"), names)
    with pytest.raises(OSError, match="nothing happened"):
        names["store"].add_vector("a", np.zeros(384))


def test_a_faulty_disk_fails_the_flush(tmp_path):
    store = VectorStore(4, backend="python", path=tmp_path / "store")
    store.add_vector("a", [1, 2, 3, 4])
    names = {"Faults": Faults, "store": store}
    with pytest.raises(OSError):  # noqa: PT011 - whichever the disk has
        run_python(DISK.replace("0.1", "1.0"), names)
    store.flush()
    assert store.get_vector("a").tolist() == [1, 2, 3, 4]


def test_a_network_that_no_store_uses_loses_nothing():
    store = VectorStore(4, backend="python")
    run_python(NETWORK, {"store": store, "vector": [1, 2, 3, 4]})
    assert "a" in store
