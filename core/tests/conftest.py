"""What the tests of several modules have in common."""

import numpy as np
import pytest
from refvec import VectorStore
from refvec.interchange import source
from refvec_command.app import app
from typer.testing import CliRunner

ODD_IDS = ["", "line\nbreak", "nul\0", "🦀", "\u2028", "\x7f", '"', "\\", "é", "e\u0301", "x" * 5000, "\ud7ff"]


@pytest.fixture
def odd_store():
    """Return a store whose ids are in another order than its vectors, with duplicates and a free index."""
    store = VectorStore(3, backend="numpy", precision="exact")
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((40, 3)).astype(np.float32)
    rows[7] = [np.nan, -0.0, np.inf]
    rows[8].view(np.uint32)[0] = 0x7FC00ABC
    store.add_vectors([f"n{number}" for number in range(40)], rows)
    store.add_vectors(ODD_IDS, rows[: len(ODD_IDS)])
    store.remove_vectors(["n3", "n20", ODD_IDS[3]])
    store.upsert_vector("n30", rows[31])
    store.add_vectors(["late", "later"], [[1, 2, 3], rows[0]])
    return store


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(source, "MOST_ROWS", 7)


@pytest.fixture
def kept():
    """Return what gives the payloads of a path that is sound."""

    def payloads(path, mode="r"):
        with VectorStore(path=path, mode=mode, backend="numpy") as found:
            found.verify()
            return dict(found.payloads.items())

    return payloads


@pytest.fixture
def run():
    """Return what runs a command in this process."""

    def run(*arguments):
        return CliRunner().invoke(app, arguments, env={"COLUMNS": "120"})

    return run
