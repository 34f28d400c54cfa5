"""Files of other programs that are imported into a durable store: never all of their rows in memory."""

import sys

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="what a process holds is read from /proc"
)
ROWS, DIMENSION = 24_000, 768  # 74 MB of floats
BATCHES = 2048  # rows between two flushes: 6 MB
# Bytes that are no page cache: rows not flushed yet, some batches, 130 a row, and what allocators keep.
MOST = 44 * 2**20

WRITE = f"""
    import sys, uuid
    import numpy as np
    from refvec import VectorStore
    from refvec.interchange import export_store
    rng = np.random.default_rng(0)
    with VectorStore({DIMENSION}, path="PLACE/from", backend="rust") as store:
        store.add_vector("one", np.ones({DIMENSION}))
    export_store("PLACE/from", "PLACE/one.END")
    with VectorStore({DIMENSION}, path="PLACE/from", backend="rust") as store:
        store.clear()
        for _ in range({ROWS} // 2000):
            ids = [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(2000)]
            store.add_vectors(ids, rng.standard_normal((2000, {DIMENSION}), np.float32))
    export_store("PLACE/from", "PLACE/rows.END")
"""

IMPORT = f"""
    from pathlib import Path
    from refvec import VectorStore
    from refvec.interchange import import_file

    def held():
        text = Path("/proc/self/status").read_text()
        return 1024 * int(text.partition("RssAnon:")[2].split()[0])

    seen = []
    with VectorStore({DIMENSION}, backend="rust") as store:
        import_file(store, "PLACE/one.END")  # what is imported and made once is not what is measured
    with VectorStore({DIMENSION}, path="PLACE/to", backend="rust") as store:
        first = held()
        counts = import_file(
            store, "PLACE/rows.END", flush_every={BATCHES}, progress=lambda counts: seen.append(held())
        )
        print(counts.flushed, len(store), len(seen), max(seen) - first)
    with VectorStore(path="PLACE/to", backend="rust") as store:
        store.verify()
        with VectorStore(path="PLACE/from", backend="rust", mode="r") as other:
            ids = store.ids()
            print(ids == other.ids(), (store.get_vectors(ids[-9:]) == other.get_vectors(ids[-9:])).all())
"""


@pytest.mark.parametrize("end", ["npy", "safetensors"])
def test_an_import_never_has_all_rows_in_memory(child, tmp_path, end):
    place = {"PLACE": str(tmp_path), "END": end}

    def filled(code):
        for name, value in place.items():
            code = code.replace(name, value)
        return code

    child(filled(WRITE))
    first, second = child(filled(IMPORT)).splitlines()
    flushed, count, batches, grown = map(int, first.split())
    assert (flushed, count) == (ROWS, ROWS)
    assert batches > 5
    assert grown < MOST, f"it grew by {grown} bytes, and the rows are {4 * ROWS * DIMENSION}"
    assert second == "True True"
