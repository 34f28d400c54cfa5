"""The adapters beside the stores in memory of their frameworks: ``nox -s frameworks``.

Every store is filled and searched in a process of its own, one after the other in every round; a figure is the
median over the rounds. Embeddings are lists of floats that are made anew, as models make them.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from framework_stores import STORES
from refvec.cli.demo.corpus import Corpus, load_corpus

BATCH, K, QUERIES = 500, 10, 5
SHOWN = {
    "ingest, s": "ingest",
    "memory, MB": "memory",
    "search, ms": "search",
    "with a filter, ms": "filtered",
    "on disk, MB": "disk",
    "open and first search, ms": "open",
}
Figures = dict[str, float]


def resident() -> int:
    """Return the bytes of this process that are in memory, without what the allocator only keeps."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


def taken(call: Callable[[], object]) -> float:
    """Return how many seconds a call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def fill(name: str, corpus: Corpus, folder: Path) -> Figures:
    """Fill a store batch by batch, and search."""
    corpus.vectors.sum()  # read from the disk before anything is measured
    kind = STORES[name]
    kind(folder / "warm").put(corpus, 0, 20)
    store, before = kind(folder / "store"), resident()
    found = {
        "ingest": sum(
            taken(partial(store.put, corpus, start, start + BATCH))
            for start in range(0, len(corpus.ids), BATCH)
        )
    }
    found["memory"] = (resident() - before) / 1e6
    queries = [corpus.vectors[at].tolist() for at in range(0, len(corpus.ids), len(corpus.ids) // QUERIES)]
    store.search(queries[0], K, filtered=False)
    for key, filtered in (("search", False), ("filtered", True)):
        search = partial(store.search, k=K, filtered=filtered)
        times = [taken(partial(search, one)) for one in queries]
        found[key] = 1e3 * statistics.median(times)
    store.close()
    return found


def reopen(name: str, corpus: Corpus, folder: Path) -> Figures:
    """Open what is in a folder, and search."""
    query, kind = corpus.vectors[0].tolist(), STORES[name]
    kind(folder / "other").put(corpus, 0, 20)  # what is imported is not measured
    size = sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file())
    return {
        "open": 1e3 * taken(lambda: kind(folder / "store").search(query, K, filtered=False)),
        "disk": size / 1e6,
    }


def measured(name: str, data: Path | None) -> Figures:
    """Return the figures of one store, each part in a new process."""
    found: Figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for part in ("fill", "reopen") if "path" in name else ("fill",):
            more = ["--data", str(data)] if data else []
            command = [sys.executable, __file__, "--one", name, "--part", part, "--folder", folder, *more]
            found |= json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return found


def table(figures: dict[str, list[Figures]]) -> str:
    """Return the medians as Markdown."""
    lines = ["| | " + " | ".join(SHOWN) + " |", "|---" * (1 + len(SHOWN)) + "|"]
    for name, rounds in figures.items():
        cells = []
        for key in SHOWN.values():
            values = [one[key] for one in rounds if key in one]
            cells.append(f"{statistics.median(values):.3g}" if values else "")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="a folder with chunks.jsonl and embeddings.npy; else a sample"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stores", nargs="+", choices=list(STORES), default=list(STORES))
    for hidden in ("--one", "--part", "--folder"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        part = {"fill": fill, "reopen": reopen}[chosen.part]
        print(json.dumps(part(chosen.one, load_corpus(chosen.data), Path(chosen.folder))))
        return
    figures: dict[str, list[Figures]] = {name: [] for name in chosen.stores}
    for _ in range(chosen.rounds):
        for name, rounds in figures.items():
            rounds.append(measured(name, chosen.data))
    print(table(figures))


if __name__ == "__main__":
    main()
