"""The speed that was aimed at, and what it is here: ``nox -s targets``, or ``python targets.py --help``.

Each figure is measured in processes of its own, one figure after the other in every round, on one thread
unless it says two; shown is the median of the rounds. Where there is no goal, a line is there to compare
with: what numpy, the disk or the processor needs for that part alone.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from typing import NamedTuple

import target_measures as measures

BACKENDS = ("rust", "numpy", "python")


class Target(NamedTuple):
    """A line of the table: what `call`, an expression over `target_measures`, returns."""

    topic: str
    name: str
    goal: str
    call: str
    threads: int = 1
    codes: str = "1"


def of_backends(topic: str, name: str, goals: tuple[str, str, str], call: str) -> list[Target]:
    """Return a line for each backend."""
    return [
        Target(topic, f"{name}, {backend}", goal, call.format(repr(backend)))
        for backend, goal in zip(BACKENDS, goals, strict=True)
    ]


SEED = [
    *of_backends("seed", "add 10,000 one by one", ("", "44", "39.3"), "add_each({})"),
    *of_backends("seed", "100 duplicates", ("", "1.75", "1.75"), "duplicates({})"),
    *of_backends("seed", "get 1,000 one by one", ("", "0.7", "0.7"), "get_each({})"),
    *of_backends("seed", "1,000 rows x100 by a list of indices", ("", "11.1", ""), "get_batch({}, 'list')"),
    *of_backends("seed", "1,000 rows x100 by ids", ("", "98.9", "98.9"), "get_batch({}, 'ids')"),
    *of_backends("seed", "remove 1,000 one by one", ("", "4.4", "4.4"), "remove_each({})"),
    *of_backends("bulk", "add 10,000 in a batch", ("", "38", "38"), "add_batch({}, 10_000)"),
    *of_backends("bulk", "add 200,000 in a batch", ("110", "700", "1,390"), "add_batch({}, 200_000)"),
    *of_backends("memory", "bytes a vector at 200,000", ("1,735", "2,000", "2,300"), "bytes_each({})"),
]


def of_searches() -> list[Target]:
    """Return the lines of searches that compare threads, metrics, and codes."""
    found = []
    for count, queries in ((1_000, 1), (10_000, 1), (100_000, 1), (100_000, 100)):
        name, call = f"{queries} over {count:,}", f"search({count}, queries={queries})"
        found += [
            Target("search", f"{name}, one thread", "", call),
            Target("search", f"{name}, two threads", "/ 1.8" if count == 100_000 else "", call, 2),
        ]
        if count == 100_000:
            found += [
                Target("search", f"{name}, one thread, without codes", "", call, 1, "0"),
                Target("search", f"{name}, two threads, without codes", "/ 1.8", call, 2, "0"),
            ]
    for count in (10_000, 100_000):
        call = f"search({count}, metric='cosine')"
        found.append(Target("search", f"1 over {count:,} by cosine", "1.1 x dot", call))
    return found


OTHERS = [
    Target("few components", "1 over 100,000 x 4", "2 x", "search(100_000, 4)"),
    Target("few components", "the product alone", "", "product(100_000, 4)"),
    Target("few components", "100 over 2,000,000 x 64", "1.3 x", "search(2_000_000, 64, queries=100)"),
    Target("few components", "the product alone, x 64", "", "product(2_000_000, 64, 100)"),
    Target("within", "100,000 ids, texts", "12", "within('text')"),
    Target("within", "100,000 ids, UUIDs", "12", "within('uuid')"),
    Target("shared", "a hit of a million ids, with them", "", "shared(True)"),
    Target("shared", "a hit of a million ids, without", "", "shared(False)"),
    Target("bulk", "first 10,000 of a process, rust", "4", "first_batch()"),
    Target("bulk", "copying 10,000 to new memory", "", "first_copy()"),
    Target("small gets", "1 row by an array, x100", "0.015", "get_batch('rust', 'array', 1)"),
    Target("small gets", "1 row by ids, x100", "0.015", "get_batch('rust', 'ids', 1)"),
    Target("small gets", "10 rows by an array, x100", "0.030", "get_batch('rust', 'array', 10)"),
    Target("small gets", "10 rows by ids, x100", "0.030", "get_batch('rust', 'ids', 10)"),
    Target("small gets", "numpy.empty((1, 384)), x100", "", "empty()"),
    Target("start", "refvec --help", "173", "child(*COMMAND)"),
    Target("start", "Python and typer with rich alone", "", "child(sys.executable, '-c', LIBRARIES)"),
    Target("start", "first store", "4.9", "first_store()"),
    Target("files", "save 100,000", "180", "saved('save')"),
    Target("files", "load 100,000", "250", "saved('load')"),
    Target("files", "writing and syncing as much", "", "saved('write')"),
    Target("files", "SHA-256 of as much", "", "saved('hash')"),
    Target("growth", "slowest add at 1.8 million, distinct", "50", "pause(True)"),
    Target("growth", "slowest add at 1.8 million, one vector", "50", "pause(False)"),
]
TARGETS = [*SEED, *of_searches(), *OTHERS]
TOPICS = list(dict.fromkeys(one.topic for one in TARGETS))


def measured(one: Target) -> float:
    """Return the figure of a line, from a new process."""
    pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
    chosen = dict.fromkeys(pools, str(one.threads)) | {"REFVEC_CODES": one.codes}
    command = [sys.executable, __file__, "--call", one.call]
    done = subprocess.run(command, env=os.environ | chosen, text=True, stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


def main() -> None:
    """Print the table, or as a child a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topics", nargs="*", help=f"of {', '.join(TOPICS)}; all by default")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--call", choices=[one.call for one in TARGETS], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.call:
        print(eval(given.call, vars(measures)))  # noqa: S307  one of those above
        return
    wanted = [one for one in TARGETS if not given.topics or one.topic in given.topics]
    rounds = [[measured(one) for one in wanted] for _ in range(given.rounds)]
    print("| topic | what | goal | here, ms | rounds |\n|---|---|---|---|---|")
    for one, figures in zip(wanted, zip(*rounds, strict=True), strict=True):
        each = ", ".join(f"{figure:,.3g}" if figure < 1e3 else f"{figure:,.0f}" for figure in figures)
        middle = statistics.median(figures)
        shown = f"{middle:,.3g}" if middle < 1e3 else f"{middle:,.0f}"
        print(f"| {one.topic} | {one.name} | {one.goal} | {shown} | {each} |")


if __name__ == "__main__":
    main()
