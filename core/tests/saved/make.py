"""Make what is kept here: a saved file and a pickle of the format of this version, and what is in them.

Usage: ``python core/tests/saved/make.py``, when a format has got a new number and before that is released. What
was released is never made again: every later version reads it (docs/upgrading.md).
"""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from refvec import VectorStore
from refvec.savefile.format import FORMAT

HERE = Path(__file__).parent


def made() -> VectorStore:
    """Return a store with odd ids and components, shared and free slots, and two orders that differ."""
    store = VectorStore(3, 2, backend="numpy", precision=3)
    rows = np.array([[1, -0.0, np.nan], [np.inf, 1e-30, -3], [0, 0, 0], [0.5, 0.25, 4e9]], np.float32)
    for name, row in (("a", 0), ("ö 漢 \U0001f600", 1), ("", 2), ("a\n", 0), ("gone", 3), ("last", 1)):
        store.add_vector(name, rows[row])
    store.upsert_vector("a", rows[1])
    store.remove_vector("gone")
    return store


def content(store: VectorStore) -> dict[str, Any]:
    """Return what a store holds, in values that JSON has, the vectors as the bytes of float32."""
    layout = store.snapshot()
    return {
        "ids": {name: int(index) for name, index in zip(layout.ids, layout.id_indices, strict=True)},
        "ids_at": {str(index): list(store.ids_at(int(index))) for index in layout.indices},
        "rows": {
            str(index): row.astype("<f4").tobytes().hex()
            for index, row in zip(layout.indices, layout.vectors, strict=True)
        },
        "settings": [store.dimension, store.precision, store.get_statistics()["capacity"]],
        "free": store.get_statistics()["free_indices"],
    }


def main() -> None:
    """Write the files."""
    store = made()
    store.save(HERE / f"file-{FORMAT}.refvec")
    (HERE / f"pickle-{FORMAT}.pickle").write_bytes(pickle.dumps(store, protocol=5))
    (HERE / f"content-{FORMAT}.json").write_text(json.dumps(content(store), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
