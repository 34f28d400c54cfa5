"""Count what operations of the pure Rust core execute, and compare with the counts kept in the repository.

Usage: ``python tools/count_instructions.py PROGRAM [--keep]`` (the built example ``instructions``). Noise does
not move these numbers: callgrind executes the program itself, on a processor of its own making. With
``--keep`` they become the ones to compare with.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

KEPT = Path(__file__).parent.parent / "rust_ext/instructions.json"
OPERATIONS = ("add", "duplicate", "get", "remove", "search")
CALLS = {"search": 1}  # any other: 200, as in the example
LARGEST_CHANGE = 0.03  # hash tables are seeded in each process, so probes differ a little


def count(program: str, operation: str) -> int:
    """Return the instructions of one call."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*measured*"]
    done = subprocess.run([*command, program, operation], capture_output=True, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or collected is None:
        sys.exit(f"callgrind could not count {operation!r}:\n{done.stderr}")
    return round(int(collected[1]) / CALLS.get(operation, 200))


def judge(found: dict[str, int], kept: dict[str, int]) -> bool:
    """Print a line for each operation; return whether none executes notably more than it did."""
    worse = False
    print(f"{'instructions a call':22}{'kept':>12}{'now':>12}{'ratio':>8}")
    for operation, now in found.items():
        ratio = now / kept[operation]
        worse |= ratio > 1 + LARGEST_CHANGE
        print(f"{operation:22}{kept[operation]:>12,}{now:>12,}{ratio:>8.3f}")
    return not worse


def main(program: str, *options: str) -> None:
    """Count, then compare or keep."""
    found = {operation: count(program, operation) for operation in OPERATIONS}
    if "--keep" in options:
        KEPT.write_text(json.dumps(found, indent=4) + "\n", "utf-8")
    if not judge(found, json.loads(KEPT.read_text("utf-8"))):
        sys.exit(
            f"More than {LARGEST_CHANGE:.0%} above the kept counts. If that buys something, say what in "
            "docs/performance.md and keep the new ones: nox -s instructions -- --keep"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
