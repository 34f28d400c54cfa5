"""Make the stores that are kept in the repository anew: ``python -m refvec_conformance.stores``."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import numpy as np
from refvec import VectorStore
from refvec.durable.pagedigest import digest

from ..campaign.load import DIMENSION, change
from ..probes.durability import held, small_logs
from . import CONTENT_1, FORMAT_1, NEWER, as_text

SEED, FLUSHES = 8, 12


def make_first(path: Path) -> str:
    """Make the store of format 1, which has a snapshot, a log, and free indices; return what it holds."""
    rng = np.random.default_rng(SEED)
    with small_logs():
        store = VectorStore(DIMENSION, 2, path=path, precision=3, backend="auto")
        for _ in range(FLUSHES):
            for _ in range(3):
                change(rng, store)
            store.flush()
        store.remove_vectors([one for one in store.ids() if one.startswith("many")])
        store.compact()
        for _ in range(2):
            store.upsert_vectors(["at the end", "of it all"], np.full((2, DIMENSION), np.nan))
            store.remove_vector(store.ids()[0])
            store.flush()
        content = as_text(held(store))
        store.close()
    return content


def make_newer(path: Path) -> None:
    """Make an empty store that says that it has format 2."""
    VectorStore(DIMENSION, path=path, backend="auto").close()
    connection = sqlite3.connect(path / "catalog.sqlite")
    ((content,),) = connection.execute("SELECT content FROM pages WHERE kind = 'meta'")
    changed = content.replace(b'"format": 1', b'"format": 2')
    connection.execute(
        "UPDATE pages SET content = ?, digest = ? WHERE kind = 'meta'", (changed, digest("meta", 0, 0, changed))
    )
    connection.execute("PRAGMA user_version = 2")
    connection.commit()
    connection.close()


def main() -> None:
    """Make them all."""
    for old in (FORMAT_1, NEWER):
        shutil.rmtree(old, ignore_errors=True)
    CONTENT_1.write_text(make_first(FORMAT_1), "utf-8")
    make_newer(NEWER)


if __name__ == "__main__":
    main()
