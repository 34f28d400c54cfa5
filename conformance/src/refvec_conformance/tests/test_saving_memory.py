"""SAVE-1: a file is never in memory as a whole; measured in a child, where native memory shows too."""

from __future__ import annotations

from pathlib import Path

from refvec_conformance.judging.marks import clause
from refvec_conformance.probes.children import output_of

# So many that what is made once weighs little: blocks of at most 1 MiB, of which one is copied, one is written
# and two are hashed beside it. What counts is that this does not grow with the file.
DIMENSION, COUNT = 2048, 8192
ROWS = 4 * DIMENSION * COUNT
SLACK = 2**21  # allocators ask for more than they need
CHILD = f"""
    import gc, sys
    from pathlib import Path
    import numpy as np
    from refvec import VectorStore
    from refvec_conformance.judging.target import resolved

    def status(name):
        text = Path("/proc/self/status").read_text()
        return 1024 * int(text.partition(name + ":")[2].split()[0])

    def filled(count):
        store = target.open({DIMENSION})
        for start in range(0, count, 64):
            rows = np.arange(64 * {DIMENSION}, dtype=np.float32).reshape(64, -1) + start * {DIMENSION}
            store.add_vectors([f"an id {{start + j}}" for j in range(64)], rows)
        return store

    def measured(call):
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = status("VmRSS")
        found = call()
        print(status("VmHWM") - before)
        return found

    spelling, what, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    with resolved(spelling) as target:
        filled(64).save(folder / "small")
        VectorStore.load(folder / "small", backend=target.name)
        if what == "save":
            store = measured(lambda: filled({COUNT}))
            measured(lambda: store.save(folder / "large"))
        else:
            measured(lambda: VectorStore.load(folder / "large", backend=target.name))
"""


def peaks(spelling: str, what: str, folder: Path) -> list[int]:
    """Return by how many bytes a child grew with each of the steps."""
    return [int(line) for line in output_of(CHILD, spelling, what, str(folder), fresh=True).split()]


@clause("SAVE-1", "ATOM-2", tier="standard")
def test_a_file_is_never_in_memory_as_a_whole(spelling: str, tmp_path: Path) -> None:
    store, save = peaks(spelling, "save", tmp_path)
    assert (tmp_path / "large").stat().st_size > ROWS
    assert save < ROWS / 10 + SLACK
    [load] = peaks(spelling, "load", tmp_path)
    assert load < 1.3 * store + SLACK
