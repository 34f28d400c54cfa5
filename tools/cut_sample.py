"""Cut the demo's built-in sample out of the full data set, duplicates in their natural share.

Usage: ``python tools/cut_sample.py DATA_DIR`` (a folder with chunks.jsonl and embeddings.npy).
"""

from __future__ import annotations

import json
import random
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parent.parent / "core/src/refvec/cli/demo/sample"
ROWS = 320
LARGEST_GROUP = 12  # the full set has one text hundreds of times
DISTINCT = 0.54  # distinct rows over all rows, as in the full set
SEED = 7


def main(data: Path) -> None:
    """Write ROWS rows: whole groups of equal texts, drawn at random, in their original order."""
    lines = (data / "chunks.jsonl").read_text("utf-8").splitlines()
    groups = defaultdict(list)
    for row, line in enumerate(lines):
        groups[json.loads(line)["text"]].append(row)
    candidates = [rows for text, rows in groups.items() if len(rows) <= LARGEST_GROUP and len(text) < 600]
    random.Random(SEED).shuffle(candidates)
    single = [rows for rows in candidates if len(rows) == 1]
    shared = [rows for rows in candidates if len(rows) > 1]
    chosen: list[int] = []
    distinct = 0
    while len(chosen) < ROWS:
        chosen += shared.pop() if distinct >= DISTINCT * len(chosen) else single.pop()
        distinct += 1
    chosen = sorted(chosen[:ROWS])
    vectors = np.load(data / "embeddings.npy", mmap_mode="r")[chosen]
    np.save(TARGET / "embeddings.npy", np.ascontiguousarray(vectors))
    (TARGET / "chunks.jsonl").write_text("".join(lines[row] + "\n" for row in chosen), "utf-8")
    print(f"{len(chosen)} rows, {len(np.unique(vectors, axis=0))} distinct")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
