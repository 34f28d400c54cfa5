"""Writers that are killed (DUR-1): at every point of the protocol, or at random moments.

Run as a program, ``python -m refvec_conformance.probes.crashing BACKEND SEED POINTS KILLS``, it
prints what was wrong with the stores that they left.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from refvec import RefvecError

from ..campaign.campaign import Campaign
from ..judging.target import Target, resolved
from .durability import flushes, folder, held, kept, small_logs
from .seam import Points, points_of

LIVES, FLUSHES = 2, 4


def killed(job: Callable[[Callable[[int], object]], None]) -> tuple[int, bool]:
    """Fork a child for the job; return what it acknowledged last, and whether it was killed."""
    source, sink = os.pipe()
    child = os.fork()
    if not child:
        try:
            job(lambda number: os.write(sink, bytes([number])))
        finally:
            os._exit(0)
    os.close(sink)
    with os.fdopen(source, "rb") as file:
        acknowledged = file.read()
    status = os.waitpid(child, 0)[1]
    return max(acknowledged, default=0), os.WIFSIGNALED(status)


def write(target: Target, path: Path, seed: int, acknowledge: Callable[[int], object]) -> list[dict[str, Any]]:
    """Open a store, flush, close, and once more; return what it held before, and after each flush."""
    states: list[dict[str, Any]] = []
    with small_logs():
        for life in range(LIVES):
            with target.open(2, 2, path=path) as store:
                states = states or [held(store)]
                for state in flushes(store, seed + life, FLUSHES):
                    states.append(state)
                    acknowledge(len(states) - 1)
    return states


def complaint(target: Target, path: Path, acknowledged: int, wanted: list[dict[str, Any]]) -> str | None:
    """Return what is wrong with a store whose writer died, None if nothing is."""
    try:
        found = kept(target, path, "a" if not acknowledged else "r+")
    except (RefvecError, OSError) as error:
        return f"it does not open: {type(error).__name__}: {error}"
    allowed = wanted[acknowledged : acknowledged + 2]
    if found in allowed or (not acknowledged and not found["ids"]):
        return None
    older = found in wanted[:acknowledged]
    return "acknowledged changes are lost" if older else "it holds what was never there"


def at_points(target: Target, place: Path, seed: int, most: int) -> list[str]:
    """Kill a writer at points of its protocol."""
    wanted = write(target, place / "whole", seed, lambda _: None)
    count = points_of(lambda: write(target, place / "counted", seed, lambda _: None))
    chosen = range(count) if count <= most else np.random.default_rng(seed).permutation(count)[:most].tolist()
    found = []
    for point in chosen:
        path = place / f"point {point}"
        points = Points(point, lambda: os.kill(os.getpid(), signal.SIGKILL))

        def job(acknowledge: Callable[[int], object], path: Path = path, points: Points = points) -> None:
            with points.watching():
                write(target, path, seed, acknowledge)

        acknowledged, dead = killed(job)
        wrong = complaint(target, path, acknowledged, wanted) if dead else "it was not killed"
        if wrong:
            found.append(f"killed at point {point}, after flush {acknowledged}: {wrong}")
        shutil.rmtree(path, ignore_errors=True)
    return found


def main(spelling: str, seed: str, points: str, kills: str) -> None:
    """Print the complaints about a backend."""
    signal.alarm(110)
    with resolved(spelling) as target, folder() as place:
        complaints = at_points(target, place, int(seed), int(points))
        complaints += Campaign(target, place, int(seed)).run(int(kills)).complaints
    print(*complaints[:10], sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
