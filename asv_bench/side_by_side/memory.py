"""Resident bytes per unique vector: ``python memory.py [BACKEND ...]`` here; rust by default."""

import sys
import uuid

import numpy as np
from refvec.cli.demo.memory import bytes_per_vector

COUNT, DIMENSION = 200_000, 384


def main(names: list[str]) -> None:
    """Print a line a backend."""
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((COUNT, DIMENSION), dtype=np.float32)
    ids = [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(COUNT)]
    for name in names:
        size = bytes_per_vector(name, ids, rows)
        print(f"{name}: {size:,.0f} bytes a vector at {COUNT:,} x {DIMENSION} (raw {4 * DIMENSION:,})")


if __name__ == "__main__":
    main(sys.argv[1:] or ["rust"])
