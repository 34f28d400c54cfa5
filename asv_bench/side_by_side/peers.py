"""Exact search beside what its users could take instead: ``nox -s peers``, or ``python peers.py --help``.

Each engine runs in processes of its own, one after the other in every round, with so many threads. A
figure is the median over the rounds of the medians within them, in milliseconds for 1, 8, 100 and
1,000 queries.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Search = Callable[[Rows], object]
DIMENSION, K, QUERIES = 384, 10, (1, 8, 100, 1_000)
NOISE = 0.1  # the norm of what is added to real embeddings, so that no vector occurs twice
PIECE = 100_000
SECONDS = 1.5  # for a cell in a process, unless one call takes longer
ENGINES = ("rust", "rust without codes", "numpy", "faiss", "usearch")


def corpus(count: int, data: Path | None) -> tuple[Rows, Rows]:
    """Return vectors and 1,000 queries: real embeddings repeated with noise, or random ones without `data`."""
    rng = np.random.default_rng(3)
    base = (
        np.unique(np.load(data / "embeddings.npy"), axis=0)
        if data
        else rng.standard_normal((20_000, DIMENSION), np.float32) / DIMENSION**0.5
    )
    rng.shuffle(base)
    queries, base = np.ascontiguousarray(base[: QUERIES[-1]]), base[QUERIES[-1] :]
    rows = np.empty((count, DIMENSION), np.float32)
    for start in range(0, count, PIECE):
        piece = rows[start : start + PIECE]
        piece[:] = base[np.arange(start, start + len(piece)) % len(base)]
        piece += rng.standard_normal(piece.shape, np.float32) * np.float32(NOISE / DIMENSION**0.5)
    return rows, queries


def rust(rows: Rows, threads: int) -> Search:
    """Return a search of our store; the codes that it makes at its first searches are made before."""
    import refvec

    store = refvec.VectorStore(DIMENSION, backend="rust", precision="exact")
    for start in range(0, len(rows), PIECE):
        piece = rows[start : start + PIECE]
        store.add_vectors([str(number) for number in range(start, start + len(piece))], piece)
    for _ in range(8):
        store.search(rows[0], K, metric="dot")
    return lambda queries: store.search(queries, K, metric="dot", with_ids=False)


def with_numpy(rows: Rows, threads: int) -> Search:
    """Return a product and numpy's own choice of the best."""

    def search(queries: Rows) -> object:
        scores = queries @ rows.T
        best = np.argpartition(scores, -K, axis=1)[:, -K:]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
        return np.take_along_axis(best, order, axis=1)

    return search


def faiss(rows: Rows, threads: int) -> Search:
    """Return a search of a flat index."""
    import faiss as library

    library.omp_set_num_threads(threads)
    index = library.IndexFlatIP(DIMENSION)
    index.add(rows)
    return lambda queries: index.search(queries, K)


def usearch(rows: Rows, threads: int) -> Search:
    """Return its exact search over an array."""
    from usearch.index import MetricKind, search

    return lambda queries: search(rows, queries, K, MetricKind.IP, exact=True, threads=threads)


MAKERS = {"rust": rust, "rust without codes": rust, "numpy": with_numpy, "faiss": faiss, "usearch": usearch}


def measure(engine: str, count: int, threads: int, data: Path | None) -> None:
    """Print the medians of one engine, in this process."""
    rows, queries = corpus(count, data)
    try:
        search = MAKERS[engine](rows, threads)
    except ImportError:
        return
    print(*(f"{1_000 * cell(search, queries[:many]):.3f}" for many in QUERIES))


def cell(search: Search, queries: Rows) -> float:
    """Return the median seconds of a search."""
    times: list[float] = []
    while len(times) < 3 or (sum(times) < SECONDS and len(times) < 50):
        begun = time.perf_counter()
        search(queries)
        times.append(time.perf_counter() - begun)
        if times[-1] > SECONDS:
            break
    return statistics.median(times)


def in_process(engine: str, count: int, threads: int, data: Path | None) -> list[float]:
    """Return what `measure` prints, from a process with so many threads."""
    pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
    chosen = dict.fromkeys(pools, str(threads))
    if engine == "rust without codes":
        chosen["REFVEC_CODES"] = "0"
    command = [sys.executable, __file__, "--engine", engine, "--counts", str(count), "--threads", str(threads)]
    more = ["--data", str(data)] if data else []
    done = subprocess.run(
        [*command, *more], env=os.environ | chosen, text=True, stdout=subprocess.PIPE, check=True
    )
    return [float(figure) for figure in done.stdout.split()]


def row(engines: list[list[list[float]]]) -> str:
    """Return the cells of a row: of each engine the medians over its rounds."""
    medians = [[statistics.median(figures) for figures in zip(*rounds, strict=True)] for rounds in engines]
    return " | ".join(", ".join(f"{figure:.3g}" for figure in found) or "not installed" for found in medians)


def main() -> None:
    """Print a table, or as a child the figures of one engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000], help="numbers of vectors")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="a folder with embeddings.npy, (n, 384) float32")
    parser.add_argument("--engine", choices=ENGINES, help="measure only this one, in this process")
    chosen = parser.parse_args()
    if chosen.engine:
        measure(chosen.engine, chosen.counts[0], chosen.threads[0], chosen.data)
        return
    print("| vectors, threads | " + " | ".join(ENGINES) + " |\n|" + "---|" * (1 + len(ENGINES)))
    for count in chosen.counts:
        for threads in chosen.threads:
            found: list[list[list[float]]] = [[] for _ in ENGINES]
            for _ in range(chosen.rounds):
                for engine, rounds in zip(ENGINES, found, strict=True):
                    rounds.append(in_process(engine, count, threads, chosen.data))
            print(f"| {count:,}, {threads} | {row(found)} |", flush=True)


if __name__ == "__main__":
    main()
