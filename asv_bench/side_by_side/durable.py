"""Durable stores beside what their users could take instead: ``nox -s durable``, or ``durable.py --help``.

Each engine fills a new folder in one process and opens it in another, one engine after the other in every
round. A figure is the median over the rounds of the medians within them. "In memory" is the same store
without a path, in the same process, the two in turn. The page cache is warm; it is not in the bytes a vector.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from durable_stores import DIMENSION, ENGINES, ROW_BYTES, Rows

K, SOME, NEW, TIMES, BESIDE = 10, 1_000, 100, 20, 5
Figures = dict[str, float]
SHOWN = {  # name in the table: name of the figure, and its unit
    "put {n}": ("put all", 1e3),
    "flush {n}": ("flush all", 1e3),
    "put 100": ("put new", 1e3),
    "flush 100": ("flush new", 1e3),
    "beside a busy thread": ("flush beside", 1e3),
    "open": ("open", 1e3),
    "first get": ("first get", 1e3),
    "first search": ("first search", 1e3),
    "1,000 gets": ("get", 1e3),
    "search": ("search", 1e3),
    "100 adds": ("add", 1e3),
    "disk / rows": ("disk", 1),
    "B a vector: opened": ("memory opened", 1),
    "searched": ("memory searched", 1),
}
MEMORY = " in memory"


def ids(count: int, seed: int = 2) -> list[str]:
    """Return UUIDs as text."""
    raw = np.random.default_rng(seed).bytes(16 * count)
    return [str(uuid.UUID(bytes=raw[start : start + 16])) for start in range(0, len(raw), 16)]


def rows(count: int, seed: int = 1) -> Rows:
    """Return random vectors."""
    return np.random.default_rng(seed).standard_normal((count, DIMENSION), np.float32) / np.float32(
        DIMENSION**0.5
    )


def taken(call: Callable[..., object], *arguments: Any) -> float:
    """Return how many seconds a call takes."""
    begun = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - begun


def fill(engine: str, count: int, folder: Path) -> Figures:
    """Put and flush: all vectors, then some times a few new ones."""
    store = ENGINES[engine](folder)
    names, vectors = ids(count), rows(count)
    found = {"put all": taken(store.put, names, vectors), "flush all": taken(store.flush)}
    puts, flushes = put_and_flush(store, TIMES, 3)
    with busy_thread():
        beside = put_and_flush(store, BESIDE, 13)[1]
    store.close()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    held = count + NEW * len(flushes + beside)
    return found | {
        "put new": statistics.median(puts),
        "flush new": statistics.median(flushes),
        "flush beside": statistics.median(beside),
        "disk": size / (held * ROW_BYTES),
    }


def put_and_flush(store: Any, times: int, seed: int) -> tuple[list[float], list[float]]:
    """Return how long putting some and flushing them took, each so many times, fewer if that takes long."""
    names, vectors = ids(NEW * times, seed), rows(NEW * times, seed + 1)
    puts: list[float] = []
    flushes: list[float] = []
    for start in range(0, NEW * times, NEW):
        puts.append(taken(store.put, names[start : start + NEW], vectors[start : start + NEW]))
        flushes.append(taken(store.flush))
        if sum(flushes) > 5:
            break
    return puts, flushes


@contextmanager
def busy_thread() -> Iterator[None]:
    """Have a thread that runs Python without pause."""
    over: list[bool] = []

    def run() -> None:
        while not over:
            pass

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.append(True)
        thread.join()


def use(engine: str, count: int, folder: Path) -> Figures:
    """Open what `fill` left, and use it beside the same store in memory."""
    names, queries = ids(count), rows(TIMES, 5)
    some = np.random.default_rng(6).permutation(count)[:SOME]
    ENGINES[engine](Path(tempfile.mkdtemp(dir=folder.parent))).close()  # what is imported once
    before, begun = own_memory(), time.perf_counter()
    store = ENGINES[engine](folder)
    found = {"open": time.perf_counter() - begun}
    found["first get"] = taken(store.get, names[some[0]])
    found["memory opened"] = (own_memory() - before) / count
    found["first search"] = taken(store.search, queries[0], K)
    found["memory searched"] = (own_memory() - before) / count
    stores = {"": store}
    if hasattr(ENGINES[engine], "backend"):
        stores[MEMORY] = ENGINES[engine](None)
        stores[MEMORY].put(names, rows(count))
    return found | used(stores, [names[place] for place in some], queries)


def used(stores: dict[str, Any], names: list[str], queries: Rows) -> Figures:
    """Get, search and add, a little with each store in turn, once everything has been touched."""
    found: dict[str, list[float]] = {}
    new, vectors = ids(TIMES * NEW, 7), rows(TIMES * NEW, 8)

    def note(name: str, call: Callable[..., object], *arguments: Any) -> None:
        found.setdefault(name, []).append(taken(call, *arguments))

    for store in stores.values():
        gets(store, names)
        store.search(queries[0], K)
    for start in range(0, len(new), NEW):
        for suffix, store in stores.items():
            note("get" + suffix, gets, store, names)
            note("add" + suffix, adds, store, new[start : start + NEW], vectors[start : start + NEW])
    for query in queries:
        for suffix, store in stores.items():
            if sum(found.get("search" + suffix, [])) < 5:
                note("search" + suffix, store.search, query, K)
    return {name: statistics.median(times) for name, times in found.items()}


def gets(store: Any, names: list[str]) -> None:
    """Get one after the other."""
    for name in names:
        store.get(name)


def adds(store: Any, names: list[str], vectors: Rows) -> None:
    """Add one after the other."""
    for name, vector in zip(names, vectors, strict=True):
        store.add(name, vector)


def own_memory() -> int:
    """Return the bytes of this process that are not page cache."""
    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))


PARTS: dict[str, Callable[[str, int, Path], Figures]] = {"fill": fill, "use": use}


def in_process(part: str, engine: str, count: int, folder: Path) -> Figures:
    """Return the figures of a part, from a process of its own."""
    command = [sys.executable, __file__, "--part", part, "--engines", engine, "--counts", str(count)]
    done = subprocess.run([*command, "--folder", folder], text=True, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout))


def measure(engine: str, count: int, folder: Path) -> Figures:
    """Return all figures of an engine."""
    if count > getattr(ENGINES[engine], "most", count):
        return {}
    with tempfile.TemporaryDirectory(dir=folder) as parent:
        own = Path(parent) / "store"
        own.mkdir()
        found = in_process("fill", engine, count, own)
        if hasattr(ENGINES[engine], "get") or hasattr(ENGINES[engine], "backend"):
            found |= in_process("use", engine, count, own)
    return found


def cells(rounds: list[Figures]) -> list[str]:
    """Return the row of an engine."""
    medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}

    def cell(name: str, unit: float) -> str:
        if name not in medians:
            return "-"
        beside = medians.get(name + MEMORY)
        return f"{unit * medians[name]:.3g}" + (f" ({medians[name] / beside:.2f})" if beside else "")

    return [cell(*place) for place in SHOWN.values()]


def main() -> None:
    """Print a table for each count, or as a child the figures of one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[100_000], help="numbers of vectors")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="on the disk to measure; default: here")
    parser.add_argument("--part", choices=PARTS, help="measure only this, in this process")
    chosen = parser.parse_args()
    if chosen.part:
        print(json.dumps(PARTS[chosen.part](chosen.engines[0], chosen.counts[0], chosen.folder)))
        return
    print("Milliseconds; in brackets: by the same store in memory.\n")
    for count in chosen.counts:
        found: dict[str, list[Figures]] = {engine: [] for engine in chosen.engines}
        for _ in range(chosen.rounds):
            for engine, rounds in found.items():
                rounds.append(measure(engine, count, chosen.folder))
        titles = [title.format(n=f"{count:,}") for title in SHOWN]
        print(f"| {count:,} | " + " | ".join(titles) + " |\n|" + "---|" * (1 + len(titles)))
        for engine, rounds in found.items():
            print(f"| {engine} | " + " | ".join(cells(rounds)) + " |", flush=True)
        print()


if __name__ == "__main__":
    main()
