"""Searches in children of a process that has searched (THREAD-1).

Run as a program, ``python -m refvec_conformance.probes.forked_search BACKEND``, it prints of a child,
and of a child of a child, "same" if it finds what its parent found, else what was wrong.
"""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable

import numpy as np
from refvec import VectorStore

from ..judging.target import Target, resolved
from .memory import in_child
from .outcomes import frozen

PATIENCE = 15  # seconds until a child counts as hanging
ROWS = np.random.default_rng(1).standard_normal((4000, 64), np.float32)
Check = Callable[[], str]


def filled(target: Target) -> VectorStore:
    """Return a store with enough in it that a batch of queries is worth several threads."""
    store = target.open(ROWS.shape[1])
    store.add_vectors(map(str, range(len(ROWS))), ROWS)
    return store


def searching(store: VectorStore) -> Check:
    """Return what looks whether the store finds what it finds now."""
    expected = frozen([*store.search(ROWS[:40], 5)])
    return lambda: "same" if frozen([*store.search(ROWS[:40], 5)]) == expected else "other hits"


def said(check: Check) -> str:
    """Return what a child says of a check, or how it ended."""
    return str(in_child(check, PATIENCE))


def main(spelling: str) -> None:
    """Print what became of the children of a backend."""
    signal.alarm(60)  # a parent that hangs is to be found out
    warnings.simplefilter("ignore", DeprecationWarning)  # that a process with threads forks
    with resolved(spelling) as target:
        check = searching(filled(target))
        print(said(check), said(lambda: said(check)), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
