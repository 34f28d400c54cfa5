"""Writers that are killed (DUR-1): at every point of the protocol, or at random moments.

Run as a program, ``python -m refvec_conformance.probes.crashing BACKEND SEED POINTS MOMENTS``, it
prints what was wrong with the stores that they left.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from refvec import RefvecError

from ..judging.target import Target, resolved
from .durability import Points, flushes, folder, history, kept, points_of

FLUSHES = 6


def killed(job: Callable[[Callable[[int], object]], None], moment: float = 0) -> tuple[int, bool]:
    """Fork a child for the job; return what it acknowledged last, and whether it was killed."""
    source, sink = os.pipe()
    child = os.fork()
    if not child:
        try:
            if moment:
                signal.setitimer(signal.ITIMER_REAL, moment)  # ends the process as SIGKILL does
            job(lambda number: os.write(sink, bytes([number])))
        finally:
            os._exit(0)
    os.close(sink)
    with os.fdopen(source, "rb") as file:
        acknowledged = file.read()
    status = os.waitpid(child, 0)[1]
    return max(acknowledged, default=0), os.WIFSIGNALED(status)


def write(target: Target, path: Path, seed: int, acknowledge: Callable[[int], object]) -> None:
    """Open a store, and flush."""
    with target.open(2, 2, path=path) as store:
        for number, _ in enumerate(flushes(store, seed, FLUSHES), 1):
            acknowledge(number)


def complaint(target: Target, path: Path, acknowledged: int, wanted: list[dict[str, object]]) -> str | None:
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
    wanted = history(target, place / "whole", seed, FLUSHES)
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


def at_moments(target: Target, place: Path, seed: int, count: int) -> list[str]:
    """Kill writers at random moments, one after the other in the same store."""
    rng, found = np.random.default_rng(seed), []
    for turn in range(count):
        path, before = place / f"moment {turn}", place / f"before {turn}"
        for life in range(3):
            again = seed + 10 * turn + life
            shutil.rmtree(before, ignore_errors=True)
            if path.exists():
                kept(target, path, "a")
                shutil.copytree(path, before)
            wanted = history(target, before, again, FLUSHES)
            acknowledged, _ = killed(
                lambda acknowledge, path=path, again=again: write(target, path, again, acknowledge),  # type: ignore[misc]
                float(rng.uniform(1e-4, 0.03)),
            )
            wrong = complaint(target, path, acknowledged, wanted)
            if wrong:
                found.append(f"life {life} of store {turn}, killed after flush {acknowledged}: {wrong}")
    return found


def main(spelling: str, seed: str, points: str, moments: str) -> None:
    """Print the complaints about a backend."""
    signal.alarm(110)
    with resolved(spelling) as target, folder() as place:
        complaints = at_points(target, place, int(seed), int(points))
        complaints += at_moments(target, place, int(seed), int(moments))
    print(*complaints[:10], sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
