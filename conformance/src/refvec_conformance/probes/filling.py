"""Writers whose disk is full for a while (DUR-7): the system refuses to let any file grow beyond a size.

Run as a program, ``python -m refvec_conformance.probes.filling BACKEND SEED``, it prints what was wrong.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import numpy as np
from refvec import StoreLockedError, VectorStore

from ..judging.target import Target, resolved
from .durability import folder, held, kept

STEP = 4096


def limited(store: VectorStore, size: int) -> bool:
    """Flush while no file may be larger than `size`; return whether that was refused."""
    import resource  # in here: see `refvec_conformance.judging.systems`

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        store.flush()
    except OSError:
        return True
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    return False


def complaint(target: Target, path: Path, size: int, rows: np.ndarray) -> tuple[bool, str | None]:
    """Return whether a flush under this limit was refused, and what was wrong with it."""
    store = target.open(rows.shape[1], path=path)
    store.add_vector("first", rows[0] - 1)
    store.flush()
    before = held(store)
    store.add_vectors([f"{n}" for n in range(len(rows))], rows)
    store.remove_vector("first")
    wanted = held(store)
    refused = limited(store, size)
    if held(store) != wanted:
        return refused, "the store is not as it was"
    if kept(target, path) not in ([before, wanted] if refused else [wanted]):
        return refused, "what was flushed before is not there"
    try:
        target.open(path=path)
    except StoreLockedError:
        pass
    else:
        return refused, "the lock is gone"
    store.close()
    return refused, None if kept(target, path) == wanted else "a later flush did not succeed"


def main(spelling: str, seed: str) -> None:
    """Print the complaints about a backend."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    rows = np.random.default_rng(int(seed)).standard_normal((600, 64), np.float32)
    found, refusals = [], 0
    with resolved(spelling) as target, folder() as place:
        for number, size in enumerate(
            [*range(STEP, 40 * STEP, STEP), *range(40 * STEP, 160 * STEP, 20 * STEP)]
        ):
            refused, wrong = complaint(target, place / f"{number}", size, rows)
            refusals += refused
            if wrong:
                found.append(f"no file above {size} bytes: {wrong}")
    if not refusals:
        found.append("nothing was ever refused")
    print(*found[:10], sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
